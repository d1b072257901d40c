"""Forgetting the stacks of a local Azure along with its resources: what they name is not there any more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from local_azure.instance import Instance
from local_azure.stack.exclusive import only_run
from local_azure.stack.leftovers import Lock
from local_azure.stack.pulumi import StackError

JOURNAL = "last-up.jsonl"
"""In the home of the local Azure: the events of the last ``up``."""
DOWN = "down.unfinished"
"""Beside it, while a destroy is under way, and when it was interrupted."""


@contextmanager
def forgetting(instance: Instance) -> Iterator[None]:
    """Empties the engine's backend after what is done inside.

    Raises StackError, before anything is done, where an engine is at work on a stack.
    """
    if not instance.home.is_dir():
        yield
        return
    with only_run(instance.home, "reset"):
        for path in instance.pulumi_backend.glob(".pulumi/locks/**/*.json"):
            lock = Lock.read(path)
            if lock is not None and not lock.is_dead:
                raise StackError(
                    f"pulumi (process {lock.process} on {lock.host}) is at work on the stack {path.parent.name};"
                    " wait for it to end, then reset"
                )
        yield
        shutil.rmtree(instance.pulumi_backend / ".pulumi", ignore_errors=True)
        for name in (JOURNAL, DOWN):
            (instance.home / name).unlink(missing_ok=True)
