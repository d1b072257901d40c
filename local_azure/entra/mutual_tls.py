"""https://<region>.mtlsauth.microsoft.com: tokens for whoever shows a managed identity's certificate in TLS.

Sources: MSAL.NET (``ManagedIdentity/V2``, ``docs/msi_v2/msiv2_revocation_spec.md``, and AADSTS392200 as its tests quote
it), MSAL Go (the names of the endpoints) and Azure/azure-sdk-for-net issue 62974 (AADSTS392196). Which number a
certificate gets that has expired or was revoked is not published: here it is the specification's ``invalid_client``
without one, which clients answer by asking for a new certificate.
"""

from __future__ import annotations

import re
from typing import Any

from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.world import World
from local_azure.entra import binding_certificates, directory, tokens
from local_azure.entra.binding_certificates import BindingCertificate, UnusableCertificate
from local_azure.entra.directory import Principal
from local_azure.entra.errors import EntraError

TOKEN_TYPE = "mtls_pop"  # noqa: S105 - the name of a scheme
BINDING_RESOURCES = (
    "https://vault.azure.net",
    "https://graph.microsoft.com",
    "https://management.azure.com",
    "https://storage.azure.com",
)
"""Resources that are publicly seen or said to take bound tokens. Managed HSM is not among them."""
LIFETIME_SECONDS = 3600
_HOST = re.compile(r"([a-z0-9-]+\.)?mtlsauth\.microsoft\.com")


class _Unspecified(EntraError):
    """``invalid_client`` that does not say which rule the certificate broke."""

    def __init__(self, reason: str) -> None:
        super().__init__(401, "invalid_client", 0, reason)
        self.message = reason

    def body(self) -> dict[str, Any]:
        """Without a number."""
        return {name: value for name, value in super().body().items() if name not in ("error_codes", "error_uri")}


def is_host(host: str) -> bool:
    """Whether the host is an endpoint for mutual TLS."""
    return _HOST.fullmatch(host) is not None


def token(world: World, request: Request, form: dict[str, str], resource: str) -> Response:
    """A token for the identity whose certificate the client has shown: bound to it, or a bearer token.

    Raises EntraError.
    """
    proved = _proved(world, request)
    principal = _principal(world, proved, form)
    kind = form.get("token_type", "Bearer")
    if kind.lower() not in ("bearer", TOKEN_TYPE):
        raise EntraError(400, "invalid_request", 900144, f"The token_type '{kind}' is not supported.")
    bound = kind.lower() == TOKEN_TYPE
    if bound and resource.rstrip("/") not in BINDING_RESOURCES:
        raise EntraError(
            400,
            "invalid_request",
            392196,
            "The resource application does not support certificate-bound token. Please set token_type to 'bearer'. "
            "The error code is MtlsClientPopTokenNotSupportedByResource.",
        )
    claims: JsonObject = {"appidacr": "2"}
    if bound:
        claims["cnf"] = {"x5t#S256": proved.thumbprint}
    issued = tokens.issue(world, principal, resource, lifetime_seconds=LIFETIME_SECONDS, claims=claims)
    answer = {
        "token_type": TOKEN_TYPE if bound else "Bearer",
        "expires_in": LIFETIME_SECONDS - 1,
        "ext_expires_in": LIFETIME_SECONDS - 1,
        "access_token": issued,
        "resource": resource,
    }
    return json_response(answer, headers={"Cache-Control": "no-store"})


def _proved(world: World, request: Request) -> BindingCertificate:
    if request.client_certificate is None:
        raise EntraError(400, "invalid_request", 392200, "Client certificate is missing from the request.")
    try:
        return binding_certificates.checked(world, request.client_certificate)
    except UnusableCertificate as error:
        raise _Unspecified(str(error)) from None


def _principal(world: World, proved: BindingCertificate, form: dict[str, str]) -> Principal:
    client_id = form.get("client_id")
    if not client_id:
        raise EntraError(
            400, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."
        )
    if client_id.lower() != proved.client_id.lower():
        raise EntraError(
            401,
            "invalid_client",
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        )
    found = directory.service_principal_of(world, client_id)
    if found is None:
        raise EntraError(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id}' was not found in the directory 'Contoso'.",
        )
    return found
