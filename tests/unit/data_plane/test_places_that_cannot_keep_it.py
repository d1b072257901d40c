"""Destinations that cannot take a security domain: told in one line, before the request that cannot be repeated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from data_plane import durable_files, session
from data_plane import pool as pools
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain_file import ROOM_BYTES
from local_azure.instance import REPOSITORY
from tests.support import Azure
from tests.unit.data_plane.support import certificate_pem
from tests.unit.local_azure.vm.allowed import needs_root_namespaces

DRIVER = """
import json, sys
from pathlib import Path
from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.custody import certificate_der
from data_plane.errors import DataPlaneError
from data_plane.security_domain_file import Destination

given = json.loads(sys.argv[1])
custodians = tuple((name, certificate_der(name, pem)) for name, pem in given["custodians"])
wanted = Wanted(given["hsm_id"], given["hsm_uri"], custodians, 2, (Destination(Path(given["path"])),))
try:
    Activation(session.current(), wanted).run()
except DataPlaneError as error:
    print(error)
else:
    path = Path(given["path"])
    print(sorted(each.name for each in path.parent.iterdir()), oct(path.stat().st_mode))
"""


def activated_in(directory: Path, options: str, pool: Pool) -> str:
    """What comes of an activation into a small file system of its own, mounted for this one process."""
    given = {
        "hsm_id": pool.id,
        "hsm_uri": pool.uri,
        "custodians": [(f"custodian-{number}", certificate_pem(number)) for number in (1, 2, 3)],
        "path": str(directory / "sd.json"),
    }
    script = 'mount -t tmpfs -o "$0" tmpfs "$1" && exec "$2" -c "$3" "$4"'
    words = [script, options, str(directory), sys.executable, DRIVER, json.dumps(given)]
    run = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", *words],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout.strip()


@needs_root_namespaces
@pytest.mark.daemon
@pytest.mark.parametrize(
    ("options", "cause"),
    [
        ("size=64k", f"there is no room for {ROOM_BYTES // 1024} kB: No space left on device — make room there"),
        ("ro", "cannot be written to: Read-only file system"),
    ],
)
def test_nothing_is_asked_for_that_could_not_be_kept(
    pool: Pool, signed_in: Azure, tmp_path: Path, options: str, cause: str
) -> None:
    shown = activated_in(tmp_path, options, pool)
    assert shown.startswith(str(tmp_path))
    assert cause in shown
    assert "\n" not in shown
    assert "POST" not in {
        each["method"] for each in signed_in.control.log() if each["host"].startswith(pool.name.lower())
    }
    again = pools.read(session.current(), pool.id)
    assert again is not None
    assert again.activation_status == pools.NOT_ACTIVATED


@needs_root_namespaces
@pytest.mark.daemon
def test_a_disk_with_just_enough_room_does(pool: Pool, tmp_path: Path) -> None:
    shown = activated_in(tmp_path, f"size={ROOM_BYTES // 1024 + 16}k", pool)
    assert shown == "['sd.json', 'sd.json.lock', 'sd.json.manifest.json'] 0o100600"


def test_a_mask_that_forbids_nothing_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "outer" / "inner" / "sd.json"
    before = os.umask(0)
    try:
        durable_files.write(path, b"content")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {each.stat().st_mode & 0o777 for each in (path.parent, path.parent.parent)} == {0o700}


def test_looking_for_room_leaves_nothing(tmp_path: Path) -> None:
    durable_files.require_room(tmp_path / "sd.json", 1000)
    assert list(tmp_path.iterdir()) == []


def test_a_place_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CustodyError, match=r"sd\.json: there is no room for 0 kB: Not a directory"):
        durable_files.require_room(tmp_path / "file" / "sd.json", 1)
