"""A key in hardware, such as a TPM, by PKCS#11 (version 2.40): made there, used there, never out of it.

Two parts do the work: ``python-pkcs11`` (an optional dependency) makes the key and signs the certificate request; for
TLS, OpenSSL uses the key itself by its provider for PKCS#11 (``pkcs11-provider``), which must be active in the
process's OpenSSL configuration. Its file format for "the key is over there" is in its documentation ("PKCS#11 PROVIDER
URI" PEM files); URIs are those of RFC 7512.
"""

from __future__ import annotations

import base64
import contextlib
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding as paddings
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric_utils

from .binding_key import KEY_BITS
from .errors import ManagedIdentityError

_SALT_BYTES = 32
_PEM_LABEL, _PEM_DESCRIPTION = "PKCS#11 PROVIDER URI", b"PKCS#11 Provider URI v1.0"
_one_session = threading.Lock()
_SEQUENCE, _VISIBLE_STRING, _UTF8_STRING = 0x30, 0x1A, 0x0C


@dataclass(frozen=True)
class Pkcs11Token:
    """Where the key lives."""

    module: str
    """Path of the PKCS#11 library."""
    label: str
    pin_file: str | None = None
    """File with the user's PIN; OpenSSL reads it as well, so it is named, not copied."""

    @contextlib.contextmanager
    def session(self) -> Iterator[Any]:
        """A session that may make keys. Raises ManagedIdentityError."""
        try:
            import pkcs11
        except ImportError:
            raise ManagedIdentityError("A key in hardware needs python-pkcs11: install it.") from None
        try:
            pin = None if self.pin_file is None else Path(self.pin_file).read_text().strip()
            # A login is the whole process's, and ends with the session that made it: one at a time.
            with _one_session, self._opened(pkcs11, pin) as session:
                yield session
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            reason = f"{type(error).__name__} {error}".strip()
            raise ManagedIdentityError(f"The token {self.label!r} in {self.module} cannot be used: {reason}") from None

    def _opened(self, pkcs11: Any, pin: str | None) -> Any:
        token = pkcs11.lib(self.module).get_token(token_label=self.label)
        try:
            return token.open(rw=True, user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            # By OpenSSL, which keeps the token open once it has used the key.
            return token.open(rw=True)


class Pkcs11Key:
    """The RSA key of that label; made where there is none, and used for every certificate. Thread-safe."""

    def __init__(self, token: Pkcs11Token, label: str) -> None:
        self._token = token
        self._label = label
        self._lock = threading.Lock()
        self._signer: _Signer | None = None

    @property
    def signer(self) -> rsa.RSAPrivateKey:
        """Signs in the token. Raises ManagedIdentityError."""
        with self._lock:
            if self._signer is None:
                self._signer = _Signer(self._token, self._label, self._public_key())
            return self._signer

    def tls_key(self, passphrase: bytes) -> bytes:
        """Where the key is, for OpenSSL; there is nothing in it to encrypt."""
        del passphrase
        uri = f"pkcs11:token={quote(self._token.label)};object={quote(self._label)};type=private"
        if self._token.pin_file is not None:
            uri += f"?pin-source=file:{quote(str(Path(self._token.pin_file).resolve()))}"
        content = _der(_VISIBLE_STRING, _PEM_DESCRIPTION) + _der(_UTF8_STRING, uri.encode())
        lines = textwrap.wrap(base64.b64encode(_der(_SEQUENCE, content)).decode(), 64)
        return "\n".join([f"-----BEGIN {_PEM_LABEL}-----", *lines, f"-----END {_PEM_LABEL}-----", ""]).encode()

    def _public_key(self) -> rsa.RSAPublicKey:
        import pkcs11

        with self._token.session() as session:
            wanted = {pkcs11.Attribute.LABEL: self._label, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PUBLIC_KEY}
            public = next(iter(session.get_objects(wanted)), None)
            if public is None:
                public, _ = session.generate_keypair(
                    pkcs11.KeyType.RSA,
                    KEY_BITS,
                    store=True,
                    label=self._label,
                    private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
                )
            else:
                self._refuse_what_could_leave(session)
            modulus = int.from_bytes(public[pkcs11.Attribute.MODULUS], "big")
            exponent = int.from_bytes(public[pkcs11.Attribute.PUBLIC_EXPONENT], "big")
        if modulus.bit_length() != KEY_BITS:
            raise ManagedIdentityError(f"The key {self._label!r} has not {KEY_BITS} bits: choose another label.")
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()

    def _refuse_what_could_leave(self, session: Any) -> None:
        """A key of that label that somebody else has put there may be one that the token gives out."""
        import pkcs11

        wanted = {pkcs11.Attribute.LABEL: self._label, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        for private in session.get_objects(wanted):
            if private[pkcs11.Attribute.EXTRACTABLE] or not private[pkcs11.Attribute.SENSITIVE]:
                raise ManagedIdentityError(
                    f"The private key {self._label!r} may leave its token, so nothing is bound to it: choose another"
                    " label."
                )


class _Signer(rsa.RSAPrivateKey):
    """What ``cryptography`` needs to sign a certificate request; the private half stays where it is."""

    def __init__(self, token: Pkcs11Token, label: str, public_key: rsa.RSAPublicKey) -> None:
        self._token = token
        self._label = label
        self._public = public_key

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    def sign(
        self,
        data: bytes | bytearray | memoryview,
        padding: paddings.AsymmetricPadding,
        algorithm: asymmetric_utils.Prehashed | hashes.HashAlgorithm | asymmetric_utils.NoDigestInfo,
    ) -> bytes:
        """RSASSA-PSS with SHA-256 and a salt of 32 bytes, which is all that a certificate request takes."""
        import pkcs11

        if not isinstance(padding, paddings.PSS) or not isinstance(algorithm, hashes.SHA256):
            raise NotImplementedError("This key signs by RSASSA-PSS with SHA-256 only.")
        parameters = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, _SALT_BYTES)
        with self._token.session() as session:
            wanted = {pkcs11.Attribute.LABEL: self._label, pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
            private = next(iter(session.get_objects(wanted)), None)
            if private is None:
                raise ManagedIdentityError(f"The private half of {self._label!r} is not in the token.")
            mechanism = pkcs11.Mechanism.SHA256_RSA_PKCS_PSS
            return bytes(private.sign(bytes(data), mechanism=mechanism, mechanism_param=parameters))

    def decrypt(self, ciphertext: bytes, padding: paddings.AsymmetricPadding) -> bytes:
        del ciphertext, padding
        self._refuse()

    def private_numbers(self) -> rsa.RSAPrivateNumbers:
        self._refuse()

    def private_bytes(self, *args: Any, **kwargs: Any) -> bytes:
        del args, kwargs
        self._refuse()

    def __copy__(self) -> _Signer:
        return self

    def __deepcopy__(self, memo: Any) -> _Signer:
        return self

    def _refuse(self) -> NoReturn:
        raise NotImplementedError("The private key stays in the token.")


def _der(tag: int, content: bytes) -> bytes:
    """Tag, length, value (X.690, 8.1)."""
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
