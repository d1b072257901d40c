from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.unit.local_azure.managed_hsm.keys.support import Hsm


def test_making_keys_takes_its_time_at_most_three_at_once_where_azure_is_played_slow(hsm: Hsm) -> None:
    hsm.world.latency.set_scale(0.1)
    begin = time.perf_counter()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: hsm.create(f"key-{number}", kty="oct-HSM"), range(6)))
    assert time.perf_counter() - begin >= 0.2
    assert len(hsm.names("/keys")) == 6
