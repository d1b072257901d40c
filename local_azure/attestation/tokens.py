"""Attestation tokens: what an attestation provider says of an environment, signed (JWT, RS256).

Claims: documentation "Azure Attestation claim sets" and "Azure Key Vault secure key release policy grammar".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import jwt

from local_azure.core.world import World
from local_azure.entra.tokens import key_id, signing_key

SUFFIX = "attest.azure.net"
KEY_NAME = "attestation"
"""All providers of the local Azure sign with one key."""
_LIFETIME_SECONDS = 8 * 3600


class InvalidAssertion(Exception):
    """The token says nothing that can be relied on; the message says why."""


def is_provider(host: str) -> bool:
    """Whether the host name, in lower case, is one of an attestation provider (``<name>.<region>.attest…``)."""
    labels = host.split(".")
    return host.endswith(f".{SUFFIX}") and len(labels) >= 4 and all(labels)


def issue(world: World, issuer: str, claims: Mapping[str, Any]) -> str:
    """A token of the provider at ``issuer`` that makes the claims. Raises ValueError where that is no provider."""
    if not is_provider((urlsplit(issuer).hostname or "").lower()):
        raise ValueError(f"{issuer} is no attestation provider (https://<name>.<region>.{SUFFIX})")
    now = int(world.clock.timestamp())
    content = {"iss": issuer.rstrip("/"), "iat": now, "nbf": now, "exp": now + _LIFETIME_SECONDS, **claims}
    key = signing_key(world, KEY_NAME)
    jku = f"{issuer.rstrip('/')}/certs"
    return jwt.encode(content, key, algorithm="RS256", headers={"kid": key_id(key), "jku": jku})


def verified(world: World, token: str) -> tuple[str, dict[str, Any]]:
    """The issuer, without a slash at its end, and the claims. Raises InvalidAssertion."""
    try:
        content: dict[str, Any] = jwt.decode(
            token,
            signing_key(world, KEY_NAME).public_key(),
            algorithms=["RS256"],
            options={
                "verify_aud": False,
                "verify_exp": False,  # by the local Azure's clock, below
                "verify_nbf": False,
                "verify_iat": False,
                "require": ["iss", "exp"],
            },
        )
    except jwt.InvalidTokenError as error:
        raise InvalidAssertion(str(error)) from None
    if content["exp"] <= world.clock.timestamp():
        raise InvalidAssertion("it has expired")
    return str(content["iss"]).rstrip("/"), content
