"""Who is calling: bearer and bound tokens, and the challenge to those who bring none that is good.

The challenge and the words of AKV10000 are as azure-cli recorded them (``test_keyvault_secret``, 2025).

A token that is bound to a certificate comes with the scheme ``mtls_pop``, the certificate in TLS and the header
``x-ms-tokenboundauth: true``. Azure asks for the certificate only when it has read that header (by renegotiation in TLS
1.2), the local Azure in the first handshake; without the header it does not look at it. Sources: microsoft-identity-web
pull request 3864 (the header, and what is said without it), Azure/azure-sdk-for-net pull request 62756
(``MtlsCnfClaimRequestDataValidationFailed``), MSAL Go's ``mtls_pop_integration_test.go`` (``MissingClientCertificate``,
and what Microsoft Graph says to a bound token as bearer).
"""

from __future__ import annotations

import base64
import json

import jwt

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.entra import binding_certificates, directory, tokens
from local_azure.key_vault.context import Caller
from local_azure.key_vault.vaults import Vault

RESOURCE = "https://vault.azure.net"
_BOUND = "mtls_pop"
_MISMATCH = "[MtlsCnfClaimRequestDataValidationFailed] The token is not bound to the client certificate."
_AUDIENCES = (RESOURCE, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093")
"""The service's URI, and its application id in Entra ID."""


def authenticate(world: World, vault: Vault, request: Request) -> Caller:
    """The caller. Raises ServiceError 401 with the challenge, from which clients learn tenant and resource."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", _BOUND) or not token.strip():
        raise _unauthorized(vault, "AKV10000: Request is missing a Bearer or PoP token.")
    bound_to = _proved(world, vault, request) if scheme.lower() == _BOUND else None
    try:
        claims = tokens.verify(world, token.strip(), _AUDIENCES, bound_to=bound_to)
    except tokens.BoundToken:
        raise _unauthorized(vault, "Cnf claim not supported over Bearer protocol.") from None
    except tokens.NotBoundToCertificate:
        raise _unauthorized(vault, _MISMATCH) from None
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


def _proved(world: World, vault: Vault, request: Request) -> str:
    """The thumbprint of the certificate that the client has shown. Raises ServiceError 401."""
    asked = request.headers.get("x-ms-tokenboundauth", "").lower() == "true"
    if not asked or request.client_certificate is None:
        message = "[MissingClientCertificate] Client certificate required for using MTLS_POP token."
        raise _unauthorized(vault, message)
    try:
        return binding_certificates.checked(world, request.client_certificate).thumbprint
    except binding_certificates.RevokedCertificate:
        raise _unauthorized(vault, "The client certificate has been revoked.", _claims_challenge(world)) from None
    except binding_certificates.UnusableCertificate as error:
        raise _unauthorized(vault, f"{_MISMATCH} {error}") from None


def _claims_challenge(world: World) -> str:
    """Asks for a newer token ("How to use Continuous Access Evaluation enabled APIs in your applications")."""
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(world.clock.timestamp()))}}}
    encoded = base64.b64encode(json.dumps(wanted, separators=(",", ":")).encode()).decode()
    return f', error="insufficient_claims", claims="{encoded}"'


def _reason(why: str, token: str) -> str:
    if "not for this resource" in why:
        # The signature is good: only then is the audience looked at.
        audience = jwt.decode(token, options={"verify_signature": False})["aud"]
        return f"AKV10022: Invalid audience. Expected {RESOURCE}, found: {audience}."
    if "expired" in why:
        return "[TokenExpired] Error validating token: 'S2S12086'."
    return "[BearerReadAccessTokenFailed] Error validating token: 'S2S12005'."


def _unauthorized(vault: Vault, message: str, more: str = "") -> ServiceError:
    parameters = f'authorization="https://login.microsoftonline.com/{vault.tenant_id}", resource="{RESOURCE}"{more}'
    return ServiceError(401, "Unauthorized", message, headers={"WWW-Authenticate": f"Bearer {parameters}"})
