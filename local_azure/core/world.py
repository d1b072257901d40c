"""What every played service is given: state, time, and what is the same for all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from local_azure.core.clock import Clock
from local_azure.core.http import Request, Response
from local_azure.core.latency import Latency
from local_azure.core.machines import Machines, NoMachines
from local_azure.core.store import Store

TENANT_ID = "7a1c5be0-2f0e-4c57-9d43-0c2f6b1d9e11"
"""The invented Entra ID tenant of Contoso."""
SUBSCRIPTION_ID = "3d9f4a52-61c8-4b7e-8a05-5e0b7c6d2f34"
"""The invented subscription that everything is made in."""


@dataclass(frozen=True)
class World:
    """One local Azure."""

    store: Store
    clock: Clock
    latency: Latency
    home: Path
    """Where files lie that are no documents: the certificate authority, sockets, blobs."""
    machines: Machines = field(default_factory=NoMachines)
    """The virtual machines that run; the daemon's."""


def open_world(home: Path, *, in_memory: bool = False) -> World:
    """The world whose state lies in ``home``; made when it is new."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(":memory:" if in_memory else home / "state.sqlite")
    return World(store=store, clock=Clock(store), latency=Latency(store), home=home)


class Service(Protocol):
    """A played service."""

    name: str

    def __init__(self, world: World) -> None:
        """Every service is made from the world alone, so that it can be made again on another state."""

    def plays(self, host: str) -> bool:
        """Whether requests to this host name are for it."""

    def handle(self, request: Request) -> Response:
        """Answers one request. May raise ServiceError. Called from many threads at once."""


@runtime_checkable
class AsksForClientCertificate(Protocol):
    """A service that wants to see the client's certificate in TLS at some of its hosts; clients may have none."""

    def asks_for_client_certificate(self, host: str) -> bool:
        """Whether the handshake at this host asks for one."""
