"""The certificate authority of one local Azure: made once, trusted by nobody but the clients that are pointed at it.

Certificates follow RFC 5280, strictly enough for OpenSSL's X509_V_FLAG_X509_STRICT, which Python 3.13 switches on.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_LIFETIME = timedelta(days=20 * 365)
_LEAF_LIFETIME = timedelta(days=397)
"""Apple's clients refuse anything longer than 398 days."""
_RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(days=1)


class CertificateAuthority:
    """Issues certificates for the hosts that are played, and keeps them in ``<home>/tls``."""

    def __init__(self, home: Path) -> None:
        """Reads the authority, or makes it on the first start. Its times are real ones: clients check them so."""
        self._directory = home / "tls"
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.bundle = home / "ca.pem"
        key_file = self._directory / "ca-key.pem"
        if not (key_file.exists() and self.bundle.exists()):
            _make_authority(key_file, self.bundle)
        self.certificate = x509.load_pem_x509_certificate(self.bundle.read_bytes())
        self._key = _load_key(key_file.read_bytes())

    def certificate_file(self, host: str) -> Path:
        """A PEM file with a private key and a certificate for ``host``, made where there is none that will do."""
        path = self._directory / f"{host}.pem"
        if not (path.exists() and self._will_do(path)):
            write_private(path, self._issue(host))
        return path

    def _will_do(self, path: Path) -> bool:
        leaf = x509.load_pem_x509_certificate(path.read_bytes())
        return leaf.not_valid_after_utc - datetime.now(UTC) > _RENEW_BEFORE and _issued_by(leaf, self.certificate)

    def _issue(self, host: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        leaf = (
            _builder(_LEAF_LIFETIME, key.public_key(), self._key.public_key())
            # A common name holds at most 64 characters (RFC 5280, appendix A.1); clients look at the SAN only.
            .subject_name(_name(host[:64]))
            .issuer_name(self.certificate.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return _private_pem(key) + leaf.public_bytes(serialization.Encoding.PEM)


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)


def _make_authority(key_file: Path, bundle: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Local Azure certificate authority (for tests only)")
    certificate = (
        _builder(_CA_LIFETIME, key.public_key(), key.public_key())
        .subject_name(name)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _private_pem(key))
    write_private(bundle, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    lifetime: timedelta, key: ec.EllipticCurvePublicKey, issuer_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + lifetime)
        .public_key(key)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    identifier = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    return identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("The key of the certificate authority is no elliptic-curve key.")
    return key
