"""The public side of attestation providers: their metadata and their keys.

``https://<name>.<region>.attest.azure.net``. Judging evidence of a trusted environment takes such an environment: the
operations ``/attest/…`` answer 501, and tokens come from the control API (:mod:`local_azure.server.control`).
Source: API description "Azure Attestation" 2022-08-01 (``OpenIdMetadata``, ``SigningCertificates``).
"""

from __future__ import annotations

from local_azure.attestation.tokens import KEY_NAME, is_provider
from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request, Response, json_response
from local_azure.core.router import Route, Router
from local_azure.core.world import World
from local_azure.entra.tokens import key_set, signing_key


class AttestationService:
    """Plays every attestation provider; they all sign with one key."""

    name = "Azure Attestation"

    def __init__(self, world: World) -> None:
        self._world = world
        self._router = Router(
            [
                Route("GET", "/.well-known/openid-configuration", self._metadata),
                Route("GET", "/certs", self._keys),
            ]
        )

    def plays(self, host: str) -> bool:
        """Whether requests to this host name are for it."""
        return is_provider(host)

    def handle(self, request: Request) -> Response:
        """Answers one request. Raises ServiceError."""
        found = self._router.find(request)
        if found is None:
            raise NotPlayed(f"{request.method} {request.path} of Azure Attestation")
        handler, matched = found
        return handler(matched)

    def _metadata(self, request: Request) -> Response:
        issuer = f"https://{request.host}"
        return json_response(
            {
                "issuer": issuer,
                "jwks_uri": f"{issuer}/certs",
                "response_types_supported": ["token", "none"],
                "id_token_signing_alg_values_supported": ["RS256", "none"],
                "claims_supported": ["iss", "exp", "nbf", "iat", "x-ms-runtime"],
            }
        )

    def _keys(self, _: Request) -> Response:
        return json_response(key_set(signing_key(self._world, KEY_NAME)))
