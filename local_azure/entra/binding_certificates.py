"""Certificates that bind a managed identity's tokens to a key: who signs them, which are good, which were revoked.

Sources: MSAL.NET, ``docs/msi_v2/cert_handling.md`` (seven days) and ``docs/msi_v2/msiv2_revocation_spec.md``; RFC 8705
for the thumbprint in a token. What Azure's certificates look like inside is nowhere described, nor by whom they are
signed: the issuer here is invented.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local_azure.core.world import TENANT_ID, World
from local_azure.entra.directory import SIGNING_KEYS, Principal

LIFETIME = timedelta(days=7)
_BACKDATED = timedelta(minutes=5)
_AUTHORITY = "binding-certificates"
_AUTHORITY_LIFETIME = timedelta(days=50 * 365)
_ISSUED = "entra.binding-certificates"


class UnusableCertificate(Exception):
    """The certificate proves no identity; the message says why."""


class ExpiredCertificate(UnusableCertificate):
    """Its time is over, or has not come."""


class RevokedCertificate(UnusableCertificate):
    """It was good once."""


@dataclass(frozen=True)
class BindingCertificate:
    """A certificate that was issued here and is good."""

    client_id: str
    tenant_id: str
    thumbprint: str
    """``x5t#S256``: SHA-256 of the DER, base64url without padding."""


def authority(world: World) -> str:
    """The certificate of whoever signs them, as PEM; it outlasts a reset, as the keys that sign tokens do."""
    return _authority(world)["certificate"]


def issue(world: World, principal: Principal, key: rsa.RSAPublicKey) -> bytes:
    """DER of a new certificate for the key of a managed identity."""
    now = world.clock.now()
    signer = _authority(world)
    issuer = x509.load_pem_x509_certificate(signer["certificate"].encode())
    issuer_key = serialization.load_pem_private_key(signer["key"].encode(), password=None)
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise TypeError("The key of the managed identities' authority is no elliptic-curve key.")
    names = [(NameOID.COMMON_NAME, principal.app_id or ""), (NameOID.DOMAIN_COMPONENT, TENANT_ID)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(kind, value) for kind, value in names]))
        .issuer_name(issuer.subject)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + LIFETIME)
        .public_key(key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    world.store.put(_ISSUED, thumbprint(der), {"clientId": principal.app_id, "revoked": False})
    return der


def checked(world: World, der: bytes) -> BindingCertificate:
    """What a certificate proves that a client has shown in TLS. Raises UnusableCertificate."""
    name = thumbprint(der)
    document = world.store.get(_ISSUED, name)
    if document is None:
        raise UnusableCertificate("The certificate was not issued to a managed identity.")
    certificate = x509.load_der_x509_certificate(der)
    if not certificate.not_valid_before_utc <= world.clock.now() < certificate.not_valid_after_utc:
        raise ExpiredCertificate(f"The certificate was valid until {_moment(certificate.not_valid_after_utc)}.")
    if document["revoked"]:
        raise RevokedCertificate("The certificate has been revoked.")
    return BindingCertificate(str(document["clientId"]), TENANT_ID, name)


def revoke(world: World, client_id: str | None = None) -> int:
    """Revokes every certificate, or those of one identity; answers how many."""
    with world.store.transaction():
        found = [
            (name, document)
            for name, document in world.store.scan(_ISSUED)
            if not document["revoked"] and client_id in (None, document["clientId"])
        ]
        for name, document in found:
            world.store.put(_ISSUED, name, {**document, "revoked": True})
    return len(found)


def thumbprint(der: bytes) -> str:
    """``x5t#S256`` (RFC 8705, 3.1)."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _authority(world: World) -> dict[str, str]:
    """Certificate and key, as PEM; made when they are first asked for."""
    with world.store.transaction():
        document = world.store.get(SIGNING_KEYS, _AUTHORITY)
        if document is None:
            key = ec.generate_private_key(ec.SECP256R1())
            form, clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            document = {
                "certificate": _self_signed(world, key).public_bytes(serialization.Encoding.PEM).decode(),
                "key": key.private_bytes(serialization.Encoding.PEM, form, clear).decode(),
            }
            world.store.put(SIGNING_KEYS, _AUTHORITY, document)
    return document


def _self_signed(world: World, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Local Azure managed identities (for tests only)")])
    now = world.clock.now()
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _AUTHORITY_LIFETIME)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
