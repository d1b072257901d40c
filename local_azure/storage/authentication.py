"""Who is calling: an account's key, an access token, a shared access signature, or nobody in particular."""

from __future__ import annotations

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import tokens
from local_azure.storage import sas, shared_key
from local_azure.storage.accounts import Account
from local_azure.storage.context import Caller, Target
from local_azure.storage.errors import StorageError, resource_not_found

RESOURCE = "https://storage.azure.com"
_APPLICATION = "e406a681-f3d4-42a8-90b6-c2b029497af1"
"""Azure Storage itself in Entra ID."""
_CHALLENGE = (
    f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT_ID}/oauth2/authorize resource_id={RESOURCE}"
)
_REFUSED = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
_FIRST_CHALLENGE = "2019-12-12"
"""Since this version a request without credentials is told how to get some."""


def authenticate(world: World, account: Account, target: Target, request: Request) -> Caller:
    """The caller. Raises StorageError 401 or 403."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "sharedkey":
            shared_key.verify(world, account, request, credentials.strip())
            return Caller(has_key=True)
        case "bearer":
            return Caller(claims=_claims(world, account, credentials.strip()))
        case "":
            if sas.is_present(request.query):
                container, blob = target.container, target.blob
                given = sas.verified(
                    world, account, request.query, container=container, blob=blob, origin=request.origin
                )
                return Caller(grant=given)
            return Caller()
        case "sharedkeylite":
            raise NotPlayed("Shared Key Lite signatures of Azure Storage")
    raise _unauthorized("InvalidAuthenticationInfo", "Authentication scheme is not supported.", status=400)


def no_credentials(request: Request) -> StorageError:
    """401: whoever wants this must say who they are; told to clients that understand it."""
    if request.headers.get("x-ms-version", "") < _FIRST_CHALLENGE:
        return resource_not_found()
    return _unauthorized("NoAuthenticationInformation", "")


def _claims(world: World, account: Account, token: str) -> tokens.Claims:
    audiences = (RESOURCE, f"https://{account.name}.blob.core.windows.net", _APPLICATION)
    try:
        claims = tokens.verify(world, token, audiences)
    except tokens.ExpiredToken:
        raise _unauthorized("AuthenticationFailed", "Lifetime validation failed. The token is expired.") from None
    except tokens.WrongAudience:
        raise _unauthorized(
            "InvalidAuthenticationInfo", "Audience validation failed. Audience did not match."
        ) from None
    except tokens.InvalidToken:
        raise _unauthorized("InvalidAuthenticationInfo", "Signature validation failed.") from None
    if claims.tenant_id != TENANT_ID:
        raise _unauthorized("InvalidAuthenticationInfo", "Issuer validation failed. Issuer did not match.")
    return claims


def _unauthorized(code: str, detail: str, *, status: int = 401) -> StorageError:
    elements = {"AuthenticationErrorDetail": detail} if detail else {}
    return StorageError(status, code, _REFUSED, headers={"WWW-Authenticate": _CHALLENGE}, elements=elements)
