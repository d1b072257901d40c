"""``make recovery``: a pool is lost, and comes back in another region, on a local Azure of its own.

A rehearsal in the open: the program, the ceremony's commands and Microsoft's clients do what they would do on Azure,
and the custodians' keys lie beside each other, as they never would.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from local_azure.instance import REPOSITORY, Instance
from local_azure.plugin.errors import PluginError
from local_azure.plugin.install import install
from local_azure.server import launch
from local_azure.stack.project import copy_program
from local_azure.stack.pulumi import Pulumi, StackError

LOST, RECOVERED, KEY = "az400popMHSM", "az400recovered", "myrsakey"
WORDS = b"what the first pool wrapped"
MEETING_POINT = ".local/recovery"
"""Below the program: the key's backup, the new pool's transfer key, and what the quorum makes."""
_NOT_NEEDED = ("network", "identities", "proof", "vault", "diagnostics")


def main(arguments: list[str] | None = None) -> int:
    """Loses a pool and recovers it; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local_azure.stack.recovery", description=__doc__)
    parser.add_argument(
        "--directory", type=Path, default=REPOSITORY / ".local" / "recovery", help="emptied first, and left behind"
    )
    options = parser.parse_args(arguments)
    place = options.directory.resolve()
    instance = Instance(place / "azure", _free_port())
    try:
        if place.exists():
            launch.stop(Instance(place / "azure", instance.port))
            shutil.rmtree(place)
        place.mkdir(parents=True, mode=0o700)
        instance = launch.start(instance).instance
        try:
            _show(instance, _program(place / "program"))
        finally:
            launch.stop(instance)
    except (launch.LaunchError, PluginError, StackError) as error:
        print(f"local_azure: {error}", file=sys.stderr)
        return 1
    return 0


def _program(directory: Path) -> Path:
    """The program with the stack that is lost, without what a recovery does not need, and the stack that comes back."""
    copy_program(directory)
    shutil.copy2(REPOSITORY / "Pulumi.recovery.yaml", directory)
    path = directory / "Pulumi.dev.yaml"
    content = yaml.safe_load(path.read_text())
    config = content["config"]
    for name in _NOT_NEEDED:
        config.pop(f"managed-hsm:{name}", None)
    config["managed-hsm:keys"] = {KEY: {**config["managed-hsm:keys"][KEY], "backupTo": f"{MEETING_POINT}/{KEY}.backup"}}
    roles = config["managed-hsm:roleAssignments"]
    config["managed-hsm:roleAssignments"] = [each for each in roles if each["principal"] == "deployer"]
    path.write_text(yaml.safe_dump(content))
    return directory


def _show(instance: Instance, directory: Path) -> None:
    started = time.monotonic()
    install(instance.pulumi_home)
    environment = instance.environment(os.environ)
    # The clients of this process go there too.
    os.environ.update(environment)
    first, second = (Pulumi(directory, environment, stack) for stack in ("dev", "recovery"))
    meeting_point = directory / MEETING_POINT

    say(f"a pool with a key that is backed up: {LOST}")
    first.select()
    first.run("up", "--yes", "--skip-preview")
    wrapped = _client(LOST, KEY).wrap_key(_algorithm(), WORDS).encrypted_key

    say(f"{LOST} is lost, with everything in it: deleted and purged")
    first.run("destroy", "--yes", "--skip-preview")

    say(f"a new pool in another region: {RECOVERED}; its first up ends with what the custodians have to do")
    second.select()
    _expect_it_waits(second, meeting_point / "restore.json.transfer-key.json")
    say("a quorum, offline: custodians 1 and 3")
    _recover(directory, meeting_point)
    say(f"{RECOVERED} takes it in, and the key comes back from its backup")
    second.run("up", "--yes", "--skip-preview")
    opened = _client(RECOVERED, KEY).unwrap_key(_algorithm(), wrapped).key
    if opened != WORDS:
        raise StackError(f"{RECOVERED}: {KEY} unwrapped something else than {LOST} had wrapped")
    say(f"{KEY} of {RECOVERED} unwrapped what {KEY} of {LOST} had wrapped; {time.monotonic() - started:.0f} s in all")
    second.run("destroy", "--yes", "--skip-preview")


def _expect_it_waits(stack: Pulumi, transfer_key: Path) -> None:
    try:
        stack.run("up", "--yes", "--skip-preview")
    except StackError:
        if transfer_key.exists():
            return
        raise
    raise StackError(f"{RECOVERED} was activated without waiting for the security domain of {LOST}")


def _recover(directory: Path, meeting_point: Path) -> None:
    keys = [str(directory / f".local/custodians/cert_{number}.key") for number in (1, 3)]
    blob = meeting_point / "restore.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ceremony", "recover"),
            str(directory / f".local/security-domain/{LOST}-SD.json"),
            *("--transfer-key", f"{blob}.transfer-key.json", "--key", *keys, "--output", str(blob)),
        ],
        cwd=REPOSITORY,
        check=False,
    )
    if done.returncode:
        raise StackError("the quorum could not recover the security domain; the line above says why")


def _keys(pool: str) -> Any:
    from azure.keyvault.keys import KeyClient

    return KeyClient(f"https://{pool.lower()}.managedhsm.azure.net/", _credential())


def _client(pool: str, key: str) -> Any:
    """An RSA key's client: it wraps with the public half on this machine, and has the pool unwrap."""
    from azure.keyvault.keys.crypto import CryptographyClient

    return CryptographyClient(_keys(pool).get_key(key), _credential())


def _credential() -> Any:
    from azure.identity import EnvironmentCredential

    return EnvironmentCredential()


def _algorithm() -> Any:
    from azure.keyvault.keys.crypto import KeyWrapAlgorithm

    return KeyWrapAlgorithm.rsa_oaep_256


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def say(line: str) -> None:
    """A line of progress."""
    print(f"\nlocal_azure: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
