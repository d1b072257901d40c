"""Secure key release: an exportable key leaves for an environment that an attestation token tells of.

Source: documentation "Azure Key Vault secure key release policy grammar" (conditions, environment assertion); the
answer's shape as clients read it (a JWS whose payload has ``response.key.key.key_hsm``). The service checks the token
with the published keys of the authority that the policy names; here that is the local attestation service
(:mod:`local_azure.attestation`).
"""

from __future__ import annotations

import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.attestation import tokens as attestation_tokens
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.entra.tokens import signing_key
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.errors import forbidden
from local_azure.managed_hsm.keys.key_wrapping import wrap
from local_azure.managed_hsm.keys.material import secret_bytes
from local_azure.managed_hsm.keys.state import KeyVersion
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

_RUNTIME = ("x-ms-runtime", "x-ms-runtime-claims")


def released(
    world: World, version: KeyVersion, bundle: JsonObject, token: str, algorithm: str, nonce: str | None
) -> str:
    """The key for the environment of ``token``: a JWS. ``bundle`` is what the service says of the key anyway.

    Raises BadParameter for a token that is none, Forbidden for one that the release policy does not accept.
    """
    claims = _accepted(world, version, token)
    target = _target_key(claims)
    secret = secret_bytes(version.secret)
    wrapped = {
        "schema_version": "1.0",
        "header": {"kid": target["kid"], "alg": "dir", "enc": algorithm},
        "ciphertext": base64url(wrap(secret, _public_key(target), algorithm)),
    }
    key = {**bundle["key"], "key_hsm": base64url(json.dumps(wrapped, separators=(",", ":")).encode())}
    request = {"api-version": "2025-07-01", "enc": algorithm, "kid": bundle["key"]["kid"]}
    payload = {
        "request": {**request, **({"nonce": nonce} if nonce else {})},
        "response": {"key": {**bundle, "key": key}},
    }
    return jwt.encode(payload, signing_key(world, "key-release"), algorithm="RS256")


def _accepted(world: World, version: KeyVersion, token: str) -> dict[str, Any]:
    policy = json.loads(from_base64url((version.release_policy or {})["data"]))
    authorities = {each["authority"].rstrip("/"): each for each in policy["anyOf"]}
    try:
        issuer, claims = attestation_tokens.verified(world, token)
    except attestation_tokens.InvalidAssertion as error:
        raise bad_parameter(f"Target environment attestation statement cannot be verified: {error}") from None
    authority = authorities.get(issuer)
    conditions = {name: value for name, value in (authority or {}).items() if name != "authority"}
    if authority is None or not _meets(claims, conditions):
        raise forbidden("The target environment does not meet the release policy of this key.", "AccessDenied")
    return claims


def _meets(claims: dict[str, Any], condition: dict[str, Any]) -> bool:
    if "claim" in condition:
        found, wanted = _claim(claims, condition["claim"]), condition.get("equals")
        # In JSON true is no number.
        return found is not None and isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)
    if "anyOf" in condition:
        return any(_meets(claims, part) for part in condition["anyOf"])
    return all(_meets(claims, part) for part in condition["allOf"])


def _claim(claims: dict[str, Any], name: str) -> object:
    """A claim by name, whose dots lead into objects; None where it is absent, which equals nothing in a policy."""
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _target_key(claims: dict[str, Any]) -> dict[str, Any]:
    for name in _RUNTIME:
        keys = claims.get(name, {}).get("keys", []) if isinstance(claims.get(name), dict) else []
        for key in keys:
            if key.get("kty") == "RSA" and ("enc" in _uses(key) or "encrypt" in key.get("key_ops", [])):
                return {"kid": "", **key}
    raise bad_parameter("The target environment attestation statement has no key to encrypt the released key with")


def _uses(key: dict[str, Any]) -> tuple[object, object]:
    return key.get("use"), key.get("key_use")


def _public_key(jwk: dict[str, Any]) -> rsa.RSAPublicKey:
    try:
        n, e = (int.from_bytes(from_base64url(jwk[name]), "big") for name in ("n", "e"))
        return rsa.RSAPublicNumbers(e, n).public_key()
    except (KeyError, ValueError, TypeError):
        raise bad_parameter("The target environment's key is no RSA public key") from None
