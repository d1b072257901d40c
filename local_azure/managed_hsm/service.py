"""The data plane of every pool: authentication, firewall, api-version, activation, local RBAC, then the operation.

Plays ``https://<pool>.managedhsm.azure.net`` and the name that a private zone gives it. A name without a live pool does
not resolve on Azure, so it is not played at all: whoever connects to it is refused before any HTTP.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial

from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import Origin, Request, Response
from local_azure.core.router import Route, Router
from local_azure.core.world import World
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.authentication import authenticate, challenge
from local_azure.managed_hsm.authorization import require
from local_azure.managed_hsm.backups.jobs import is_restoring
from local_azure.managed_hsm.backups.routes import backup_routes
from local_azure.managed_hsm.context import Caller, HsmRequest, HsmRoute
from local_azure.managed_hsm.errors import bad_parameter, method_not_allowed, not_activated, restoring, with_activity_id
from local_azure.managed_hsm.firewall import require_way_in
from local_azure.managed_hsm.keys.routes import key_routes
from local_azure.managed_hsm.pools import ACTIVE, Pool
from local_azure.managed_hsm.role_assignments import role_assignment_routes
from local_azure.managed_hsm.role_definitions import role_definition_routes
from local_azure.managed_hsm.scopes import foreign_scope_routes
from local_azure.managed_hsm.security_domain.routes import security_domain_routes
from local_azure.monitor import audit

API_VERSIONS = (
    "7.2-preview",
    "7.2",
    "7.3-preview",
    "7.3",
    "7.4-preview.1",
    "7.4",
    "7.5-preview.1",
    "7.5",
    "7.6-preview.1",
    "7.6-preview.2",
    "7.6",
    "2025-06-01-preview",
    "2025-07-01",
    "2026-01-01-preview",
)
"""Those that the published descriptions of the data plane have had, oldest first."""
_LATEST_API_VERSION = "2025-07-01"
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
"""Of every answer, as recorded."""


class ManagedHsmService:
    """Plays the data planes of all live pools."""

    name = "Managed HSM"

    def __init__(self, world: World) -> None:
        self._world = world
        hsm_routes = [
            *role_definition_routes(),
            *role_assignment_routes(),
            *foreign_scope_routes(),
            *security_domain_routes(),
            *backup_routes(),
            *key_routes(),
        ]
        self._router = Router(Route(route.method, route.path, partial(self._serve, route)) for route in hsm_routes)

    def plays(self, host: str) -> bool:
        """Whether the name belongs to a live pool."""
        return pools.by_host(self._world, host) is not None

    def handle(self, request: Request) -> Response:
        """Answers one request. Raises ServiceError, with the activity id in its message and headers."""
        pool = self._pool(request)
        activity_id = str(uuid.uuid4())
        audited = audit.Audited(pool.arm_id, pool.tenant_id, self._router)
        try:
            response = audit.answered(self._world, audited, request, self._answer)
        except NotPlayed:
            raise
        except ServiceError as error:
            raise with_activity_id(error, activity_id, _HEADERS) from None
        headers = {**_HEADERS, "x-ms-request-id": activity_id, **_whereabouts(pool, request, response)}
        return replace(response, headers={**headers, **response.headers})

    def _answer(self, request: Request) -> Response:
        found = self._router.find(request)
        if found is not None:
            handler, matched = found
            return handler(matched)
        pool = self._pool(request)
        if authenticate(self._world, pool, request) is None:
            return challenge(pool, request)
        require_way_in(self._world, pool, request)
        if self._router.knows_path(request.path):
            raise method_not_allowed(request.method)
        raise NotPlayed(f"{request.method} {request.path} of Managed HSM")

    def _serve(self, route: HsmRoute, request: Request) -> Response:
        pool = self._pool(request)
        caller = authenticate(self._world, pool, request)
        if caller is None:
            return challenge(pool, request)
        require_way_in(self._world, pool, request)
        _check_api_version(request, required=not route.without_version)
        if pool.activation_status != ACTIVE and not route.before_activation:
            raise not_activated()
        if not route.while_restoring and is_restoring(self._world, pool):
            raise restoring()
        return self._authorized(route, pool, caller, request)

    def _authorized(self, route: HsmRoute, pool: Pool, caller: Caller, request: Request) -> Response:
        context = HsmRequest(self._world, pool, caller, request)
        if route.data_action is not None:
            data_action = route.data_action if isinstance(route.data_action, str) else route.data_action(context)
            require(context, data_action, route.scope_of(request))
        return route.handler(context)

    def _pool(self, request: Request) -> Pool:
        pool = pools.by_host(self._world, request.host)
        if pool is None:
            raise NotPlayed(f"{request.host}: there is no Managed HSM of that name, so it would not resolve on Azure")
        return pool


def _check_api_version(request: Request, *, required: bool) -> None:
    version = request.query.get("api-version")
    if version is None:
        if not required:
            return
        raise bad_parameter("api-version must be specified")
    if version.lower() not in API_VERSIONS:
        raise bad_parameter(
            f"The specified version ({version}) is not recognized."
            f" Consider using the latest supported version ({_LATEST_API_VERSION})."
        )


def _whereabouts(pool: Pool, request: Request, response: Response) -> dict[str, str]:
    """Where the caller is seen and where the pool is: recorded with answers, not with refusals."""
    if response.status >= 400:
        return {}
    return {
        "x-ms-keyvault-network-info": _network_info(request.origin),
        "x-ms-keyvault-region": pool.location.replace(" ", "").lower(),
    }


def _network_info(origin: Origin) -> str:
    """The way that a request came; of a private one the words are Key Vault's (vaults show it in the same header)."""
    if origin.private_endpoint_id is None:
        return f"conn_type=Ipv4;addr={origin.public_address};act_addr_fam=Ipv4;"
    address = f"addr={origin.private_address};" if origin.private_address is not None else ""
    return f"conn_type=PrivateLink;private_endpoint={origin.private_endpoint_id};{address}act_addr_fam=InterNetworkV6;"
