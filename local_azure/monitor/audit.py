"""The audit log of the data planes: a record for every request, wherever the diagnostic settings send it; metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

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

    def operation(self, request: Request) -> str:
        """What the log calls the request."""
        route = self.router.route_of(request)
        return name_of(request.method, request.path if route is None else route.path)


def answered(world: World, audited: Audited, request: Request, answer: Callable[[Request], Response]) -> Response:
    """What ``answer`` answers, or raises, once it is in the log. What is not played is in no log."""
    settings = destinations.wanted(world, audited.resource_id, CATEGORY)
    measured = destinations.wanted(world, audited.resource_id, destinations.METRICS)
    if not settings and not measured:
        return answer(request)
    moment, started = world.clock.now(), time.perf_counter()

    def note(status: int, description: str) -> None:
        milliseconds = round((time.perf_counter() - started) * 1000)
        if measured:
            metrics.count(world, audited.resource_id, status, milliseconds)
        call = Call(
            resource_id=audited.resource_id,
            tenant_id=audited.tenant_id,
            operation=AUTHENTICATION if status == _UNAUTHORIZED else audited.operation(request),
            request=request,
            status=status,
            description=description,
            milliseconds=milliseconds,
            moment=moment,
        )
        destinations.deliver(world, settings, CATEGORY, _record(world, call), moment)

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
