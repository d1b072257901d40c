"""How fast the service makes keys, where the local Azure is told to play slow: about one a second and partition."""

from __future__ import annotations

import threading
import time

from local_azure.core.latency import Latency

_PARTITIONS = threading.BoundedSemaphore(3)
"""As many as work on one pool at best; 1,000 keys take 6 to 17 minutes on Azure."""


def wait_for_a_new_key(latency: Latency) -> None:
    """Returns at once at scale 0. Never call it inside a transaction of the store."""
    seconds = latency.seconds("key.create")
    if seconds > 0:
        with _PARTITIONS:
            time.sleep(seconds)
