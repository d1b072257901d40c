"""Keys that certificates are issued for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_BITS = 2048
"""What the metadata service signs certificates for (MSAL.NET, ``ManagedIdentity/V2/Csr.cs``)."""


class BindingKey(Protocol):
    """An RSA key of 2,048 bits whose private half signs, and is never seen."""

    @property
    def signer(self) -> rsa.RSAPrivateKey:
        """Signs the certificate request; where the key is in hardware, ``sign`` and ``public_key`` is all it can do."""

    def tls_key(self, passphrase: bytes) -> bytes:
        """What OpenSSL reads as the private key: PEM, encrypted with the passphrase unless it holds no key at all."""


KeyProvider = Callable[[], BindingKey]
"""The key for the next certificate: a new one, or always the same."""


class InMemoryKey:
    """A key of this process; it ends with it."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)

    @property
    def signer(self) -> rsa.RSAPrivateKey:
        """The key."""
        return self._key

    def tls_key(self, passphrase: bytes) -> bytes:
        """PKCS#8, encrypted."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(passphrase),
        )
