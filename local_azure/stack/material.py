"""Rehearsal material: what a custodian and a key owner would bring, made up for the stack dev.

Nothing here is secret from anybody: whoever can read ``.local/`` holds a quorum. A real ceremony keeps each private
key with its custodian.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CUSTODIANS = 3
VALID_DAYS = 365
_SUBJECT = (
    (NameOID.COUNTRY_NAME, "US"),
    (NameOID.STATE_OR_PROVINCE_NAME, "WA"),
    (NameOID.LOCALITY_NAME, "Redmond"),
    (NameOID.ORGANIZATION_NAME, "Contoso"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "MHSM"),
    (NameOID.COMMON_NAME, "www.Contoso.com"),
)
_DNS_NAMES = ("www.contoso.com", "contoso.com", "www.contoso.org", "contoso.org")


def make(directory: Path) -> list[Path]:
    """Makes what is missing below ``directory`` and never touches what is there; answers what it made."""
    made: list[Path] = []
    for number in range(1, CUSTODIANS + 1):
        made += _make_custodian(directory / "custodians", number)
    key = directory / "keys" / "mycert2.pem"
    if not key.exists():
        _write(key, _private_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)), 0o600)
        made.append(key)
    return made


def _make_custodian(directory: Path, number: int) -> list[Path]:
    key_file, certificate_file = directory / f"cert_{number}.key", directory / f"cert_{number}.cer"
    if certificate_file.exists():
        return []
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    # The key first: a certificate whose key was lost on the way would be a custodian who can never help.
    _write(key_file, _private_pem(key), 0o600)
    _write(certificate_file, _certificate(key).public_bytes(serialization.Encoding.PEM), 0o644)
    return [key_file, certificate_file]


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(attribute, value) for attribute, value in _SUBJECT])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_agreement", "key_cert_sign", "crl_sign"), False
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(
            x509.KeyUsage(
                **usage, key_encipherment=True, data_encipherment=True, encipher_only=False, decipher_only=False
            ),
            critical=False,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in _DNS_NAMES]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=mode)
    temporary.write_bytes(content)
    temporary.replace(path)
