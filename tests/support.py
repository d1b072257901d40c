"""What the fixtures hand to the tests."""

from __future__ import annotations

from dataclasses import dataclass

from local_azure.instance import Instance
from local_azure.server.control import ControlClient


@dataclass(frozen=True)
class Azure:
    """A local Azure that runs, freshly reset; the environment of this process leads into it."""

    instance: Instance
    control: ControlClient
