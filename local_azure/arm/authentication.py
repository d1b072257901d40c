"""Who calls: the bearer token of a request to ARM.

The challenge is described in "Azure Resource Manager, authenticate requests"; the codes are those that ARM answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from local_azure.core.errors import ServiceError
from local_azure.core.http import Origin, Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory
from local_azure.entra.tokens import Claims, ExpiredToken, InvalidToken, WrongAudience, verify

AUDIENCES = (
    "https://management.azure.com",
    "https://management.azure.com/",
    "https://management.core.windows.net",
    "https://management.core.windows.net/",
)
_AUTHORITY = f"https://login.microsoftonline.com/{TENANT_ID}"


@dataclass(frozen=True)
class Caller:
    """Who a verified access token speaks for."""

    object_id: str
    name: str
    """The user principal name, or the application's client id."""
    kind: str
    """``User``, ``Application`` or ``ManagedIdentity``, as system data has it."""
    principal_ids: frozenset[str]
    """The object id and those of all its groups, in lower case."""
    origin: Origin


def authenticate(world: World, request: Request) -> Caller:
    """The caller of the request. Raises ServiceError 401 with ARM's challenge."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not token:
        raise _unauthorized(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            "The authentication failed because of missing 'Authorization' header.",
        )
    if scheme.lower() != "bearer":
        raise _unauthorized(
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
            "The authentication scheme is not supported.",
        )
    try:
        claims = verify(world, token.strip(), AUDIENCES)
    except InvalidToken as error:
        raise _refused(world, error) from None
    if claims.tenant_id != TENANT_ID:
        raise _invalid()
    return _caller(world, claims, request.origin)


def _caller(world: World, claims: Claims, origin: Origin) -> Caller:
    kind = "Application" if claims.raw.get("idtyp") == "app" else "User"
    if "xms_mirid" in claims.raw:
        kind = "ManagedIdentity"
    name = claims.raw.get("upn") or claims.app_id or claims.object_id
    groups = directory.groups_of(world, claims.object_id)
    return Caller(
        object_id=claims.object_id,
        name=str(name),
        kind=kind,
        principal_ids=frozenset({claims.object_id.lower(), *(group.lower() for group in groups)}),
        origin=origin,
    )


def _refused(world: World, error: InvalidToken) -> ServiceError:
    """In the words of Azure/go-azure-helpers issue 51 and hashicorp/terraform-provider-azurerm issue 20867."""
    match error:
        case ExpiredToken():
            expiry, now = _moment(error.expired_at), _moment(world.clock.now())
            return _unauthorized(
                "ExpiredAuthenticationToken",
                f"The access token expiry UTC time '{expiry}' is earlier than current UTC time '{now}'.",
                "The token is expired.",
            )
        case WrongAudience():
            allowed = ",".join(f"'{audience}'" for audience in AUDIENCES)
            return _unauthorized(
                "InvalidAuthenticationTokenAudience",
                f"The access token has been obtained for wrong audience or resource '{error.audience}'. "
                f"It should exactly match with one of the allowed audiences {allowed}.",
                "The audience of the token is invalid.",
            )
    return _invalid()


def _moment(moment: datetime) -> str:
    """As .NET writes it: ``3/19/2023 8:55:46 AM``."""
    hour = moment.hour % 12 or 12
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S} {'AM' if moment.hour < 12 else 'PM'}"


def _invalid() -> ServiceError:
    return _unauthorized("InvalidAuthenticationToken", "The access token is invalid.", "The access token is invalid.")


def _unauthorized(code: str, message: str, description: str) -> ServiceError:
    challenge = f'Bearer authorization_uri="{_AUTHORITY}", error="invalid_token", error_description="{description}"'
    return ServiceError(401, code, message, headers={"WWW-Authenticate": challenge})
