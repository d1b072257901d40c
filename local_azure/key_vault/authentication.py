"""Who is calling: bearer tokens, and the challenge to those who bring none that is good.

The challenge and the words of AKV10000 are as azure-cli recorded them (``test_keyvault_secret``, 2025).
"""

from __future__ import annotations

import jwt

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.key_vault.context import Caller
from local_azure.key_vault.vaults import Vault

RESOURCE = "https://vault.azure.net"
_AUDIENCES = (RESOURCE, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093")
"""The service's URI, and its application id in Entra ID."""


def authenticate(world: World, vault: Vault, request: Request) -> Caller:
    """The caller. Raises ServiceError 401 with the challenge, from which clients learn tenant and resource."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized(vault, "AKV10000: Request is missing a Bearer or PoP token.")
    try:
        claims = tokens.verify(world, token.strip(), _AUDIENCES)
    except tokens.InvalidToken as error:
        raise _unauthorized(vault, _reason(str(error), token.strip())) from None
    if claims.tenant_id.lower() != vault.tenant_id.lower():
        expected = f"https://sts.windows.net/{vault.tenant_id}/"
        raise _unauthorized(vault, f"AKV10032: Invalid issuer. Expected one of {expected}, found {claims.raw['iss']}.")
    return Caller(
        object_id=claims.object_id,
        groups=frozenset(directory.groups_of(world, claims.object_id)),
        application_id=claims.app_id or "",
        issuer=str(claims.raw["iss"]),
        is_user=claims.raw.get("idtyp") == "user",
        origin=request.origin,
    )


def _reason(why: str, token: str) -> str:
    if "not for this resource" in why:
        # The signature is good: only then is the audience looked at.
        audience = jwt.decode(token, options={"verify_signature": False})["aud"]
        return f"AKV10022: Invalid audience. Expected {RESOURCE}, found: {audience}."
    if "expired" in why:
        return "[TokenExpired] Error validating token: 'S2S12086'."
    return "[BearerReadAccessTokenFailed] Error validating token: 'S2S12005'."


def _unauthorized(vault: Vault, message: str) -> ServiceError:
    parameters = f'authorization="https://login.microsoftonline.com/{vault.tenant_id}", resource="{RESOURCE}"'
    return ServiceError(401, "Unauthorized", message, headers={"WWW-Authenticate": f"Bearer {parameters}"})
