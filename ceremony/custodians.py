"""Making a custodian: a private key and a self-signed certificate.

The certificate only carries the public key and gives it a name, its thumbprint; nobody checks who signed it or
whether it has expired. Subject, key usages and names are by default those of the quickstart that this program
replaces (an OpenSSL configuration with Contoso's values).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from ceremony.errors import KeyFileError

SIZES: Final = (2048, 3072, 4096)
"""Of RSA keys, in bits, that the service takes."""
SUBJECT: Final = "CN=www.Contoso.com,OU=MHSM,O=Contoso,L=Redmond,ST=WA,C=US"
"""RFC 4514: the most specific part first."""
DNS_NAMES: Final = ("www.contoso.com", "contoso.com", "www.contoso.org", "contoso.org")
DAYS: Final = 365
_PUBLIC_EXPONENT: Final = 65537


def new_key(size: int) -> rsa.RSAPrivateKey:
    """An RSA key of ``size`` bits."""
    return rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=size)


def private_pem(key: rsa.RSAPrivateKey, passphrase: bytes | None) -> bytes:
    """PKCS #8, encrypted if there is a passphrase; OpenSSL and azure-cli read it."""
    protection: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def certificate_pem(key: rsa.RSAPrivateKey, subject: str, dns_names: tuple[str, ...], days: int) -> bytes:
    """A self-signed certificate of the key. Raises KeyFileError for a subject or names that are none."""
    try:
        name = x509.Name.from_rfc4514_string(subject)
        names = [x509.DNSName(each) for each in dns_names]
    except ValueError:
        raise KeyFileError(f"--subject {subject!r} or --dns {' '.join(dns_names)}: not as in {SUBJECT}") from None
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(_usage(), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=True,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
