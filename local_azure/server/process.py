"""Which process is the daemon of a home directory, told so that a recycled process id is never mistaken for it."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_RECORD = "instance.json"
_LOCK = "daemon.lock"


@dataclass(frozen=True)
class DaemonRecord:
    """What a daemon writes about itself once it answers; it stays when the daemon ends."""

    pid: int
    process_start: str
    """As :func:`process_start` tells it."""
    port: int


def process_start(pid: int) -> str | None:
    """When the process began, in the system's own words; None where there is no such process (or only its zombie)."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # proc(5): state is the 3rd field, starttime the 22nd; the 2nd, in parentheses, may hold spaces.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    listed = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    return " ".join(listed[1:]) if listed and not listed[0].startswith("Z") else None


def write_record(home: Path, port: int) -> None:
    """Says that this process is the daemon of ``home``."""
    record = DaemonRecord(os.getpid(), process_start(os.getpid()) or "", port)
    temporary = home / f".{_RECORD}.tmp"
    temporary.write_text(json.dumps(asdict(record)))
    temporary.replace(home / _RECORD)


def read_record(home: Path) -> DaemonRecord | None:
    """What the last daemon of ``home`` wrote, whether it still runs or not."""
    try:
        return DaemonRecord(**json.loads((home / _RECORD).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def running(home: Path) -> DaemonRecord | None:
    """The daemon of ``home`` if it runs."""
    record = read_record(home)
    return record if record is not None and process_start(record.pid) == record.process_start else None


class HomeInUse(Exception):
    """Another process serves this home directory, or is about to."""


@contextmanager
def sole_user(home: Path) -> Iterator[None]:
    """Holds the home directory for this process alone. Raises HomeInUse."""
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUse(f"{home} is in use by another local Azure.") from None
        yield
    finally:
        os.close(descriptor)
