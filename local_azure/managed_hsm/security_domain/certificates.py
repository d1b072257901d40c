"""The custodians' certificates in a request to download the security domain.

Each comes as a JSON Web Key, of which only ``x5c[0]`` counts: the live service takes keys without ``n`` and ``e`` and
with a wrong ``x5t#S256`` (terraform-provider-azurerm sends such), so nothing else is read, let alone checked. Neither
is the certificate's validity: recorded ones had expired four years before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64

FEWEST, MOST, LOWEST_QUORUM = 3, 10, 2
_SMALLEST_KEY = 2048


@dataclass(frozen=True)
class Custodian:
    """Who gets a share."""

    public_key: RSAPublicKey
    thumbprint: str
    """base64url without padding of SHA-256 over the certificate's DER."""


def custodians_and_quorum(body: JsonObject) -> tuple[list[Custodian], int]:
    """The custodians in their order, and how many of them it takes.

    Raises ServiceError 400: 3 to 10 certificates, all different, each of an RSA key of at least 2,048 bits, and a
    quorum from 2 to their number. (azure-cli checks the same, but for the quorum against the number.)
    """
    keys, required = body.get("certificates"), body.get("required")
    if not isinstance(keys, list) or not FEWEST <= len(keys) <= MOST:
        raise bad_parameter(f"The number of certificates must be between {FEWEST} and {MOST}")
    if not isinstance(required, int) or isinstance(required, bool) or not LOWEST_QUORUM <= required <= len(keys):
        raise bad_parameter(f"'required' must be between {LOWEST_QUORUM} and the number of certificates ({len(keys)})")
    custodians = [_custodian(key, position) for position, key in enumerate(keys)]
    if len({custodian.thumbprint for custodian in custodians}) != len(custodians):
        raise bad_parameter("The certificates must be different from each other")
    return custodians, required


def thumbprint(der: bytes) -> str:
    """``x5t#S256`` (RFC 7517, section 4.9) of a certificate."""
    return base64url(hashlib.sha256(der).digest())


def _custodian(key: object, position: int) -> Custodian:
    chain = key.get("x5c") if isinstance(key, dict) else None
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise bad_parameter(f"Certificate {position} has no 'x5c'")
    try:
        der = from_base64(chain[0])
        public_key = x509.load_der_x509_certificate(der).public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise bad_parameter(f"Certificate {position} is not a valid X.509 certificate") from None
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < _SMALLEST_KEY:
        raise bad_parameter(f"Certificate {position} must have an RSA key of at least {_SMALLEST_KEY} bits")
    return Custodian(public_key, thumbprint(der))
