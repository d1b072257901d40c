"""The data plane of every vault: authentication, firewall, api-version, permission, then the operation.

Plays ``https://<vault>.vault.azure.net`` for secrets. A name without a live vault does not resolve on Azure, so it is
not played at all: whoever connects to it is refused before any HTTP.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial

from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import Request, Response
from local_azure.core.router import Route, Router
from local_azure.core.world import World
from local_azure.key_vault import firewall, vaults
from local_azure.key_vault.authentication import authenticate
from local_azure.key_vault.authorization import require
from local_azure.key_vault.context import VaultRequest, VaultRoute
from local_azure.key_vault.errors import bad_parameter, method_not_allowed
from local_azure.key_vault.routes import secret_routes
from local_azure.key_vault.vaults import Vault
from local_azure.monitor import audit

API_VERSIONS = (
    "2015-06-01",
    "2016-10-01",
    "7.0-preview",
    "7.0",
    "7.1-preview",
    "7.1",
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
    "2026-04-01",
)
"""Those that the published descriptions of the data plane have had, oldest first."""
_HEADERS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000;includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "x-ms-keyvault-service-version": "1.9.2203.1",
}
"""Of every answer, as recorded."""


class KeyVaultService:
    """Plays the data planes of all live vaults."""

    name = "Key Vault"

    def __init__(self, world: World) -> None:
        self._world = world
        self._router = Router(Route(route.method, route.path, partial(self._serve, route)) for route in secret_routes())

    def plays(self, host: str) -> bool:
        """Whether the name belongs to a live vault."""
        return vaults.by_host(self._world, host) is not None

    def asks_for_client_certificate(self, host: str) -> bool:
        """Everywhere: a token may be bound to one."""
        return self.plays(host)

    def handle(self, request: Request) -> Response:
        """Answers one request. Raises ServiceError."""
        vault = self._vault(request)
        headers = {**_HEADERS, **_whereabouts(vault, request), "x-ms-request-id": str(uuid.uuid4())}
        audited = audit.Audited(vault.arm_id, vault.tenant_id, self._router)
        try:
            response = audit.answered(self._world, audited, request, self._answer)
        except NotPlayed:
            raise
        except ServiceError as error:
            error.headers = {**headers, **error.headers}
            raise
        return replace(response, headers={**headers, **response.headers})

    def _answer(self, request: Request) -> Response:
        found = self._router.find(request)
        if found is not None:
            handler, matched = found
            return handler(matched)
        vault = self._vault(request)
        firewall.check(self._world, vault, authenticate(self._world, vault, request))
        if self._router.knows_path(request.path):
            raise method_not_allowed(request.method)
        raise NotPlayed(f"{request.method} {request.path} of Key Vault (of what a vault holds, secrets are played)")

    def _serve(self, route: VaultRoute, request: Request) -> Response:
        vault = self._vault(request)
        caller = authenticate(self._world, vault, request)
        firewall.check(self._world, vault, caller)
        _check_api_version(request)
        context = VaultRequest(self._world, vault, caller, request)
        require(context, route.permission, route.data_action)
        return route.handler(context)

    def _vault(self, request: Request) -> Vault:
        vault = vaults.by_host(self._world, request.host)
        if vault is None:
            raise NotPlayed(f"{request.host}: there is no vault of that name, so it would not resolve on Azure")
        return vault


def _check_api_version(request: Request) -> None:
    version = request.query.get("api-version")
    if not version:
        raise bad_parameter("api-version must be specified")
    if version.lower() not in API_VERSIONS:
        raise bad_parameter(
            f"The specified version ({version}) is not recognized."
            f" Consider using the latest supported version ({API_VERSIONS[-1]})."
        )


def _whereabouts(vault: Vault, request: Request) -> dict[str, str]:
    """Where the caller is seen, and where the vault is."""
    kind = "Ipv4" if request.origin.private_endpoint_id is None else "PrivateLink"
    address = request.origin.public_address or "0.0.0.0"  # noqa: S104 - what a caller without one is shown as
    return {
        "x-ms-keyvault-network-info": f"conn_type={kind};addr={address};act_addr_fam=InterNetwork;",
        "x-ms-keyvault-region": vault.location,
    }
