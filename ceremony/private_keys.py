"""The custodians' private keys and certificates, as files have them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_pem_private_key

from ceremony import files
from ceremony.encoding import base64url
from ceremony.errors import CeremonyError, KeyFileError, PassphraseError

CERTIFICATE_SUFFIXES: Final = (".cer", ".crt", ".pem")
"""Under which names a certificate is looked for beside its key."""

Ask = Callable[[Path], bytes | None]
"""Asks a person for the passphrase of a key file; None where nobody is there to be asked."""


@dataclass(frozen=True)
class Certificate:
    """A custodian's certificate. Whether it has expired does not matter: it still names the share."""

    name: str
    """The file's name without its suffix."""
    certificate: x509.Certificate = field(repr=False)

    @property
    def der(self) -> bytes:
        """The certificate's octets."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def thumbprint(self) -> str:
        """``x5t#S256`` (RFC 7517, section 4.9): what a security domain calls the custodian."""
        return base64url(hashlib.sha256(self.der).digest())

    @property
    def thumbprint_of_text(self) -> str:
        """What terraform-provider-azurerm sends in its place: the hash of the base64 text, with padding."""
        digest = hashlib.sha256(base64.b64encode(self.der)).digest()
        return base64.urlsafe_b64encode(digest).decode()


@dataclass(frozen=True)
class CustodianKey:
    """A custodian's private key, and the certificate that lies beside it."""

    name: str
    private_key: RSAPrivateKey = field(repr=False)
    certificate: Certificate | None = None


def load_certificate(path: Path) -> Certificate:
    """The certificate of an RSA key in a file, PEM or DER. Raises KeyFileError, CeremonyError."""
    content = files.read(path)
    if b"PRIVATE KEY" in content and b"BEGIN CERTIFICATE" not in content:
        raise KeyFileError(f"{path}: is a private key, not a certificate")
    try:
        pem = b"-----BEGIN" in content
        certificate = x509.load_pem_x509_certificate(content) if pem else x509.load_der_x509_certificate(content)
        public_key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError(f"{path}: is no certificate, neither PEM nor DER") from None
    if not isinstance(public_key, RSAPublicKey):
        raise KeyFileError(f"{path}: the certificate's key is not RSA")
    return Certificate(path.stem, certificate)


def load_keys(paths: Sequence[Path], passphrases: Sequence[bytes], ask: Ask) -> list[CustodianKey]:
    """The private keys in the files. Raises KeyFileError, PassphraseError, CeremonyError."""
    return [load_key(path, passphrases, ask) for path in paths]


def load_key(path: Path, passphrases: Sequence[bytes], ask: Ask) -> CustodianKey:
    """One private key, with the certificate beside it if it is this key's.

    For an encrypted key every one of ``passphrases`` is tried; where there are none, ``ask`` is asked once.
    Raises KeyFileError, PassphraseError, CeremonyError.
    """
    key = load_private_key(path, passphrases, ask)
    if not isinstance(key, RSAPrivateKey):
        raise KeyFileError(f"{path}: is no RSA key; custodians' keys are")
    return CustodianKey(path.stem, key, _beside(path, key))


def load_private_key(path: Path, passphrases: Sequence[bytes], ask: Ask) -> object:
    """A private key of any kind, for the passphrases see :func:`load_key`. Raises as that does."""
    content = files.read(path)
    try:
        return _load(path, content, None)
    except TypeError:
        pass
    candidates = list(passphrases)
    if not candidates:
        asked = ask(path)
        if asked is None:
            raise PassphraseError(
                f"{path}: is encrypted and nobody is there to be asked; give --passphrase-file or --passphrase-fd"
            )
        candidates = [asked]
    for candidate in candidates:
        try:
            return _load(path, content, candidate)
        except PassphraseError:
            continue
    raise PassphraseError(f"{path}: wrong passphrase" if len(candidates) == 1 else f"{path}: none of the passphrases")


def _load(path: Path, content: bytes, passphrase: bytes | None) -> object:
    """Raises TypeError where the key is encrypted and there is no passphrase."""
    pem = b"-----BEGIN" in content
    if pem and b"PRIVATE KEY" not in content:
        raise KeyFileError(f"{path}: is a certificate or something else, not a private key")
    if passphrase == b"":
        raise PassphraseError(f"{path}: the passphrase is empty")
    try:
        return load_pem_private_key(content, passphrase) if pem else load_der_private_key(content, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is None:
            raise KeyFileError(f"{path}: is no private key, neither PEM nor DER") from None
        raise PassphraseError(f"{path}: wrong passphrase, or the file is damaged") from None


def _beside(path: Path, key: RSAPrivateKey) -> Certificate | None:
    for suffix in CERTIFICATE_SUFFIXES:
        candidate = path.with_suffix(suffix)
        if candidate == path or not candidate.is_file():
            continue
        try:
            found = load_certificate(candidate)
        except CeremonyError:
            continue
        if found.certificate.public_key() == key.public_key():
            return found
    return None
