"""The key to which a quorum encrypts a security domain for a pool: RSA 4096 with a self-signed certificate.

Made when it is first asked for, which takes some seconds, and kept: the blob may come much later. On Azure the
certificate also carries an attestation of the hardware, which no client reads.
"""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from local_azure.core.world import World
from local_azure.managed_hsm.pools import Pool
from local_azure.managed_hsm.security_domain.certificates import thumbprint
from local_azure.managed_hsm.security_domain.encoding import base64url_integer

_COLLECTION = "hsm.data.activation"
KEY_SIZE = 4096
_VALIDITY = timedelta(days=365)
_making = threading.Lock()


@dataclass(frozen=True)
class TransferKey:
    """A pool's."""

    private_key: rsa.RSAPrivateKey
    certificate: bytes
    """DER."""

    @property
    def thumbprint(self) -> str:
        """``x5t#S256`` of the certificate."""
        return thumbprint(self.certificate)

    def jwk(self) -> str:
        """The public half as the text of a JSON Web Key, certificate included."""
        numbers = self.private_key.public_key().public_numbers()
        return json.dumps(
            {
                "alg": "RSA-OAEP-256",
                "e": base64url_integer(numbers.e),
                "key_ops": ["wrapKey", "verify", "encrypt"],
                "kid": "not used",
                "kty": "RSA",
                "n": base64url_integer(numbers.n),
                "x5c": [base64.b64encode(self.certificate).decode()],
                "x5t#S256": self.thumbprint,
            },
            separators=(",", ":"),
        )


def transfer_key(world: World, pool: Pool) -> TransferKey:
    """The pool's transfer key, made if there is none."""
    return existing_transfer_key(world, pool) or _make(world, pool)


def existing_transfer_key(world: World, pool: Pool) -> TransferKey | None:
    """The pool's transfer key, if anybody has asked for it."""
    document = world.store.get(_COLLECTION, f"{pool.instance_id}/transfer-key")
    if document is None:
        return None
    private_key = load_pem_private_key(document["private_key"].encode(), None)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        raise TypeError("a transfer key is an RSA key")
    return TransferKey(private_key, base64.b64decode(document["certificate"]))


def _make(world: World, pool: Pool) -> TransferKey:
    with _making:
        if made := existing_transfer_key(world, pool):
            return made
        private_key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
        certificate = _certificate(world, pool, private_key).public_bytes(Encoding.DER)
        pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        document = {"private_key": pem, "certificate": base64.b64encode(certificate).decode()}
        world.store.put(_COLLECTION, f"{pool.instance_id}/transfer-key", document)
        return TransferKey(private_key, certificate)


def _certificate(world: World, pool: Pool, private_key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, pool.host)])
    public_key, now = private_key.public_key(), world.clock.now()
    key_identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(key_identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_identifier), critical=False)
        .sign(private_key, hashes.SHA256())
    )
