from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from data_plane import durable_files
from data_plane.custody import Custodian, Custody, Manifest
from data_plane.durable_files import sha256_of
from data_plane.errors import CustodyError, DeadlineError
from data_plane.security_domain_file import Destination, keep, look, manifest_path
from data_plane.waiting import Patience
from tests.unit.data_plane.support import HSM_ID

CUSTODY = Custody((Custodian("a", "A"), Custodian("b", "B"), Custodian("c", "C")), 2)


def manifest(content: bytes, created_at: str = "2026-01-01T10:20:30.1234567Z") -> Manifest:
    return Manifest(HSM_ID, created_at, CUSTODY, sha256_of(content), "2026-01-01T11:00:00Z", "ada")


def names(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def test_a_file_is_written_for_its_owner_only_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sd.json"
    durable_files.write(path, b"content")
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert names(path.parent) == ["sd.json"]


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "sd.json"
    durable_files.write(path, b"earlier")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CustodyError, match=r"sd\.json: cannot be written: No space left on device"):
        durable_files.write(path, b"content")
    assert path.read_bytes() == b"earlier"
    assert names(tmp_path) == ["sd.json"]


def test_what_is_read_back_differently_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"something else")
    with pytest.raises(CustodyError, match="what was read back"):
        durable_files.write(tmp_path / "sd.json", b"content")


def test_another_file_is_kept_under_its_pools_creation_time_with_its_manifest(tmp_path: Path) -> None:
    path, said = tmp_path / "sd.json", list[str]()
    keep([Destination(path)], b"one", manifest(b"one"))
    keep([Destination(path)], b"two", manifest(b"two", "2026-02-02T00:00:00Z"), said.append)
    keep([Destination(path)], b"three", manifest(b"three", "2026-02-02T00:00:00Z"))
    assert names(tmp_path) == [
        "sd.json",
        "sd.json.20260101T102030Z",
        "sd.json.20260101T102030Z.manifest.json",
        "sd.json.20260202T000000Z",
        "sd.json.20260202T000000Z.manifest.json",
        "sd.json.manifest.json",
    ]
    assert (tmp_path / "sd.json.20260101T102030Z").read_bytes() == b"one"
    assert look(tmp_path / "sd.json.20260202T000000Z").whole
    assert look(path).whole
    assert said == ["the earlier sd.json is kept as sd.json.20260101T102030Z"]


def test_no_earlier_file_is_ever_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    for content in (b"one", b"two", b"three", b"four"):
        keep([Destination(path)], content, manifest(content))
    kept = {each.read_bytes() for each in tmp_path.iterdir() if not each.name.endswith(".json.manifest.json")}
    assert {b"one", b"two", b"three", b"four"} <= kept


def test_a_file_without_manifest_is_kept_under_its_own_time(tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    path.write_bytes(b"found")
    os.utime(path, (0, 0))
    keep([Destination(path)], b"new", manifest(b"new"))
    assert (tmp_path / "sd.json.19700101T000000Z").read_bytes() == b"found"


def test_the_same_content_is_not_written_again_but_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    path.write_bytes(b"one")
    path.chmod(0o644)
    before = path.stat().st_ino
    keep([Destination(path)], b"one", manifest(b"one"))
    assert path.stat().st_ino == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_place_is_tried_before_a_failure_is_raised(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    good = tmp_path / "good" / "sd.json"
    with pytest.raises(CustodyError, match=r"it is safe at .*good/sd\.json — mend this and run again"):
        keep([Destination(blocked / "sd.json"), Destination(good)], b"one", manifest(b"one"))
    assert look(good).whole


def test_a_damaged_manifest_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    keep([Destination(path)], b"one", manifest(b"one"))
    manifest_path(path).write_bytes(b"\xff\xfe{")
    assert not look(path).whole


def test_a_second_process_waits_for_the_lock_and_the_dead_do_not_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom data_plane.durable_files import locked\n"
        "from data_plane.waiting import Patience\n"
        f"with locked([Path({str(path)!r})], Patience(5, 'x')):\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    said: list[str] = []
    with (
        pytest.raises(DeadlineError, match="another process has held this lock"),
        durable_files.locked([path], Patience(0.2, "x", first=0.05), said.append),
    ):
        raise AssertionError("the lock was held")
    assert said == ["another process is writing sd.json: waiting for it to end"]
    killer = threading.Timer(0.2, holder.kill)
    killer.start()
    with durable_files.locked([path], Patience(20, "x", first=0.05)):
        pass
    holder.wait()
    holder.stdout.close()
