"""What stands in for attestations of keys: the shape of the service's, signed by a maker that nobody has to trust.

Real blobs are in the format of the HSM's maker and signed by it, up to certificates of the maker and of Microsoft
(documentation "Validate Azure Managed HSM keys using key attestation"). These are JSON that ends with a signature
(RSASSA-PKCS1-v1_5 with SHA-256, 256 octets), and the certificate says in its name what it is worth: the published
checking script refuses them, as it should.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.entra.tokens import signing_key
from local_azure.managed_hsm.keys.state import KeyVersion
from local_azure.managed_hsm.security_domain.encoding import base64url

_MAKER = "hsm-maker"
_NAME = "Local Azure, maker of no HSM"
_SINCE, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def attestation_of(world: World, version: KeyVersion) -> JsonObject:
    """``attributes.attestation`` of a version."""
    maker = signing_key(world, _MAKER)
    said = {
        "version": version.version,
        "type": version.kty,
        "size": version.size,
        "extractable": version.exportable,
        "public": version.public,
    }
    attestation = {
        "certificatePemFile": base64url(_certificate(maker)),
        "privateKeyAttestation": base64url(_signed(maker, {"class": "private", **said})),
        "version": "1.0",
    }
    if version.public:
        attestation["publicKeyAttestation"] = base64url(_signed(maker, {"class": "public", **said}))
    return attestation


def _signed(maker: rsa.RSAPrivateKey, document: JsonObject) -> bytes:
    content = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    return content + maker.sign(content, padding.PKCS1v15(), hashes.SHA256())


def _certificate(maker: rsa.RSAPrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    modulus = maker.public_key().public_numbers().n
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(maker.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(str(modulus).encode()).digest()[:15], "big"))
        .not_valid_before(_SINCE)
        .not_valid_after(_UNTIL)
    )
    return built.sign(maker, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
