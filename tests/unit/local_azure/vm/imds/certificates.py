"""Certificate requests as MSAL.NET makes them, and wrong ones."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from tests.unit.local_azure.vm.imds.support import Answer, Metadata

PLATFORM = "/metadata/identity/getplatformmetadata?cred-api-version=2.0"
ISSUE = "/metadata/identity/issuecredential?cred-api-version=2.0"
ATTRIBUTE = x509.ObjectIdentifier("1.3.6.1.4.1.311.90.2.10")
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


@lru_cache
def key(bits: int = 2048, number: int = 1) -> rsa.RSAPrivateKey:
    """A key; the same one each time for the same number."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def request(
    platform: dict[str, Any],
    *,
    signer: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
    names: list[tuple[x509.ObjectIdentifier, str]] | None = None,
    attributes: dict[str, bytes] | None = None,
    pss: padding.PSS | None = PSS,
    algorithm: hashes.SHA384 | None = None,
) -> str:
    """Base64 of the request's DER; right but for what is said."""
    used = signer or key()
    subject = names or [(NameOID.COMMON_NAME, platform["clientId"]), (NameOID.DOMAIN_COMPONENT, platform["tenantId"])]
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    )
    compact = json.dumps(platform["cuId"], separators=(",", ":")).encode()
    for oid, value in ({ATTRIBUTE.dotted_string: compact} if attributes is None else attributes).items():
        builder = builder.add_attribute(x509.ObjectIdentifier(oid), value)
    by_pss = pss if isinstance(used, rsa.RSAPrivateKey) else None
    made = builder.sign(used, algorithm or hashes.SHA256(), rsa_padding=by_pss)
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def issue(metadata: Metadata, csr: object, query: str = "", **more: Any) -> Answer:
    """What the metadata service says to a request."""
    return metadata.ask(f"{ISSUE}{query}", method="POST", body={"csr": csr, **more}, content_type="application/json")


def platform(metadata: Metadata, query: str = "") -> dict[str, Any]:
    """What a request has to say."""
    answer = metadata.ask(f"{PLATFORM}{query}")
    assert answer.status == 200, answer
    found: dict[str, Any] = answer.body
    return found


def certificate(answer: Answer) -> bytes:
    """DER of the certificate that was issued."""
    assert answer.status == 200, answer
    return base64.b64decode(answer.body["certificate"], validate=True)
