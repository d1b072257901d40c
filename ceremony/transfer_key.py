"""The transfer key of a pool that shall take in a security domain: its public half, and its certificate's thumbprint.

It comes as JSON, as ``GET /securitydomain/upload`` answers it, or as the PEM certificate that ``az keyvault
security-domain init-recovery`` writes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from ceremony.encoding import base64url, from_base64url, json_object
from ceremony.errors import KeyFileError

_SMALLEST: Final = 2048


@dataclass(frozen=True)
class TransferKey:
    """To whom the master key goes."""

    public_key: RSAPublicKey = field(repr=False)
    thumbprint: str
    """Base64url without padding of the SHA-256 of its certificate's DER."""
    pool: str
    """The common name of its certificate, the host name of the pool."""


def parse(content: bytes, name: str) -> TransferKey:
    """Reads a transfer key in any of its forms; ``name`` begins the line of an error. Raises KeyFileError."""
    if b"PRIVATE KEY" in content:
        raise KeyFileError(f"{name}: is a private key; a transfer key is the target pool's public certificate")
    try:
        if b"-----BEGIN" in content:
            return _of_certificate(x509.load_pem_x509_certificate(content))
        return _of_web_key(_web_key(json_object(content)))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyFileError(
            f"{name}: is no transfer key ({error}); give what GET /securitydomain/upload answered, or the PEM of az "
            "keyvault security-domain init-recovery"
        ) from None


def _web_key(document: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = document.get("transfer_key", document)
    if isinstance(inner, str):
        return json_object(inner)
    if isinstance(inner, dict):
        return inner
    raise ValueError("transfer_key is no JSON Web Key")


def _of_web_key(key: Mapping[str, Any]) -> TransferKey:
    chain = key.get("x5c")
    if not isinstance(chain, list) or not chain or not isinstance(chain[0], str):
        raise ValueError("it has no certificate (x5c)")
    made = _of_certificate(x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True)))
    numbers = made.public_key.public_numbers()
    for member, number in (("n", numbers.n), ("e", numbers.e)):
        if member in key and int.from_bytes(from_base64url(str(key[member]).rstrip("="))) != number:
            raise ValueError("its certificate is of another key than its n and e")
    return made


def _of_certificate(certificate: x509.Certificate) -> TransferKey:
    public_key = certificate.public_key()
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < _SMALLEST:
        raise ValueError(f"its key is not RSA of at least {_SMALLEST} bits")
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return TransferKey(
        public_key=public_key,
        thumbprint=base64url(hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()),
        pool=str(names[0].value) if names else "",
    )
