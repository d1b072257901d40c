"""Who is calling: bearer tokens, and the challenge to those who bring none.

The challenge is as recorded by azure-cli and azure-sdk-for-js: 401, the body ``OK`` to a GET and nothing to the other
methods, and a header from which clients learn the tenant and the resource to ask Entra ID for.
"""

from __future__ import annotations

from local_azure.core.http import Request, Response
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.managed_hsm.context import Caller
from local_azure.managed_hsm.pools import Pool

RESOURCE = "https://managedhsm.azure.net"


def authenticate(world: World, pool: Pool, request: Request) -> Caller | None:
    """The caller, or None where there is no token that this tenant issued for Managed HSM and that is valid now."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        claims = tokens.verify(world, token.strip(), [RESOURCE])
    except tokens.InvalidToken:
        return None
    if claims.tenant_id.lower() != pool.tenant_id.lower():
        return None
    return Caller(
        object_id=claims.object_id,
        groups=frozenset(directory.groups_of(world, claims.object_id)),
        application_id=claims.app_id or "",
        tenant_id=claims.tenant_id,
        origin=request.origin,
    )


def challenge(pool: Pool, request: Request) -> Response:
    """What every request gets that is not authenticated."""
    parameters = f'authorization="https://login.microsoftonline.com/{pool.tenant_id}", resource="{RESOURCE}"'
    return Response(
        401,
        {"Content-Type": "application/json; charset=utf-8", "WWW-Authenticate": f"Bearer {parameters}"},
        b"OK" if request.method == "GET" else b"",
    )
