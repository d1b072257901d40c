"""Who is calling: bearer tokens, the challenge to those who bring none, the refusal of those that prove nothing.

The challenge is as recorded by azure-cli and azure-sdk-for-js: 401, the body ``OK`` to a GET and nothing to the other
methods, and a header from which clients learn the tenant and the resource to ask Entra ID for.

A token that is rejected gets 401 ``Unauthorized`` with a reason, in the words that users of Managed HSM report: of the
audience in Azure/azure-sdk-for-java issue 33659 and azure-sdk-for-cpp issue 2750, of what is no token in
microsoft/AzureKeyVaultManagedHSMEngine pull request 15, of one that is too young in azure-sdk-for-java issue 26624.
Nobody has reported the words for one that has expired; these are made after the last.
"""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request, Response
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.managed_hsm.context import Caller
from local_azure.managed_hsm.pools import Pool

RESOURCE = "https://managedhsm.azure.net"


def authenticate(world: World, pool: Pool, request: Request) -> Caller | None:
    """The caller; None where there is no token. Raises ServiceError 401 where the token proves nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    try:
        claims = tokens.verify(world, token.strip(), [RESOURCE])
    except tokens.InvalidToken as error:
        raise _unauthorized(pool, _reason(error)) from None
    if claims.tenant_id.lower() != pool.tenant_id.lower():
        return None
    return Caller(
        object_id=claims.object_id,
        groups=frozenset(directory.groups_of(world, claims.object_id)),
        application_id=claims.app_id or "",
        tenant_id=claims.tenant_id,
        origin=request.origin,
        is_global_administrator=directory.GLOBAL_ADMINISTRATOR in (claims.raw.get("wids") or ()),
    )


def challenge(pool: Pool, request: Request) -> Response:
    """What every request gets that brings no token."""
    return Response(
        401,
        {"Content-Type": "application/json; charset=utf-8", "WWW-Authenticate": _whom_to_ask(pool)},
        b"OK" if request.method == "GET" else b"",
    )


def _whom_to_ask(pool: Pool) -> str:
    return f'Bearer authorization="https://login.microsoftonline.com/{pool.tenant_id}", resource="{RESOURCE}"'


def _reason(error: tokens.InvalidToken) -> str:
    match error:
        case tokens.WrongAudience():
            return f"Found token with aud={error.audience}, but expected aud={RESOURCE}"
        case tokens.TokenNotYetValid():
            return "Token not yet valid"
        case tokens.ExpiredToken():
            return "Token has expired"
    return "Error decoding or parsing JWT components"


def _unauthorized(pool: Pool, reason: str) -> ServiceError:
    return ServiceError(401, "Unauthorized", reason, headers={"WWW-Authenticate": _whom_to_ask(pool)})
