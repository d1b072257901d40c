"""One place that runs: its namespace, and what listens in it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from local_azure.core.http import Origin
from local_azure.core.world import World
from local_azure.vm import addresses, endpoints, files
from local_azure.vm.dns_server import Resolve
from local_azure.vm.imds.service import HOST as METADATA_HOST
from local_azure.vm.listeners import HostFor, Listener, Listeners
from local_azure.vm.namespace import Kind, Namespace, NamespaceError, Setup
from local_azure.vm.place import Place
from local_azure.vm.public_names import PublicNames, host_behind
from local_azure.vm.resolver import Answer, Resolver

_HTTPS, _HTTP, _DNS = 443, 80, 53


@dataclass(frozen=True)
class _Door:
    """What an address leads to."""

    origin: Origin
    host: str | None
    """The only host behind it; None where the address is a public one, which several may share."""


class RunningMachine:
    """A namespace that answers as the place does on Azure. Called from threads, never from the event loop."""

    def __init__(self, world: World, place: Place, listeners: Listeners, loop: asyncio.AbstractEventLoop) -> None:
        """Starts it. Raises NamespacesNotAllowed, NamespaceError."""
        self.place = place
        self._world = world
        self._listeners = listeners
        self._loop = loop
        self._lock = threading.Lock()
        self._names = PublicNames(world, listeners.plays)
        self._doors: dict[str, tuple[_Door, Listener]] = {}
        self._always: list[Listener] = []
        mounts = files.mounts(world, place)
        self.namespace = Namespace.start(Setup(place.hostname, place.private_addresses, mounts))
        try:
            self._open_platform()
            self.refresh()
        except NamespaceError:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether its namespace is still held."""
        return self.namespace.alive

    def refresh(self) -> None:
        """Opens what the network has now, closes what it has no longer."""
        with self._lock:
            wanted = self._private_doors()
            for address, (door, listener) in list(self._doors.items()):
                if door.host is not None and wanted.get(address) != door:
                    self._close(address, listener)
            self._open({**self._public_doors(self._names.of_data_planes()), **wanted})

    def close(self) -> None:
        """Ends the namespace and everything that listens in it."""
        with self._lock:
            for listener in [*self._always, *(listener for _, listener in self._doors.values())]:
                self._on_loop(listener.close())
            self._doors.clear()
            self._always.clear()
            self.namespace.close()

    def _resolve(self, resolver: Resolver, name: str) -> Answer:
        """What DNS says; the addresses in it can be connected to when the answer goes out."""
        answer = resolver.resolve(name)
        if not self._doors.keys() >= set(answer.addresses):
            # The namespace may just end; then nobody waits for the answer any more.
            with contextlib.suppress(NamespaceError):
                self.refresh()
                self._open_public(answer)
        return answer

    def _open_public(self, answer: Answer) -> None:
        public = {
            record.value
            for record in answer.records
            if record.kind == "A" and record in self._names.records(record.owner)
        }
        with self._lock:
            self._open(self._public_doors(public))

    def _public_doors(self, found: set[str]) -> dict[str, _Door]:
        if self.place.public_address is None:
            return {}
        return {address: _Door(self.place.origin(), None) for address in found}

    def _private_doors(self) -> dict[str, _Door]:
        if self.place.network_id is None:
            return {}
        return {
            endpoint.address: _Door(self.place.origin(endpoint.id), endpoint.host)
            for endpoint in endpoints.in_network(self._world, self.place.network_id)
        }

    def _open(self, doors: dict[str, _Door]) -> None:
        new = {address: door for address, door in doors.items() if address not in self._doors}
        if new:
            bound = self.namespace.listen([(address, _HTTPS, "tcp") for address in new])
            self._on_loop(self._serve_doors(new, bound))

    async def _serve_doors(self, doors: dict[str, _Door], bound: list[socket.socket]) -> None:
        for (address, door), each in zip(doors.items(), bound, strict=True):
            host_for = self._public_host(address) if door.host is None else _only(door.host)
            self._doors[address] = (door, await self._listeners.https(each, door.origin, host_for))

    def _close(self, address: str, listener: Listener) -> None:
        del self._doors[address]
        self._on_loop(listener.close())
        self.namespace.remove_address(address)

    def _public_host(self, address: str) -> HostFor:
        def host_for(name: str) -> str | None:
            leads_here = address in self._names.addresses(name)
            return host_behind(name) if leads_here and self._listeners.plays(name) else None

        return host_for

    def _open_platform(self) -> None:
        """What is there from the first moment to the last."""
        resolvers = {self.place.resolver: Resolver(self._world, self.place.network_id, self._listeners.plays)}
        if self.place.public_address is not None:
            public = Resolver(self._world, None, self._listeners.plays)
            resolvers.update(dict.fromkeys(addresses.PUBLIC_RESOLVERS, public))
        where: list[tuple[str, int, Kind]] = []
        for address in resolvers:
            where += [(address, _DNS, "udp"), (address, _DNS, "tcp")]
        if self.place.is_machine:
            where.append((addresses.METADATA, _HTTP, "tcp"))
        self._on_loop(self._serve_platform(list(resolvers.values()), self.namespace.listen(where)))

    async def _serve_platform(self, resolvers: list[Resolver], bound: list[socket.socket]) -> None:
        for number, resolver in enumerate(resolvers):
            udp, tcp = bound[2 * number : 2 * number + 2]
            self._always.append(await self._listeners.dns(udp, tcp, self._resolving(resolver)))
        for metadata in bound[2 * len(resolvers) :]:
            self._always.append(await self._listeners.http(metadata, self.place.origin(), METADATA_HOST))

    def _resolving(self, resolver: Resolver) -> Resolve:
        async def resolve(name: str) -> Answer:
            return await asyncio.to_thread(self._resolve, resolver, name)

        return resolve

    def _on_loop(self, work: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result()


def _only(host: str) -> HostFor:
    return lambda name: host if host_behind(name) == host else None
