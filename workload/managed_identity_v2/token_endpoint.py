"""The token endpoint for mutual TLS.

Sources: MSAL.NET, ``Internal/Requests/ManagedIdentityAuthRequest.cs`` and ``docs/msi_v2/msiv2_revocation_spec.md``
(which refusals a new certificate may mend).
"""

from __future__ import annotations

import logging
import ssl
import uuid
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import AzureError
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import ProxyPolicy, RetryPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest, HttpResponse

from .errors import BindingNotOffered, CertificateRefused, ManagedIdentityError, TokenEndpointError
from .json_object import json_object
from .minting import Binding
from .transport import BoundTransport

TOKEN_TYPE = "mtls_pop"  # noqa: S105 - the name of a scheme
_log = logging.getLogger(__name__)
_REFUSED_CERTIFICATE = {1000610, 1000611, 1000612, 1000613, 1000614, 392204}
"""Attestation that is no longer good, and a certificate that has expired."""
_NOT_OFFERED = {392196, 3921996}
"""The resource takes no bound tokens, or the tenant gets none."""
_ADVICE = {
    392200: "the certificate did not arrive: something between here and the endpoint ends TLS (an inspecting proxy?); "
    "let *.mtlsauth.microsoft.com pass through untouched",
    392196: "this resource takes bearer tokens only",
    3921996: "this tenant gets no bound tokens yet",
    500011: "check the scope: it is the resource's identifier and /.default",
    700016: "the identity is not, or no longer, in the tenant",
}


@dataclass(frozen=True)
class IssuedToken:
    """What the endpoint answered."""

    token: str = field(repr=False)
    lifetime_seconds: int


class TokenEndpoint:
    """Asks for bound tokens. Thread-safe."""

    def __init__(self, transport: BoundTransport | None = None, **options: Any) -> None:
        """``options`` go to azure-core's retry and proxy policies, and to the transport where none is given."""
        # The endpoint asks for the certificate in the first handshake, so TLS 1.3 will do.
        self._transport = transport or BoundTransport(maximum_version=ssl.TLSVersion.MAXIMUM_SUPPORTED, **options)
        policies: list[Any] = [
            UserAgentPolicy(base_user_agent="managed-identity-v2"),
            ProxyPolicy(**options),
            RetryPolicy(**{"retry_total": 3, **options}),
        ]
        self._pipeline: Pipeline[HttpRequest, HttpResponse] = Pipeline(self._transport, policies)

    def close(self) -> None:
        """Closes its connections."""
        self._transport.close()

    def token(self, binding: Binding, scope: str, claims: str | None = None) -> IssuedToken:
        """A token bound to the certificate.

        Raises CertificateRefused, BindingNotOffered, TokenEndpointError, ManagedIdentityError.
        """
        form = {
            "grant_type": "client_credentials",
            "client_id": binding.client_id,
            "scope": scope,
            "token_type": TOKEN_TYPE,
            **({} if claims is None else {"claims": claims}),
        }
        headers = {"Accept": "application/json", "x-ms-client-request-id": str(uuid.uuid4())}
        request = HttpRequest("POST", binding.token_endpoint, data=form, headers=headers)
        try:
            response = self._pipeline.run(request, binding=binding).http_response
        except AzureError as error:
            raise ManagedIdentityError(f"{binding.token_endpoint} could not be asked: {error.message}") from error
        answer = json_object(response.read())
        _log.info("%s: %d", binding.token_endpoint, response.status_code)
        if response.status_code != 200:
            raise _refusal(response.status_code, answer)
        return _issued(answer)


def _issued(answer: dict[str, Any]) -> IssuedToken:
    kind, token = answer.get("token_type"), answer.get("access_token")
    if not isinstance(kind, str) or kind.lower() != TOKEN_TYPE or not isinstance(token, str):
        raise ManagedIdentityError(f"The token endpoint answered with a {kind} token, which is not bound to anything.")
    try:
        return IssuedToken(token, int(answer["expires_in"]))
    except (KeyError, TypeError, ValueError):
        raise ManagedIdentityError("The token endpoint does not say how long its token is valid.") from None


def _refusal(status: int, answer: dict[str, Any]) -> ManagedIdentityError:
    error = str(answer.get("error", ""))
    found = answer.get("error_codes")
    codes = [code for code in found if isinstance(code, int)] if isinstance(found, list) else []
    said = " ".join(str(answer.get("error_description") or error or "no reason").split()).partition(" Trace ID:")[0]
    advice = next((_ADVICE[code] for code in codes if code in _ADVICE), "")
    message = f"The token endpoint answered {status}: {said}{f' – {advice}' if advice else ''}"
    if _NOT_OFFERED.intersection(codes):
        return BindingNotOffered(message)
    by_certificate = _REFUSED_CERTIFICATE.intersection(codes) or (error == "invalid_client" and not codes)
    return (CertificateRefused if by_certificate else TokenEndpointError)(message, status, error, codes)
