"""The process that plays Azure: ``python -m local_azure.server.daemon``, started by ``local_azure start``."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from local_azure.arm.providers.run_commands import abandon
from local_azure.core.clock import iso
from local_azure.core.http import OUTSIDE
from local_azure.core.world import AsksForClientCertificate, World, open_world
from local_azure.entra import binding_certificates, directory
from local_azure.server import unplayed_hosts
from local_azure.server.authority import CertificateAuthority
from local_azure.server.control_api import ControlApi
from local_azure.server.dispatch import Dispatcher
from local_azure.server.process import HomeInUse, sole_user, write_record
from local_azure.server.proxy import ProxyProtocol
from local_azure.server.request_log import RequestLog
from local_azure.server.serve import AzureHandler, Served, http_server
from local_azure.server.tls import HostContext, TlsContexts
from local_azure.services import all_services
from local_azure.vm.listeners import Listeners
from local_azure.vm.machines import RunningMachines

_ARM_RESOURCES, _ARM_ROLES = "arm.microsoft.", "arm.microsoft.authorization/"
"""Collections. Roles are no resources: ARM does not list them as such, and the deployer has one from the first day."""
_THREADS = 32
"""Handlers that run at the same time; some of them wait for as long as Azure would."""
_GOODBYE_SECONDS = 1.0


class Daemon:
    """One local Azure with its listeners."""

    def __init__(self, world: World, port: int) -> None:
        self._machines = RunningMachines()
        world = replace(world, machines=self._machines)
        self._world = world
        self._port = port
        self._began = time.time()
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="service")
        self._log = RequestLog(world.home / "requests.jsonl")
        self._dispatcher = Dispatcher(world, all_services(world))
        self._tls = TlsContexts(
            CertificateAuthority(world.home), self._wants_client_certificate, binding_certificates.authority(world)
        )
        self._served = Served(self._dispatcher, self._executor, self._log)
        self._listeners: list[asyncio.Server] = []
        self._http_servers: list[Any] = []

    async def listen(self) -> int:
        """Opens the proxy on loopback; answers its port, which the system chooses where 0 was asked for."""
        loop = asyncio.get_running_loop()
        self._machines.open(self._world, Listeners(self._served, self._tls), loop)
        azure = self._serve(AzureHandler(self._served, OUTSIDE))
        control = self._serve(ControlApi(self._dispatcher, self._log, self._machines, self._status, self._in_thread))
        listener = await loop.create_server(
            lambda: ProxyProtocol(
                context_for=self._context_for, azure=azure, control=control, refused=self._log_refusal
            ),
            "127.0.0.1",
            self._port,
            backlog=1024,
        )
        self._listeners.append(listener)
        self._port = int(listener.sockets[0].getsockname()[1])
        return self._port

    async def close(self) -> None:
        """Ends every machine, listener and connection, and closes the state."""
        await asyncio.to_thread(self._machines.close)
        for listener in self._listeners:
            listener.close()
        for server in self._http_servers:
            server.pre_shutdown()
        await asyncio.gather(*(server.shutdown(_GOODBYE_SECONDS) for server in self._http_servers))
        self._executor.shutdown(wait=True, cancel_futures=True)
        await asyncio.get_running_loop().shutdown_default_executor()
        self._log.close()
        self._world.store.close()

    def _serve(self, handler: Any) -> Any:
        server = http_server(handler)
        self._http_servers.append(server)
        return server

    def _answers_for(self, host: str) -> bool:
        return self._dispatcher.service_for(host) is not None or unplayed_hosts.exists(self._world, host)

    async def _context_for(self, host: str) -> HostContext | None:
        # Whether a host is played may be a question to the state, which another request may hold for a moment.
        return self._tls.for_host(host) if await self._in_thread(lambda: self._answers_for(host)) else None

    def _wants_client_certificate(self, host: str) -> bool:
        service = self._dispatcher.service_for(host)
        return isinstance(service, AsksForClientCertificate) and service.asks_for_client_certificate(host)

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        # Not the services' threads: those may all be waiting for as long as Azure would.
        return await asyncio.to_thread(work)

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "home": str(self._world.home),
            "port": self._port,
            "uptime_seconds": round(time.time() - self._began, 1),
            "services": [service.name for service in self._dispatcher.services],
            "resources": self._world.store.count(_ARM_RESOURCES) - self._world.store.count(_ARM_ROLES),
            "now": self._world.clock.now().isoformat(),
            "latency_scale": self._world.latency.scale,
            "faults": len(self._dispatcher.faults.rules()),
        }

    def _log_refusal(self, method: str, host: str, reason: str) -> None:
        self._log.write(
            {
                "time": iso(self._world.clock.now())[:-5] + "Z",
                "origin": OUTSIDE.name,
                "method": method,
                "host": host,
                "path": "",
                "query": "",
                "status": None,
                "milliseconds": 0,
                "principal": None,
                "note": reason,
            }
        )


async def _run(home: Path, port: int, ready: int | None, life: int | None) -> None:
    world = open_world(home)
    directory.seed(world)
    abandon(world)
    daemon = Daemon(world, port)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    if life is not None:
        loop.add_reader(life, ending.set)
    try:
        write_record(home, await daemon.listen())
        _tell(ready, {"ready": True})
        await ending.wait()
    finally:
        if life is not None:
            loop.remove_reader(life)
        await daemon.close()


def _tell(ready: int | None, message: dict[str, Any]) -> None:
    if ready is not None:
        os.write(ready, json.dumps(message).encode() + b"\n")
        os.close(ready)


def main() -> int:
    """Runs until SIGTERM, or until the other end of ``--life-fd`` closes."""
    parser = argparse.ArgumentParser(prog="python -m local_azure.server.daemon", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True, help="0: any free one")
    parser.add_argument("--ready-fd", type=int, help="gets one JSON line when the daemon answers or cannot")
    parser.add_argument("--life-fd", type=int, help="the daemon ends when the other end of this pipe is closed")
    options = parser.parse_args()
    os.umask(0o077)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with sole_user(options.home):
            asyncio.run(_run(options.home, options.port, options.ready_fd, options.life_fd))
    except HomeInUse as error:
        _tell(options.ready_fd, {"error": "home-in-use", "message": str(error)})
        return 1
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        _tell(options.ready_fd, {"error": "port-in-use", "message": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
