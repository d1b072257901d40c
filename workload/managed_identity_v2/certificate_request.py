"""The certificate request (RFC 2986) in the shape that the metadata service wants.

Source: MSAL.NET, ``ManagedIdentity/V2/Csr.cs``: RSASSA-PSS with SHA-256 and a salt of 32 bytes, and one attribute that
holds the machine's ``cuId`` as compact JSON in a UTF8String.
"""

from __future__ import annotations

import base64
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import NameOID

from .binding_key import BindingKey
from .metadata_service import PlatformMetadata

COMPUTE_UNIT_ID = x509.ObjectIdentifier("1.3.6.1.4.1.311.90.2.10")
_SALT_BYTES = 32


def certificate_request(key: BindingKey, platform: PlatformMetadata) -> str:
    """Single-line base64 of the DER."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, platform.client_id),
            x509.NameAttribute(NameOID.DOMAIN_COMPONENT, platform.tenant_id),
        ]
    )
    compute_unit = json.dumps(platform.compute_unit, separators=(",", ":"), ensure_ascii=False).encode()
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(subject)
        .add_attribute(COMPUTE_UNIT_ID, compute_unit)
        .sign(key.signer, hashes.SHA256(), rsa_padding=padding.PSS(padding.MGF1(hashes.SHA256()), _SALT_BYTES))
    )
    return base64.b64encode(request.public_bytes(serialization.Encoding.DER)).decode()
