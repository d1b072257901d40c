"""The certificate request of a managed identity (RFC 2986), held to what MSAL.NET sends.

Sources: MSAL.NET, ``ManagedIdentity/V2/Csr.cs`` and its tests' ``CsrValidator.cs``. The order of the subject's two
names differs between encoders. What the real service says to a bad request is not published.
"""

from __future__ import annotations

import base64
import json

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from local_azure.core.http import JsonObject
from local_azure.vm.imds.errors import TokenError, invalid_request

COMPUTE_UNIT_ID = x509.ObjectIdentifier("1.3.6.1.4.1.311.90.2.10")
"""The attribute that says which machine asks."""
_UTF8_STRING = 12
_KEY_BITS, _SALT_BYTES = 2048, 32


def public_key_of(encoded: object, client_id: str, tenant_id: str, compute_unit: JsonObject) -> rsa.RSAPublicKey:
    """The key of a request, in base64 of its DER, that asks for the identity's certificate. Raises TokenError 400."""
    if not isinstance(encoded, str) or not encoded:
        raise _refused("it is missing")
    try:
        request = x509.load_der_x509_csr(base64.b64decode(encoded, validate=True))
        return _checked(request, client_id, tenant_id, compute_unit)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        # Much of a request is only read when it is looked at.
        raise _refused("it is no PKCS#10 request in single-line base64 of its DER") from None


def _checked(
    request: x509.CertificateSigningRequest, client_id: str, tenant_id: str, compute_unit: JsonObject
) -> rsa.RSAPublicKey:
    key = request.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != _KEY_BITS:
        raise _refused(f"its key is not RSA of {_KEY_BITS} bits")
    _check_signature(request)
    subject = sorted((attribute.oid.dotted_string, str(attribute.value)) for attribute in request.subject)
    expected = [(NameOID.COMMON_NAME, client_id), (NameOID.DOMAIN_COMPONENT, tenant_id)]
    if subject != sorted((oid.dotted_string, value) for oid, value in expected):
        raise _refused("its subject is not CN=<client id>, DC=<tenant id>")
    _check_compute_unit(request, compute_unit)
    return key


def _check_signature(request: x509.CertificateSigningRequest) -> None:
    parameters = request.signature_algorithm_parameters
    if not isinstance(parameters, padding.PSS) or not isinstance(request.signature_hash_algorithm, hashes.SHA256):
        raise _refused("it is not signed by RSASSA-PSS with SHA-256")
    mask = parameters.mgf
    if parameters._salt_length != _SALT_BYTES or not isinstance(mask._algorithm, hashes.SHA256):
        raise _refused("its signature's salt is not 32 bytes, or its mask is not by SHA-256")
    if not request.is_signature_valid:
        raise _refused("its signature is not its key's")


def _check_compute_unit(request: x509.CertificateSigningRequest, compute_unit: JsonObject) -> None:
    attributes = list(request.attributes)
    if [attribute.oid for attribute in attributes] != [COMPUTE_UNIT_ID]:
        raise _refused(f"it has other attributes than {COMPUTE_UNIT_ID.dotted_string}")
    expected = json.dumps(compute_unit, separators=(",", ":")).encode()
    if attributes[0]._type != _UTF8_STRING or attributes[0].value != expected:
        raise _refused("its compute unit is not the cuId of the platform metadata, as a UTF8String")


def _refused(reason: str) -> TokenError:
    return invalid_request(f"The certificate request is not valid: {reason}")
