"""What ``make down`` says that it left."""

from __future__ import annotations

from pathlib import Path

from local_azure.stack.__main__ import kept_files

LEFT = [
    "az400popMHSM-SD.json",
    "az400popMHSM-SD.json.20261101T100000Z",
    "az400popMHSM-SD.json.20261101T100000Z.manifest.json",
    "az400popMHSM-SD.json.manifest.json",
    "moved/az400popMHSM-SD.json",
]


def test_earlier_security_domains_are_listed_and_locks_are_not(tmp_path: Path) -> None:
    directory = tmp_path / "security-domain"
    for name in [*LEFT, "az400popMHSM-SD.json.lock", ".az400popMHSM-SD.json.x1y2.part"]:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()
    assert [str(path.relative_to(directory)) for path in kept_files(tmp_path)] == LEFT


def test_without_any_nothing_is_listed(tmp_path: Path) -> None:
    assert kept_files(tmp_path) == []
