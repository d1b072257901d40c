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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from local_azure.instance import REPOSITORY, Instance
from local_azure.plugin.errors import PluginError
from local_azure.plugin.install import install
from local_azure.server import launch
from local_azure.server.control import ControlClient
from local_azure.stack import backups, half_hour
from local_azure.stack.project import copy_program
from local_azure.stack.pulumi import Pulumi, StackError

LOST, RECOVERED, KEY, YOUNGER_KEY = "az400popMHSM", "az400recovered", "myrsakey", "myyoungerkey"
WORDS = b"what the first pool wrapped"
MEETING_POINT = ".local/recovery"
"""Below the program: the younger key's backup, the new pool's transfer key, and what the quorum makes."""
_NOT_NEEDED = ("network", "proof", "vault", "diagnostics")


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
    with _configuration(directory, "dev") as config:
        for name in _NOT_NEEDED:
            config.pop(f"managed-hsm:{name}", None)
        config["managed-hsm:identities"] = {"backup": {"userAssigned": True}}
        config["managed-hsm:hsm"]["identities"] = ["backup"]
        config["managed-hsm:backup"] = {
            "container": backups.CONTAINER_URL,
            "trigger": "before the loss",
            "account": backups.ACCOUNT_ID,
        }
        config["managed-hsm:keys"] = {KEY: config["managed-hsm:keys"][KEY]}
        roles = config["managed-hsm:roleAssignments"]
        config["managed-hsm:roleAssignments"] = [each for each in roles if each["principal"] == "deployer"]
    return directory


@contextmanager
def _configuration(directory: Path, stack: str) -> Iterator[dict[str, Any]]:
    """A stack's configuration, written back when it has been changed."""
    path = directory / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(path.read_text())
    yield content["config"]
    path.write_text(yaml.safe_dump(content))


def _show(instance: Instance, directory: Path) -> None:
    started = time.monotonic()
    install(instance.pulumi_home)
    environment = instance.environment(os.environ)
    # The clients of this process go there too.
    os.environ.update(environment)
    first, second = (Pulumi(directory, environment, stack) for stack in ("dev", "recovery"))
    meeting_point = directory / MEETING_POINT
    backups.make()

    say(f"{LOST}: a pool with a key, and a full backup of it in {backups.CONTAINER_URL}")
    first.select()
    first.run("up", "--yes", "--skip-preview")
    folder = first.ask("stack", "output", "--json")["backup"]["folderUrl"]
    say(f"since then, by hand: {YOUNGER_KEY}, which only a backup of its own knows")
    _make_younger_key(meeting_point / f"{YOUNGER_KEY}.backup")
    wrapped = {key: _client(LOST, key).wrap_key(_algorithm(), WORDS).encrypted_key for key in (KEY, YOUNGER_KEY)}

    say(f"{LOST} is lost, with everything in it: deleted and purged")
    first.run("destroy", "--yes", "--skip-preview")

    say(f"a new pool in another region: {RECOVERED}; its first up ends with what the custodians have to do")
    with _configuration(directory, "recovery") as config:
        config["managed-hsm:restore"]["folder"] = folder
    second.select()
    _expect_it_waits(second, meeting_point / "restore.json.transfer-key.json")
    say("a quorum, offline: custodians 1 and 3")
    _recover(directory, meeting_point)
    say(f"{RECOVERED} takes it in; the full backup takes the place of what is in it; the younger key comes back too")
    with half_hour.passing(ControlClient(instance.port), RECOVERED, say):
        second.run("up", "--yes", "--skip-preview")
    for key, box in wrapped.items():
        if _client(RECOVERED, key).unwrap_key(_algorithm(), box).key != WORDS:
            raise StackError(f"{RECOVERED}: {key} unwrapped something else than {LOST} had wrapped")
        say(f"{key} of {RECOVERED} unwrapped what {key} of {LOST} had wrapped")
    say(f"{time.monotonic() - started:.0f} s in all")
    second.run("destroy", "--yes", "--skip-preview")


def _make_younger_key(backup: Path) -> None:
    keys = _keys(LOST)
    keys.create_rsa_key(YOUNGER_KEY, size=3072, hardware_protected=True, key_operations=["wrapKey", "unwrapKey"])
    backup.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    backup.touch(mode=0o600)
    backup.write_bytes(keys.backup_key(YOUNGER_KEY))


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
