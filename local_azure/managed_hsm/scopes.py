"""Scopes of the local RBAC: ``/``, ``/keys`` and ``/keys/<name>``, each within the one before."""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.core.http import Response
from local_azure.core.router import normal_path
from local_azure.managed_hsm.context import HsmRequest, HsmRoute

GLOBAL, KEYS = "/", "/keys"
ROUTE_PREFIXES: dict[str, str] = {GLOBAL: "", KEYS: KEYS, KEYS + "/{key_name}": KEYS + "/{key_name}"}
"""The path before ``/providers/…`` by the scope that it means, both as templates of routes."""
_PROVIDERS = "/providers/microsoft.authorization/"


def covers(outer: str, inner: str) -> bool:
    """Whether what holds at ``outer`` holds at ``inner``; names of keys match without regard to case."""
    outer, inner = outer.lower(), inner.lower()
    return outer == GLOBAL or inner == outer or inner.startswith(outer + "/")


def is_single_key(scope: str) -> bool:
    """Whether the scope is one key."""
    return scope.lower().startswith(KEYS + "/")


def of_path(path: str) -> str:
    """The scope in front of ``/providers/Microsoft.Authorization/`` in a request's path."""
    path = normal_path(path)
    scope = path[: path.lower().rindex(_PROVIDERS)] or GLOBAL
    return KEYS + scope[len(KEYS) :] if covers(KEYS, scope) else scope


def foreign_scope_routes() -> list[HsmRoute]:
    """What takes every other scope, to be listed after the routes of those that there are."""
    path = "/{foreign_scope:path}" + "/providers/Microsoft.Authorization/{rest:path}"
    return [HsmRoute(method, path, None, GLOBAL, _refuse) for method in ("GET", "PUT", "DELETE")]


def _refuse(_: HsmRequest) -> Response:
    """Code and message as in Azure/azure-cli issue 30084."""
    raise ServiceError(400, "Invalidkeyidentifier", "Invalid key identifier")
