"""A local Azure served from this process: its metadata service and its proxy on loopback, its state at hand."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_azure.core.faults import FaultRule
from local_azure.core.http import OUTSIDE, Origin, Request, Response
from local_azure.core.world import AsksForClientCertificate, Service, World
from local_azure.entra import binding_certificates
from local_azure.server.authority import CertificateAuthority
from local_azure.server.dispatch import Dispatcher
from local_azure.server.proxy import ProxyProtocol
from local_azure.server.request_log import RequestLog
from local_azure.server.serve import AzureHandler, Served, http_server
from local_azure.server.tls import HostContext, TlsContexts
from local_azure.services import all_services
from local_azure.vm.imds.service import HOST as METADATA
from local_azure.vm.listeners import Listeners

ISSUE, PLATFORM = "/issuecredential", "/getplatformmetadata"
TOKENS, SECRET = "/oauth2/v2.0/token", "/secrets/contososecret"
VAULT, SCOPE = "https://contosomivault.vault.azure.net", "https://vault.azure.net/.default"


class RecordingDispatcher(Dispatcher):
    """Remembers what was asked, whatever the answer."""

    def __init__(self, world: World, services: Sequence[Service]) -> None:
        super().__init__(world, services)
        self.requests: list[Request] = []

    def answer(self, request: Request, fault: FaultRule | None) -> Response:
        self.requests.append(request)
        return super().answer(request, fault)


@dataclass(frozen=True)
class Serving:
    """What clients need to know, and what tests look at."""

    world: World
    dispatcher: RecordingDispatcher
    metadata: str
    """Base URL of the machine's metadata service."""
    proxy: str
    authority: Path

    def asked(self, path: str) -> list[Request]:
        """Requests whose path ends so, oldest first."""
        return [request for request in self.dispatcher.requests if request.path.endswith(path)]

    def fail(self, kind: str, path: str, **rule: Any) -> None:
        """Puts a fault in force."""
        self.dispatcher.faults.add(FaultRule.from_document({"kind": kind, "path": path, **rule}))


@contextmanager
def serving(world: World, machine_id: str) -> Iterator[Serving]:
    """Serves the world as a machine and its network see it."""
    dispatcher = RecordingDispatcher(world, all_services(world))
    authority = CertificateAuthority(world.home)
    log = RequestLog(world.home / "requests.jsonl")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with ThreadPoolExecutor(32) as executor:
        served = Served(dispatcher, executor, log)
        opened = _Opened(world, served, authority)
        try:
            ports = asyncio.run_coroutine_threadsafe(opened.open(machine_id), loop).result(10)
            yield Serving(
                world,
                dispatcher,
                f"http://127.0.0.1:{ports[0]}",
                f"http://127.0.0.1:{ports[1]}",
                authority.bundle,
            )
        finally:
            asyncio.run_coroutine_threadsafe(opened.close(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()
            log.close()


class _Accepted(ProxyProtocol):
    """Ends its connection with the tests, in whatever state TLS is."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._below = transport
        super().connection_made(transport)

    def abort(self) -> None:
        if isinstance(self._below, asyncio.Transport):
            self._below.abort()


class _Opened:
    def __init__(self, world: World, served: Served, authority: CertificateAuthority) -> None:
        self._served = served
        client_authority = binding_certificates.authority(world)
        self._tls = TlsContexts(authority, self._wants_client_certificate, client_authority)
        self._closing: list[Any] = []
        self._accepted_ones: list[_Accepted] = []

    async def open(self, machine_id: str) -> tuple[int, int]:
        # It wants to be made on the loop.
        self._azure = http_server(AzureHandler(self._served, OUTSIDE))
        bound = socket.create_server(("127.0.0.1", 0))
        origin = Origin(machine_id, "192.0.2.7")
        self._closing.append(await Listeners(self._served, self._tls).http(bound, origin, METADATA))
        proxy = await asyncio.get_running_loop().create_server(self._accepted, "127.0.0.1", 0)
        self._proxy = proxy
        return bound.getsockname()[1], proxy.sockets[0].getsockname()[1]

    async def close(self) -> None:
        for listener in self._closing:
            await listener.close()
        self._proxy.close()
        self._azure.pre_shutdown()
        await self._azure.shutdown(0)
        for protocol in self._accepted_ones:
            protocol.abort()
        # What was aborted is closed in the next turn of the loop.
        await asyncio.sleep(0.01)
        await asyncio.get_running_loop().shutdown_default_executor()

    def _accepted(self) -> _Accepted:
        protocol = _Accepted(
            context_for=self._context_for,
            azure=self._azure,
            control=self._azure,
            refused=lambda *_: None,
        )
        self._accepted_ones.append(protocol)
        return protocol

    async def _context_for(self, host: str) -> HostContext | None:
        if self._served.dispatcher.service_for(host) is None:
            return None
        return self._tls.for_host(host)

    def _wants_client_certificate(self, host: str) -> bool:
        service = self._served.dispatcher.service_for(host)
        return isinstance(service, AsksForClientCertificate) and service.asks_for_client_certificate(host)
