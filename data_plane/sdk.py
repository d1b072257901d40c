"""The part that Azure's SDKs have in common, loaded once and by one thread.

``azure.core`` imports itself in circles. Several threads that enter it at different places at the same time see halves
of it: "cannot import name 'SpanKind' from partially initialized module 'azure.core.tracing'" (seen in a provider whose
first operations began together). The packages on top of it have one door each.
"""

from __future__ import annotations

import threading

_lock = threading.Lock()


def load() -> None:
    """Returns when all of it is there. It takes a third of a second the first time: only where it is needed."""
    with _lock:
        import azure.core.pipeline.policies
        import azure.core.pipeline.transport
        import azure.core.rest
        import azure.core.tracing.decorator  # noqa: F401 (loaded for those who come later)
