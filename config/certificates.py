"""Reading custodians' certificates.

Only public certificates enter the program: RSA of 2048 bits or more, as ``az`` asks for. The service accepts expired
certificates, so their dates are not looked at.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.files import UnusableFile, read_file

LEAST_BITS = 2048
_PEM_BEGIN = b"-----BEGIN CERTIFICATE-----"
_PEM_END = b"-----END CERTIFICATE-----"


@dataclass(frozen=True)
class Certificate:
    """A custodian's certificate.

    ``der``: its bytes. ``thumbprint``: base64url without padding of SHA-256 over them (the ``x5t#S256`` of RFC 7517),
    by which a security domain names its custodians. ``public_key``: SHA-256 over the public key's DER, in hex.
    """

    der: bytes
    thumbprint: str
    public_key: str

    @property
    def pem(self) -> str:
        """The certificate as PEM text."""
        body = base64.b64encode(self.der).decode()
        lines = [body[start : start + 64] for start in range(0, len(body), 64)]
        return "\n".join([_PEM_BEGIN.decode(), *lines, _PEM_END.decode(), ""])


def read_certificate(path: Path) -> Certificate:
    """The one certificate in a PEM or DER file.

    Raises :class:`UnusableFile` for a file that is missing, empty, a private key, several certificates, not a
    certificate, or a certificate that is not RSA of :data:`LEAST_BITS` or more.
    """
    content = read_file(path)
    if b"PRIVATE KEY-----" in content:
        raise UnusableFile("has a private key in it")
    certificate = _parse(content)
    key = _public_key(certificate)
    if not isinstance(key, RSAPublicKey):
        raise UnusableFile("has a key that is not RSA")
    if key.key_size < LEAST_BITS:
        raise UnusableFile(f"has an RSA key of only {key.key_size} bits")
    der = certificate.public_bytes(Encoding.DER)
    return Certificate(
        der=der,
        thumbprint=base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode(),
        public_key=fingerprint(key),
    )


def fingerprint(public_key: Any) -> str:
    """SHA-256 in hex over a public key's DER (SubjectPublicKeyInfo, RFC 5280)."""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def _parse(content: bytes) -> x509.Certificate:
    count = content.count(_PEM_BEGIN)
    if count > 1:
        raise UnusableFile(f"has {count} certificates in it")
    try:
        return x509.load_pem_x509_certificate(content) if count else x509.load_der_x509_certificate(content)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableFile("is no certificate that can be read") from None


def _public_key(certificate: x509.Certificate) -> Any:
    try:
        return certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableFile("has a public key that cannot be read") from None
