"""Fixtures: a world in memory, a real daemon, and an environment in which unmodified clients reach it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local_azure.core.world import World, open_world
from local_azure.entra import directory
from local_azure.instance import Instance
from local_azure.server import launch
from local_azure.server.control import ControlClient
from tests.support import Azure

# A shell ignores Ctrl-C for what it runs in the background, and whatever is started there inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A local Azure without a daemon: state in memory, the directory seeded."""
    made = open_world(tmp_path / "azure", in_memory=True)
    directory.seed(made)
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def instance() -> Iterator[Instance]:
    """A real daemon of this test process's own, on a free port; it cannot outlive the tests."""
    # Not pytest's own temporary directory: paths of Unix sockets must be short.
    with TemporaryDirectory(prefix="local-azure-") as home:
        life, mine = os.pipe()
        try:
            started = launch.start(Instance(Path(home), 0), life_fd=life)
        finally:
            os.close(life)
        yield started.instance
        launch.stop(started.instance)
        os.close(mine)


@pytest.fixture
def azure(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Azure:
    """The daemon with nothing in it, and clients in this process led to it."""
    control = ControlClient(instance.port)
    control.reset()
    set_to, removed = instance.variables(os.environ)
    for name in removed:
        monkeypatch.delenv(name)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    return Azure(instance, control)
