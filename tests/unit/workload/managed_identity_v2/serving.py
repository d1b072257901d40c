"""A local Azure served from this process: its metadata service and its proxy on loopback, its state at hand."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_azure.core.http import OUTSIDE, Origin
from local_azure.core.world import AsksForClientCertificate, World
from local_azure.entra import binding_certificates
from local_azure.server.authority import CertificateAuthority
from local_azure.server.dispatch import Dispatcher
from local_azure.server.proxy import ProxyProtocol
from local_azure.server.request_log import RequestLog, entries
from local_azure.server.serve import AzureHandler, Served, http_server
from local_azure.server.tls import HostContext, TlsContexts
from local_azure.services import all_services
from local_azure.vm.imds.service import HOST as METADATA
from local_azure.vm.listeners import Listeners

ISSUE, PLATFORM = "/metadata/identity/issuecredential", "/metadata/identity/getplatformmetadata"


@dataclass(frozen=True)
class Serving:
    """What clients need to know, and what tests look at."""

    world: World
    dispatcher: Dispatcher
    metadata: str
    """Base URL of the machine's metadata service."""
    proxy: str
    authority: Path
    log: Path

    def asked(self, path: str = "", host: str = "") -> list[dict[str, Any]]:
        """Requests whose path ends so, at hosts that end so."""
        found = [entry for entry in entries(self.log) if entry["path"].endswith(path) and entry["host"].endswith(host)]
        return [entry for entry in found if entry["method"] != "CONNECT"]

    def fail(self, **rule: Any) -> None:
        """Puts a fault in force."""
        from local_azure.core.faults import FaultRule

        self.dispatcher.faults.add(FaultRule.from_document(rule))


@contextmanager
def serving(world: World, machine_id: str) -> Iterator[Serving]:
    """Serves the world as a machine and its network see it."""
    dispatcher = Dispatcher(world, all_services(world))
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
                log.path,
            )
        finally:
            asyncio.run_coroutine_threadsafe(opened.close(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()
            log.close()


class _Opened:
    def __init__(self, world: World, served: Served, authority: CertificateAuthority) -> None:
        self._served = served
        client_authority = binding_certificates.authority(world)
        self._tls = TlsContexts(authority, self._wants_client_certificate, client_authority)
        self._closing: list[Any] = []

    async def open(self, machine_id: str) -> tuple[int, int]:
        # It wants to be made on the loop.
        self._azure = http_server(AzureHandler(self._served, OUTSIDE))
        bound = socket.create_server(("127.0.0.1", 0))
        origin = Origin(machine_id, "192.0.2.7")
        self._closing.append(await Listeners(self._served, self._tls).http(bound, origin, METADATA))
        proxy = await asyncio.get_running_loop().create_server(
            lambda: ProxyProtocol(
                context_for=self._context_for, azure=self._azure, control=self._azure, refused=lambda *_: None
            ),
            "127.0.0.1",
            0,
        )
        self._proxy = proxy
        return bound.getsockname()[1], proxy.sockets[0].getsockname()[1]

    async def close(self) -> None:
        for listener in self._closing:
            await listener.close()
        self._proxy.close()
        self._azure.pre_shutdown()
        await self._azure.shutdown(0)
        await asyncio.get_running_loop().shutdown_default_executor()

    async def _context_for(self, host: str) -> HostContext | None:
        if self._served.dispatcher.service_for(host) is None:
            return None
        return self._tls.for_host(host)

    def _wants_client_certificate(self, host: str) -> bool:
        service = self._served.dispatcher.service_for(host)
        return isinstance(service, AsksForClientCertificate) and service.asks_for_client_certificate(host)
