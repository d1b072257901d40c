"""The audit log of the data planes: a record for every request, wherever the diagnostic settings send it; metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from local_azure.arm.resources import Resources
from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import JsonObject, Request, Response
from local_azure.core.router import Router
from local_azure.core.world import World
from local_azure.monitor import destinations, metrics
from local_azure.monitor.operations import AUTHENTICATION, name_of
from local_azure.monitor.records import CATEGORY, Call, pool_record, vault_record

_UNAUTHORIZED = 401


@dataclass(frozen=True)
class Audited:
    """A resource whose data plane is asked."""

    resource_id: str
    tenant_id: str
    router: Router
    """Of its service: by the route that takes a request, the operation is named."""

    def call(self, request: Request, status: int, description: str, milliseconds: int, moment: datetime) -> Call:
        """The request, once it has been answered."""
        route = self.router.route_of(request)
        operation = name_of(request.method, request.path if route is None else route.path)
        return Call(
            resource_id=self.resource_id,
            tenant_id=self.tenant_id,
            operation=AUTHENTICATION if status == _UNAUTHORIZED else operation,
            request=request,
            status=status,
            description=description,
            milliseconds=milliseconds,
            moment=moment,
        )


def answered(world: World, audited: Audited, request: Request, answer: Callable[[Request], Response]) -> Response:
    """What ``answer`` answers, or raises, once it is in the log. What is not played is in no log."""
    settings = destinations.settings_of(world, audited.resource_id)
    if not settings:
        return answer(request)
    logged = destinations.sending(settings, CATEGORY)
    measured = destinations.sending(settings, destinations.METRICS)
    moment, started = world.clock.now(), time.perf_counter()

    def note(status: int, description: str) -> None:
        milliseconds = round((time.perf_counter() - started) * 1000)
        with world.store.transaction():
            if measured:
                metrics.count(world, audited.resource_id, status, milliseconds)
            if logged:
                call = audited.call(request, status, description, milliseconds, moment)
                destinations.deliver(world, logged, CATEGORY, _record(world, call), moment)

    try:
        response = answer(request)
    except NotPlayed:
        raise
    except ServiceError as error:
        note(error.status, f"{error.code}: {error.message}")
        raise
    note(response.status, "")
    return response


def _record(world: World, call: Call) -> JsonObject:
    if "/managedhsms/" not in call.resource_id.lower():
        return vault_record(call)
    pool = Resources(world).find(call.resource_id)
    sku: Mapping[str, str] = {} if pool is None else pool.resource["sku"]
    return pool_record(call, sku)
