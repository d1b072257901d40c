from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_azure.instance import Instance
from local_azure.server import launch


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[Instance]:
    """An instance of the test's own that does not run yet; stopped for good afterwards."""
    own = Instance(tmp_path / "home", 0)
    yield own
    launch.stop(own)
