"""Tokens for a machine's managed identities: ``GET /metadata/identity/oauth2/token``.

The protocol is that of "How to use managed identities for Azure resources on an Azure VM to acquire an access token";
which identity answers is told in "Managed identities for Azure resources frequently asked questions". The words of the
errors are as users have reported them.
"""

from __future__ import annotations

from local_azure.arm import ids
from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import Request, Response, json_response
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.entra.directory import Principal
from local_azure.entra.errors import EntraError
from local_azure.entra.service import RESOURCES
from local_azure.vm.imds import errors
from local_azure.vm.imds.instance import VERSIONS

_OLDEST_VERSION = "2018-02-01"
_SELECTORS = ("client_id", "object_id", "msi_res_id", "mi_res_id")
_LIFETIME_SECONDS = 86400
"""Managed identities' tokens are valid for 24 hours."""


def token(world: World, machine: Stored, request: Request) -> Response:
    """A token for the identity that the request names, or for the one that counts without a name."""
    version = request.query.get("api-version")
    if version is None:
        raise errors.missing("api-version")
    if version not in VERSIONS or version < _OLDEST_VERSION:
        raise errors.invalid_request(f"api-version '{version}' is not supported")
    resource = request.query.get("resource")
    if not resource:
        raise errors.missing("resource")
    principal = identity(world, machine, request)
    if resource.rstrip("/") not in RESOURCES:
        raise EntraError(
            400,
            "invalid_resource",
            500011,
            f"The resource principal named {resource} was not found in the tenant named Contoso. This can happen if the"
            " application has not been installed by the administrator of the tenant or consented to by any user in the"
            " tenant. You might have sent your authentication request to the wrong tenant.",
        )
    now = int(world.clock.timestamp())
    return json_response(
        {
            "access_token": tokens.issue(world, principal, resource, lifetime_seconds=_LIFETIME_SECONDS),
            "client_id": principal.app_id,
            "expires_in": str(_LIFETIME_SECONDS - 1),
            "expires_on": str(now + _LIFETIME_SECONDS),
            "ext_expires_in": str(_LIFETIME_SECONDS - 1),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def identity(world: World, machine: Stored, request: Request) -> Principal:
    """The identity that a request names, or the one that counts without a name. Raises TokenError 400."""
    named = [(name, request.query[name]) for name in _SELECTORS if request.query.get(name)]
    if len(named) > 1:
        raise errors.invalid_request("Only one of client_id, object_id and msi_res_id may be given")
    system, assigned = _identities(world, machine)
    if named:
        name, value = named[0]
        found = next((each for each in [*system, *assigned] if _is_named(each, name, value)), None)
        if found is None:
            raise errors.invalid_request("Identity not found")
        return found
    if not system and len(assigned) > 1:
        raise errors.invalid_request(
            "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the"
            " token request"
        )
    if not system and not assigned:
        raise errors.invalid_request("Identity not found")
    return (system or assigned)[0]


def _identities(world: World, machine: Stored) -> tuple[list[Principal], list[Principal]]:
    """The system-assigned identity, and the user-assigned ones that still exist."""
    identity = machine.resource.get("identity", {})
    system = [identity["principalId"]] if identity.get("principalId") else []
    found = [Resources(world).find(each) for each in identity.get("userAssignedIdentities") or {}]
    assigned = [str(each.properties["principalId"]) for each in found if each is not None]
    return _principals(world, system), _principals(world, assigned)


def _principals(world: World, object_ids: list[str]) -> list[Principal]:
    found = [directory.principal(world, object_id) for object_id in object_ids]
    return [each for each in found if each is not None]


def _is_named(principal: Principal, selector: str, value: str) -> bool:
    match selector:
        case "client_id":
            return (principal.app_id or "").lower() == value.lower()
        case "object_id":
            return principal.object_id.lower() == value.lower()
    return ids.same(principal.managed_identity_resource_id, value)
