"""From a request to the service that plays its host, and from whatever happens there to a response."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from email.utils import format_datetime

from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.faults import ConnectionDropped, FaultKind, FaultRule, Faults
from local_azure.core.http import Request, Response, json_response
from local_azure.core.store import Store
from local_azure.core.world import Service, World

_log = logging.getLogger(__name__)


class Dispatcher:
    """Every request to the local Azure passes through here. Thread-safe."""

    def __init__(self, world: World, services: Sequence[Service]) -> None:
        self.world = world
        self.services = list(services)
        self.faults = Faults()
        self._lock = threading.Lock()
        self._before_last_write: dict[str, Store] = {}

    def service_for(self, host: str) -> Service | None:
        """The service that plays this host."""
        return next((service for service in self.services if service.plays(host)), None)

    def handle(self, request: Request) -> Response:
        """Answers at once or after the time that the rules and the latency ask for.

        Raises ConnectionDropped where a fault says so.
        """
        fault = self.faults.take(request)
        time.sleep(self.seconds_before(fault))
        response = self.answer(request, fault)
        if seconds := seconds_after(fault):
            time.sleep(seconds)
        return response

    def seconds_before(self, fault: FaultRule | None) -> float:
        """How long a request is held back before it takes effect."""
        held = fault is not None and fault.kind is not FaultKind.LATE_ANSWER
        return self.world.latency.seconds("request") + (fault.delay_seconds if fault and held else 0.0)

    def answer(self, request: Request, fault: FaultRule | None) -> Response:
        """Answers without waiting. Raises ConnectionDropped where the fault says so."""
        if fault is not None and fault.kind is FaultKind.DROP_BEFORE:
            raise ConnectionDropped
        if fault is not None and fault.kind is FaultKind.STATUS:
            response = _failure(fault)
        elif fault is not None and fault.kind is FaultKind.STALE_READ:
            response = self._stale(request)
        elif request.method not in ("GET", "HEAD") and self.faults.stale_reads_at(request.host):
            response = self._remembering(request)
        else:
            response = self._ask(self.service_for(request.host), request)
        if fault is not None and fault.kind is FaultKind.DROP_AFTER:
            raise ConnectionDropped
        return self._finished(request, response)

    def forget(self) -> None:
        """Clears the faults and makes every service anew, after the world was emptied."""
        self.faults.clear()
        with self._lock:
            self._before_last_write.clear()
        self.services = [_anew(service, self.world) for service in self.services]

    def _ask(self, service: Service | None, request: Request) -> Response:
        try:
            if service is None:
                raise NotPlayed(f"the host {request.host}")
            return service.handle(request)
        except ServiceError as error:
            return json_response(error.body(), error.status, error.headers)
        except Exception:
            _log.exception("%s %s%s failed inside the local Azure", request.method, request.host, request.path)
            failure = ServiceError(
                500, "InternalServerError", "The local Azure itself failed; its daemon.log has the details."
            )
            return json_response(failure.body(), failure.status)

    def _remembering(self, request: Request) -> Response:
        before = self.world.store.snapshot()
        changes = self.world.store.changes
        response = self._ask(self.service_for(request.host), request)
        if self.world.store.changes != changes:
            with self._lock:
                self._before_last_write[request.host] = before
        return response

    def _stale(self, request: Request) -> Response:
        service = self.service_for(request.host)
        with self._lock:
            before = self._before_last_write.get(request.host)
        if before is not None and service is not None:
            service = _anew(service, replace(self.world, store=before))
        return self._ask(service, request)

    def _finished(self, request: Request, response: Response) -> Response:
        headers = dict(response.headers)
        names = {name.lower() for name in headers}
        if "x-ms-request-id" not in names:
            headers["x-ms-request-id"] = str(uuid.uuid4())
        if "date" not in names:
            headers["Date"] = format_datetime(self.world.clock.now(), usegmt=True)
        wanted = request.headers.get("x-ms-return-client-request-id", "").lower() == "true"
        if wanted and (client_request_id := request.headers.get("x-ms-client-request-id")):
            headers["x-ms-client-request-id"] = client_request_id
        return replace(response, headers=headers)


def seconds_after(fault: FaultRule | None) -> float:
    """How long the answer is held back once the request has taken effect."""
    return fault.delay_seconds if fault is not None and fault.kind is FaultKind.LATE_ANSWER else 0.0


def _anew(service: Service, world: World) -> Service:
    return type(service)(world)


def _failure(fault: FaultRule) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8", **fault.headers}
    if fault.retry_after_seconds is not None:
        headers["Retry-After"] = str(fault.retry_after_seconds)
    body = fault.body if fault.body is not None else ServiceError(fault.status, fault.code, fault.message).body()
    return Response(fault.status, headers, json.dumps(body).encode())
