"""Providers that outlived the engine that had started them.

They are told apart by their environment, which the engine hands on whole: it names the local Azure that they work on.
Only where the system shows it (``/proc``); elsewhere nothing is done, and nothing has to be: an orphan ends its work,
and the activation waits for it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

Say = Callable[[str], None]

PATIENCE_SECONDS = 1900.0
"""How long an orphan's work is waited for: longer than an activation may take."""
_ENDING_SECONDS = 5.0
_PAUSE_SECONDS = 0.1
_PROC = Path("/proc")


def end_orphans(pulumi_home: Path, say: Say, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Ends them. Whoever holds a lock on a file is in the middle of an activation, and may finish first."""
    working = list(orphans(pulumi_home))
    deadline = time.monotonic() + patience_seconds
    said = False
    while working and time.monotonic() < deadline:
        holders = lock_holders()
        for process in working:
            if process not in holders:
                _end(process)
        working = [process for process in working if process in holders and _is_orphan(process, pulumi_home)]
        if working and not said:
            say("a provider of the killed run is still activating the pool; waiting for it")
            said = True
        time.sleep(_PAUSE_SECONDS if working else 0)


def orphans(pulumi_home: Path) -> Iterator[int]:
    """The processes of an engine on ``pulumi_home`` whose engine is gone."""
    for entry in _PROC.glob("[0-9]*"):
        if _is_orphan(int(entry.name), pulumi_home):
            yield int(entry.name)


def lock_holders() -> set[int]:
    """Who holds a lock on any file (proc(5), ``/proc/locks``)."""
    try:
        lines = (_PROC / "locks").read_text().splitlines()
    except OSError:
        return set()
    fields = [line.split() for line in lines]
    return {int(each[4]) for each in fields if len(each) > 4 and each[1] == "FLOCK"}


def _is_orphan(process: int, pulumi_home: Path) -> bool:
    directory = _PROC / str(process)
    try:
        command = (directory / "cmdline").read_bytes().split(b"\0")
        if not _is_provider(command) or _has_an_engine(directory):
            return False
        environment = (directory / "environ").read_bytes().split(b"\0")
        return os.fsencode(f"PULUMI_HOME={pulumi_home}") in environment
    except OSError:
        # It has ended meanwhile, or is somebody else's.
        return False


def _is_provider(command: list[bytes]) -> bool:
    words = [word.decode(errors="replace") for word in command]
    return any(
        word in ("pulumi.dynamic", "local_azure.plugin")
        or "language_host.start" in word
        or Path(word).name.startswith(("pulumi-resource-", "pulumi-language-"))
        for word in words
    )


def _has_an_engine(directory: Path) -> bool:
    """Whether one of the process's ancestors is an engine: a script may stand between the two.

    Those of an orphan are whatever collects orphans here, and what started that.
    """
    while (parent := (directory / "stat").read_text().rpartition(")")[2].split()[1]) != "0":
        directory = _PROC / parent
        if (directory / "comm").read_text().strip() == "pulumi":
            return True
    return False


def _end(process: int) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(process, number)
        deadline = time.monotonic() + _ENDING_SECONDS
        while _alive(process) and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)


def _alive(process: int) -> bool:
    try:
        state = (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
