"""Attestation tokens that come with certificate requests.

Whether one is needed is a switch: on Azure some machines need one, and nothing public says which. The local Azure plays
no attestation service; it has the key of one (:func:`signing_key`), and tokens that are not signed with it are refused
with the codes of MSAL.NET's ``docs/msi_v2/msiv2_revocation_spec.md``. The claims are those of Azure Attestation's
tokens ("Microsoft Azure Attestation token"): the attested keys are in ``x-ms-runtime``.
"""

from __future__ import annotations

import base64
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import World
from local_azure.entra import tokens
from local_azure.entra.errors import EntraError
from local_azure.vm.imds.errors import invalid_request

_SWITCHES, _REQUIRED = "imds.switches", "attestation-required"


def require(world: World, required: bool) -> None:
    """From here on certificates are issued with an attestation token only, or without one as well."""
    world.store.put(_SWITCHES, _REQUIRED, {"on": required})


def signing_key(world: World) -> rsa.RSAPrivateKey:
    """The key of the attestation service that the metadata service trusts."""
    return tokens.signing_key(world, "attestation")


def check(world: World, token: object, issuer: str, key: rsa.RSAPublicKey) -> None:
    """Raises ServiceError unless the token attests the key, or there is none and none is needed."""
    if token in (None, ""):
        if (world.store.get(_SWITCHES, _REQUIRED) or {}).get("on"):
            raise invalid_request("Attestation Token is missing / empty in the issue credential request")
        return
    try:
        content: dict[str, Any] = jwt.decode(
            str(token),
            signing_key(world).public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iss"]},
        )
    except jwt.InvalidTokenError:
        raise _refused(1000614, "The attestation token has an invalid signature.") from None
    if content["exp"] <= world.clock.timestamp():
        raise _refused(1000610, "The attestation token is not within its valid time range.")
    if content["iss"].rstrip("/") != issuer.rstrip("/"):
        raise _refused(1000611, "The attestation token has an invalid issuer.")
    keys = (content.get("x-ms-runtime") or {}).get("keys") or []
    if _number(key.public_numbers().n) not in [each.get("n") for each in keys]:
        raise _refused(1000612, "The attestation token contains an invalid claim value: the key is not attested.")


def _refused(number: int, description: str) -> EntraError:
    return EntraError(401, "invalid_client", number, description)


def _number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
