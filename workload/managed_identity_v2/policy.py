"""What an Azure SDK client needs to call a resource with bound tokens."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    CustomHookPolicy,
    DistributedTracingPolicy,
    HeadersPolicy,
    HttpLoggingPolicy,
    HTTPPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    RetryPolicy,
    UserAgentPolicy,
)
from azure.core.rest import HttpRequest, HttpResponse

from .credential import ManagedIdentityV2Credential
from .token_cache import BoundToken
from .token_endpoint import TOKEN_TYPE
from .transport import BoundTransport

_ASKS_FOR_CERTIFICATE = "x-ms-tokenboundauth"
"""Makes a vault ask for the certificate (microsoft-identity-web, pull request 3864); nobody else looks at it."""
_BINDING = "binding"
"""The transport's option."""
_CLAIMS = re.compile(r'\bclaims="([^"]*)"')


class MtlsPopPolicy(HTTPPolicy[HttpRequest, HttpResponse]):
    """The authentication policy: the token, its scheme, and its certificate for :class:`BoundTransport`."""

    def __init__(self, credential: ManagedIdentityV2Credential, scope: str) -> None:
        self._credential = credential
        self._scope = scope

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        """Sends it; once more with a new token where the resource refused the first one.

        Raises ManagedIdentityError, and ValueError where the token would not be protected.
        """
        if not request.http_request.url.lower().startswith("https://"):
            raise ValueError("A token is sent by https only.")
        # Options of the request go to the transport, which shows the certificate; a second try sets them anew.
        options = {name: value for name, value in request.context.options.items() if name != _BINDING}
        token = self._credential.bound_token(self._scope)
        response = self._sent(request, token, options)
        if response.http_response.status_code != 401:
            return response
        another = self._credential.in_place_of(token, self._scope, _claims(response.http_response.headers))
        return response if another is token else self._sent(request, another, options)

    def _sent(
        self, request: PipelineRequest[HttpRequest], token: BoundToken, options: dict[str, Any]
    ) -> PipelineResponse[HttpRequest, HttpResponse]:
        headers = request.http_request.headers
        headers["Authorization"] = f"{token.token_type} {token.token}"
        headers.pop(_ASKS_FOR_CERTIFICATE, None)
        request.context.options.clear()
        request.context.options.update(options)
        if token.token_type == TOKEN_TYPE:
            if not isinstance(request.context.transport, BoundTransport):
                raise ValueError("A bound token needs a BoundTransport: give the client one as transport.")
            headers[_ASKS_FOR_CERTIFICATE] = "true"
            request.context.options[_BINDING] = token.binding
        return self.next.send(request)


def bound_client_options(
    credential: ManagedIdentityV2Credential,
    scope: str,
    *,
    transport: BoundTransport | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Keyword arguments for a client that takes no authentication policy, as those of Key Vault.

    ``SecretClient(url, credential, **bound_client_options(credential, "https://vault.azure.net/.default"))``. The
    policies are azure-core's own with their ``options``, but for redirects, which nobody follows with such a token.
    """
    policies = [
        RequestIdPolicy(**options),
        HeadersPolicy(**options),
        UserAgentPolicy(**options),
        ProxyPolicy(**options),
        ContentDecodePolicy(**options),
        RetryPolicy(**options),
        MtlsPopPolicy(credential, scope),
        CustomHookPolicy(**options),
        NetworkTraceLoggingPolicy(**options),
        DistributedTracingPolicy(**options),
        HttpLoggingPolicy(**options),
    ]
    return {"policies": policies, "transport": transport or BoundTransport()}


def _claims(headers: Mapping[str, str]) -> str | None:
    """What a resource wants to see in the token ("How to use Continuous Access Evaluation enabled APIs")."""
    challenge = next((value for name, value in headers.items() if name.lower() == "www-authenticate"), "")
    found = _CLAIMS.search(challenge)
    if found is None:
        return None
    encoded = found[1]
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
