"""Access tokens: JSON Web Tokens signed with the tenant's key, as Entra ID issues them (version 1.0)."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import TENANT_ID, World
from local_azure.entra.directory import SIGNING_KEYS, Principal

ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
_making_key = threading.Lock()


class InvalidToken(Exception):
    """The token does not prove anything; the message says why, without the token."""


class ExpiredToken(InvalidToken):
    """Its time is over."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__("The token has expired.")
        self.expired_at = expired_at


class TokenNotYetValid(InvalidToken):
    """Its time has not come."""

    def __init__(self) -> None:
        super().__init__("The token is not valid yet.")


class WrongAudience(InvalidToken):
    """It was issued for another resource."""

    def __init__(self, audience: str) -> None:
        super().__init__(f"The token is for {audience}, not for this resource.")
        self.audience = audience


class BoundToken(InvalidToken):
    """It is bound to a certificate, and was presented as if it were not."""

    def __init__(self) -> None:
        super().__init__("The token is bound to a certificate.")


class NotBoundToCertificate(InvalidToken):
    """It is not bound to the certificate that came with it."""

    def __init__(self) -> None:
        super().__init__("The token is not bound to this certificate.")


@dataclass(frozen=True)
class Claims:
    """What a verified token says of its bearer."""

    object_id: str
    app_id: str | None
    tenant_id: str
    audience: str
    raw: Mapping[str, Any]


def issue(
    world: World,
    principal: Principal,
    audience: str,
    *,
    lifetime_seconds: int = 3600,
    claims: Mapping[str, Any] | None = None,
) -> str:
    """A signed access token; ``claims`` adds to the usual ones or takes their place."""
    now = int(world.clock.timestamp())
    content: dict[str, Any] = {
        "aud": audience,
        "iss": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_seconds,
        "idp": ISSUER,
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": TENANT_ID,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    }
    if principal.kind == "ServicePrincipal":
        content |= {"appid": principal.app_id, "appidacr": "1", "idtyp": "app"}
    if principal.user_principal_name is not None:
        content |= {"idtyp": "user", "upn": principal.user_principal_name, "name": principal.display_name}
    if principal.managed_identity_resource_id is not None:
        content |= {"appidacr": "2", "xms_mirid": principal.managed_identity_resource_id}
    if principal.directory_roles:
        content["wids"] = list(principal.directory_roles)
    key = signing_key(world, "tenant")
    return jwt.encode(
        {**content, **(claims or {})}, key, algorithm="RS256", headers={"kid": key_id(key), "x5t": key_id(key)}
    )


def verify(world: World, token: str, audiences: Collection[str], *, bound_to: str | None = None) -> Claims:
    """The claims of a token that this tenant signed for one of the audiences and that is valid now.

    A slash at an audience's end makes no difference. ``bound_to`` is the thumbprint (``x5t#S256``) of the certificate
    that the client has proved; without one, a token that is bound to a certificate proves nothing (RFC 8705, 3).
    Raises InvalidToken.
    """
    try:
        content: dict[str, Any] = jwt.decode(
            token,
            signing_key(world, "tenant").public_key(),
            algorithms=["RS256"],
            issuer=ISSUER,
            options={
                "verify_aud": False,
                "verify_exp": False,  # by the local Azure's clock, below
                "verify_nbf": False,
                "verify_iat": False,
                "require": ["aud", "exp", "nbf", "oid", "tid"],
            },
        )
    except jwt.InvalidTokenError as error:
        raise InvalidToken(f"The token is not one of this tenant's: {error}") from None
    now = world.clock.timestamp()
    if content["exp"] <= now:
        raise ExpiredToken(datetime.fromtimestamp(content["exp"], UTC))
    if content["nbf"] > now + 300:
        raise TokenNotYetValid
    if content["aud"].rstrip("/") not in {audience.rstrip("/") for audience in audiences}:
        raise WrongAudience(content["aud"])
    _check_binding(content.get("cnf"), bound_to)
    return Claims(content["oid"], content.get("appid"), content["tid"], content["aud"], content)


def _check_binding(confirmation: Any, bound_to: str | None) -> None:
    if bound_to is None and confirmation is not None:
        raise BoundToken
    if bound_to is not None and (not isinstance(confirmation, dict) or confirmation.get("x5t#S256") != bound_to):
        raise NotBoundToCertificate


def signing_key(world: World, name: str) -> rsa.RSAPrivateKey:
    """The named signing key (``tenant``, or that of an outside issuer), made when it is first asked for."""
    document = world.store.get(SIGNING_KEYS, name)
    if document is None:
        with _making_key:
            document = world.store.get(SIGNING_KEYS, name)
            if document is None:
                made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
                document = {
                    "pem": made.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    ).decode()
                }
                world.store.put(SIGNING_KEYS, name, document)
    return _load(document["pem"])


def key_set(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """The JSON Web Key Set (RFC 7517) with which others verify what the key signed."""
    numbers = key.public_key().public_numbers()
    return {
        "keys": [
            {
                "kty": "RSA",
                "use": "sig",
                "alg": "RS256",
                "kid": key_id(key),
                "x5t": key_id(key),
                "n": _base64url(numbers.n),
                "e": _base64url(numbers.e),
            }
        ]
    }


def key_id(key: rsa.RSAPrivateKey) -> str:
    """A name for the key that its public half determines."""
    modulus = key.public_key().public_numbers().n
    digest = hashlib.sha256(str(modulus).encode()).digest()[:20]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


@lru_cache(maxsize=32)
def _load(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a signing key is an RSA key")
    return key
