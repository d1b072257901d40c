"""``make up`` and ``make down``: the stack dev on the local Azure, from nothing to nothing."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_azure.engine.errors import EngineError
from local_azure.engine.locate import engine
from local_azure.instance import REPOSITORY, BadSetting, Instance
from local_azure.plugin.errors import PluginError
from local_azure.plugin.install import install
from local_azure.server import launch
from local_azure.stack import material
from local_azure.stack.activation import LogNotRead, activation_in_log
from local_azure.stack.cloud import finder, is_gone
from local_azure.stack.exclusive import only_run
from local_azure.stack.forget import DOWN, JOURNAL
from local_azure.stack.journal import met
from local_azure.stack.leftovers import clear_locks, resources, take_in
from local_azure.stack.orphans import end_orphans
from local_azure.stack.pulumi import Interrupted, Pulumi, StackError
from local_azure.stack.summary import summary

RESOURCE_GROUP, POOL = "azure-native:resources:ResourceGroup", "azure-native:keyvault:ManagedHsm"

INTERRUPTED = 130
"""Exit status after a Ctrl-C, as shells have it."""


def main(arguments: list[str] | None = None) -> int:
    """Runs ``up`` or ``down``; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local_azure.stack", description=__doc__)
    parser.add_argument("command", choices=["up", "down"])
    parser.add_argument(
        "--directory", type=Path, default=REPOSITORY, help="where the program is, if it is not this repository's"
    )
    parser.add_argument("--skip-preview", action="store_true", help="do not show first what is about to change")
    options = parser.parse_args(arguments)
    # What is made here, by whatever program, is nobody else's to read, let alone to write.
    os.umask(0o077)
    try:
        instance = Instance.from_environment()
        engine()
        with only_run(instance.home, f"make {options.command}"):
            instance = launch.start(instance).instance
            say(f"the local Azure listens on 127.0.0.1:{instance.port}")
            run = up if options.command == "up" else down
            pulumi = Pulumi(options.directory.resolve(), instance.environment(os.environ))
            run(instance, pulumi, ["--skip-preview"] if options.skip_preview else [])
    except Interrupted as error:
        print(f"local_azure: {error}", file=sys.stderr)
        return INTERRUPTED
    except (BadSetting, EngineError, launch.LaunchError, PluginError, StackError) as error:
        print(f"local_azure: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"local_azure: {error.filename or 'the set-up'}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def up(instance: Instance, pulumi: Pulumi, options: Sequence[str] = ()) -> None:
    """Brings the stack up and says what stands. ``options`` go to the engine."""
    started = time.monotonic()
    for path in material.make(pulumi.directory / ".local"):
        say(f"made rehearsal material: {path.relative_to(pulumi.directory)}")
    prepare(instance, pulumi)
    if (instance.home / DOWN).exists() and not lives(POOL, pulumi.ask("stack", "export"), pulumi.environment):
        say("an earlier make down was interrupted when the pool had gone; finishing it first")
        destroy(instance, pulumi, options)
    (instance.home / DOWN).unlink(missing_ok=True)
    journal = instance.home / JOURNAL
    journal.unlink(missing_ok=True)
    journal.touch(mode=0o600)
    try:
        pulumi.run("up", "--yes", *options, journal=journal)
    except StackError as error:
        raise type(error)(f"{error}{way_out(met(journal))}") from None
    outputs = pulumi.ask("stack", "output", "--json")
    activation = _activation(outputs, pulumi)
    print(summary(outputs, time.monotonic() - started, activation))


def _activation(outputs: Mapping[str, Any], pulumi: Pulumi) -> Mapping[str, Any] | None:
    """The activation's event; a log that cannot be read keeps nobody from the rest of the summary."""
    try:
        return activation_in_log(outputs["hsmId"], pulumi.environment)
    except LogNotRead as error:
        say(f"the audit log says nothing: {error}")
        return None


def way_out(met_resources: Sequence[str]) -> str:
    """What to do about resources that were there before the run and are not in the state."""
    if not met_resources:
        return ""
    return (
        f"; {', '.join(met_resources)} existed before, and the stack does not know of it: managed-hsm:hsm.adopt: true"
        " takes over the pool and its group, python -m local_azure reset begins with an empty cloud"
    )


def down(instance: Instance, pulumi: Pulumi, options: Sequence[str] = ()) -> None:
    """Takes the stack down, purges its pool, and stops the local Azure."""
    prepare(instance, pulumi)
    destroy(instance, pulumi, options)
    launch.stop(instance)
    say("every resource is gone and the local Azure has stopped; the files in .local/ are still there:")
    for path in kept_files(pulumi.directory / ".local"):
        print(f"  {path.relative_to(pulumi.directory)}")


def destroy(instance: Instance, pulumi: Pulumi, options: Sequence[str]) -> None:
    """Destroys the stack. Until that is done a mark tells the next run, as a pool that is not purged holds its name."""
    (instance.home / DOWN).touch(mode=0o600)
    pulumi.run("destroy", "--yes", *options)
    (instance.home / DOWN).unlink(missing_ok=True)


def prepare(instance: Instance, pulumi: Pulumi) -> None:
    """Readies the stack, whatever an earlier run that was killed in the middle has left behind."""
    install(instance.pulumi_home)
    pulumi.select()
    clear_locks(pulumi, instance.pulumi_backend, say)
    end_orphans(instance.pulumi_home, say)
    state = pulumi.ask("stack", "export")
    # The resource group holds everything else.
    if named(RESOURCE_GROUP, state) and not lives(RESOURCE_GROUP, state, pulumi.environment):
        say("the local Azure no longer has what this stack had made in it; forgetting that first")
        pulumi.run("refresh", "--yes", "--skip-preview")
        state = pulumi.ask("stack", "export")
    take_in(pulumi, state, instance.home / JOURNAL, finder(pulumi.environment), say)


def named(kind: str, state: dict[str, Any]) -> list[str]:
    """The ids of the resources of a type that an exported state has."""
    return [str(each["id"]) for each in resources(state) if each["type"] == kind and each.get("id")]


def lives(kind: str, state: dict[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether the cloud has one of them."""
    return any(not is_gone(environment, kind, identifier) for identifier in named(kind, state))


def kept_files(directory: Path) -> list[Path]:
    """The security domains and their manifests, earlier ones too; not the locks, nor what was never finished."""
    found = (path for path in (directory / "security-domain").glob("**/*") if path.is_file())
    return sorted(path for path in found if path.suffix not in (".lock", ".part"))


def say(line: str) -> None:
    """A line of progress."""
    print(f"local_azure: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
