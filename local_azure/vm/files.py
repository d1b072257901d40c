"""The files that a machine sees in place of this computer's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from local_azure.core.world import World
from local_azure.vm.place import INTERNET, Place

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where distributions keep the certificates that everything on the machine trusts."""
_NAME_SERVICE = Path("/etc/nsswitch.conf")
_NAME_CACHE = "/run/nscd"
_MACHINES = "machines"
SCRIPTS = "run-command"
"""The directory of a machine that holds its scripts while they run."""
_HOSTS_LINE = re.compile(r"^hosts:.*$", re.MULTILINE)


def directory(world: World, place: Place) -> Path:
    """Where the files of a machine lie, its home directory among them; made when it is not there."""
    found = world.home / _MACHINES / (place.vm_id or place.id)
    for each in (found.parent, found, found / "home", found / "empty"):
        each.mkdir(mode=0o700, exist_ok=True)
    return found


def remove_all_but(world: World, vm_ids: Callable[[], set[str]]) -> None:
    """Removes the files of machines that are no more: what they signed in to and what they were told goes with them.

    ``vm_ids`` is asked after the files were listed, so that a machine that has just been made keeps its own. Whatever
    still wrote in them may be clearing up at the same moment; what stays for that goes the next time.
    """
    home = world.home / _MACHINES
    listed = list(home.iterdir()) if home.is_dir() else []
    kept = {*vm_ids(), INTERNET}
    for each in listed:
        if each.name not in kept:
            shutil.rmtree(each, ignore_errors=True)


def remove_interrupted_scripts(world: World) -> None:
    """Removes the scripts that a daemon which was killed has left: they may hold what must not lie about."""
    for each in (world.home / _MACHINES).glob(f"*/{SCRIPTS}"):
        shutil.rmtree(each)


def mounts(world: World, place: Place) -> list[tuple[Path, str]]:
    """What lies over what: its resolver, its hosts, the certificates that it trusts.

    Look-ups must not leave the namespace by way of a daemon of this computer: not by systemd-resolved (a line in
    nsswitch.conf) and not by nscd (its socket).
    """
    inside = directory(world, place)
    own = "".join(f"{address} {place.hostname}\n" for address in place.private_addresses[:1])
    found = [
        (_written(inside / "resolv.conf", f"nameserver {place.resolver}\n"), "/etc/resolv.conf"),
        (_written(inside / "hosts", f"127.0.0.1 localhost\n::1 localhost\n{own}"), "/etc/hosts"),
        (inside / "empty", _NAME_CACHE),
        *((world.home / "ca.pem", bundle) for bundle in _BUNDLES),
    ]
    if _NAME_SERVICE.exists():
        text = _HOSTS_LINE.sub("hosts: files dns", _NAME_SERVICE.read_text())
        found.append((_written(inside / "nsswitch.conf", text), str(_NAME_SERVICE)))
    return found


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
