"""Short stack traces of declared resources.

For each resource the SDK walks the stack, looks up every frame's source, and has the engine keep all of it in the
state, which a file or object store writes anew after each step. For a thousand keys that is half of the state, and much
of the time that the program takes. The innermost frames say where a resource was declared; the others are the same for
all of them.

Source: ``pulumi.runtime.resource._get_stack_trace`` (SDK 3.272), which calls ``traceback.extract_stack``; that keeps as
many frames as ``sys.tracebacklimit`` says, the innermost.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_FRAMES: Final = 8
"""Six of the SDK's and the resource's own constructors, and two of who calls them."""


@contextmanager
def short_traces() -> Iterator[None]:
    """Resources that are declared inside keep the innermost frames of their stack only."""
    before = getattr(sys, "tracebacklimit", None)
    sys.tracebacklimit = _FRAMES
    try:
        yield
    finally:
        if before is None:
            del sys.tracebacklimit
        else:
            sys.tracebacklimit = before
