"""``make up`` and ``make down``: the stack dev on the local Azure, from nothing to nothing."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from local_azure.instance import REPOSITORY, BadSetting, Instance
from local_azure.plugin.install import install
from local_azure.server import launch
from local_azure.stack import material
from local_azure.stack.cloud import finder
from local_azure.stack.leftovers import clear_locks, take_in
from local_azure.stack.pulumi import Pulumi, StackError
from local_azure.stack.summary import summary


def main(arguments: list[str] | None = None) -> int:
    """Runs ``up`` or ``down``; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local_azure.stack", description=__doc__)
    parser.add_argument("command", choices=["up", "down"])
    options = parser.parse_args(arguments)
    try:
        instance = launch.start(Instance.from_environment()).instance
        say(f"the local Azure listens on 127.0.0.1:{instance.port}")
        pulumi = Pulumi(REPOSITORY, instance.environment(os.environ))
        if options.command == "up":
            up(instance, pulumi)
        else:
            down(instance, pulumi)
    except (BadSetting, launch.LaunchError, StackError) as error:
        print(f"local_azure: {error}", file=sys.stderr)
        return 1
    return 0


def up(instance: Instance, pulumi: Pulumi) -> None:
    """Brings the stack up and says what stands."""
    started = time.monotonic()
    for path in material.make(pulumi.directory / ".local"):
        say(f"made rehearsal material: {path.relative_to(pulumi.directory)}")
    interrupted = prepare(instance, pulumi)
    pulumi.run("up", "--yes")
    if interrupted:
        pulumi.run("refresh", "--yes", "--clear-pending-creates")
    print(summary(pulumi.ask("stack", "output", "--json"), time.monotonic() - started))


def down(instance: Instance, pulumi: Pulumi) -> None:
    """Takes the stack down, purges its pool, and stops the local Azure."""
    prepare(instance, pulumi)
    pulumi.run("destroy", "--yes")
    launch.stop(instance)
    say("every resource is gone and the local Azure has stopped; the files in .local/ are still there:")
    for path in kept_files(pulumi.directory / ".local"):
        print(f"  {path.relative_to(pulumi.directory)}")


def prepare(instance: Instance, pulumi: Pulumi) -> bool:
    """Readies the stack; answers whether an earlier run had been killed in the middle."""
    install(instance.pulumi_home)
    pulumi.select()
    clear_locks(pulumi, instance.pulumi_backend, say)
    return take_in(pulumi, finder(pulumi.environment), say)


def kept_files(directory: Path) -> list[Path]:
    """The security domains and their manifests."""
    return sorted(path for path in (directory / "security-domain").glob("**/*") if path.suffix == ".json")


def say(line: str) -> None:
    """A line of progress."""
    print(f"local_azure: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
