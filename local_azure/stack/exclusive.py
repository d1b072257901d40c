"""One run at a time: two that worked on the same stack would get in each other's way."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_azure.stack.pulumi import StackError

_LOCK = "stack.lock"


@contextmanager
def only_run(home: Path, command: str) -> Iterator[None]:
    """Keeps every other ``make up``, ``make down`` and ``reset`` of the local Azure in ``home`` out.

    The operating system takes the lock from a process that dies. Raises StackError where another one runs.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            other = os.read(descriptor, 100).decode(errors="replace").strip() or "another run"
            raise StackError(f"{other} is at work on this stack already; wait for it to end, then run again") from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{command} (process {os.getpid()})\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
