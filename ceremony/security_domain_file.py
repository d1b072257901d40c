"""What a security-domain file says, and what a restore blob says.

::

    {"EncData": {"data": [{"compact_jwe": JWE, "tag": TEXT}, …], "kdf": "sp108_kdf"},
     "SharedKeys": {"enc_shares": [{"enc_key": JWE, "x5t_256": THUMBPRINT}, …],
                    "key_algorithm": "shamir_share", "required": QUORUM},
     "version": 2}

The format is published by its clients only (azure-cli ``security_domain_restore_blob``, Az.KeyVault
``SecurityDomain``); the restore blob has ``WrappedKey`` in place of ``SharedKeys``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ceremony import jwe
from ceremony.encoding import json_object
from ceremony.errors import BrokenFileError
from ceremony.jwe import Jwe, JweError
from ceremony.shamir import MOST_SHARES

VERSION: Final = 2
KEY_DERIVATION: Final = "sp108_kdf"
SHARING: Final = "shamir_share"
FEWEST_REQUIRED: Final = 2
MOST_REQUIRED: Final = 10

_LONGEST_LABEL: Final = 200
_TRUNCATED: Final = "is the file whole?"


@dataclass(frozen=True)
class EncryptedShare:
    """One custodian's share, encrypted to the custodian's certificate."""

    number: int
    """Its place in the file, from 1."""
    thumbprint: str
    """As the file writes it; the certificate's SHA-256 in base64url, unless somebody got that wrong."""
    encrypted: Jwe | None = field(repr=False)
    """None where it is broken; the others may still open the file."""
    problem: str = ""


@dataclass(frozen=True)
class Datum:
    """A piece of the content, opaque to everybody but the service."""

    tag: str
    encrypted: Jwe | None = field(repr=False)
    problem: str = ""


@dataclass(frozen=True)
class SecurityDomainFile:
    """A parsed file. Nothing of it has been decrypted."""

    sha256: str
    """Of the file's bytes, lower-case hex."""
    size: int
    """In bytes."""
    version: int
    required: int
    shares: tuple[EncryptedShare, ...]
    data: tuple[Datum, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """The pieces of the content, in the file's order."""
        return tuple(datum.tag for datum in self.data)


@dataclass(frozen=True)
class RestoreBlob:
    """A parsed restore blob: what ``recover`` makes and a pool takes in."""

    sha256: str
    size: int
    transfer_thumbprint: str
    """Of the certificate of the transfer key that it was made for."""
    tags: tuple[str, ...]


def parse(content: bytes, name: str) -> SecurityDomainFile:
    """Reads a security-domain file; ``name`` begins the line of an error. Raises BrokenFileError.

    A single share or datum that is broken does not raise: it says so itself.
    """
    document = _document(content, name)
    encrypted, shared = _member(document, "EncData", name), _member(document, "SharedKeys", name)
    _expect(document.get("version"), VERSION, "version", name)
    _expect(shared.get("key_algorithm"), SHARING, "SharedKeys.key_algorithm", name)
    _expect(encrypted.get("kdf"), KEY_DERIVATION, "EncData.kdf", name)
    shares = tuple(
        _share(number, each, name) for number, each in enumerate(_list(shared, "enc_shares", "SharedKeys", name), 1)
    )
    required = shared.get("required")
    if type(required) is not int or not FEWEST_REQUIRED <= required <= MOST_REQUIRED:
        raise BrokenFileError(
            f"{name}: SharedKeys.required is {required!r}; {FEWEST_REQUIRED} to {MOST_REQUIRED} are possible"
        )
    if not required <= len(shares) <= MOST_SHARES:
        raise BrokenFileError(f"{name}: has {len(shares)} shares for a quorum of {required}; {_TRUNCATED}")
    return SecurityDomainFile(
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        version=VERSION,
        required=required,
        shares=shares,
        data=_data(encrypted, name),
    )


def is_restore_blob(content: bytes) -> bool:
    """Whether this is rather a restore blob than a security-domain file."""
    try:
        document = json_object(content)
    except ValueError:
        return False
    return "WrappedKey" in document and "SharedKeys" not in document


def parse_restore_blob(content: bytes, name: str) -> RestoreBlob:
    """Reads a restore blob. Raises BrokenFileError."""
    document = _document(content, name)
    wrapped = _member(document, "WrappedKey", name)
    data = _data(_member(document, "EncData", name), name)
    problems = [f"the datum {datum.tag}: {datum.problem}" for datum in data if datum.problem]
    try:
        jwe.parse(wrapped.get("enc_key"))
    except JweError as error:
        problems.append(f"the wrapped key: {error}")
    if problems:
        raise BrokenFileError(f"{name}: {'; '.join(problems)}")
    return RestoreBlob(
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        transfer_thumbprint=str(wrapped.get("x5t_256", "")),
        tags=tuple(datum.tag for datum in data),
    )


def _document(content: bytes, name: str) -> dict[str, Any]:
    if not content.strip():
        raise BrokenFileError(f"{name}: is empty")
    try:
        return json_object(content)
    except ValueError as error:
        raise BrokenFileError(f"{name}: {error}; {_TRUNCATED}") from None


def _member(document: Mapping[str, Any], member: str, name: str) -> dict[str, Any]:
    found = document.get(member)
    if isinstance(found, dict):
        return found
    if member == "SharedKeys" and "SplitKeys" in document:
        raise BrokenFileError(f"{name}: is of the legacy version 1 (SplitKeys); download the security domain again")
    if member == "SharedKeys" and "WrappedKey" in document:
        raise BrokenFileError(f"{name}: is a restore blob, not a security-domain file")
    raise BrokenFileError(f"{name}: is no security-domain file: {member} is missing")


def _list(parent: Mapping[str, Any], member: str, path: str, name: str) -> list[Any]:
    found = parent.get(member)
    if not isinstance(found, list) or not found:
        raise BrokenFileError(f"{name}: {path}.{member} is missing or empty; {_TRUNCATED}")
    return found


def _is_label(text: object) -> bool:
    """Short and of visible characters: it is shown to people, and keys are derived from it."""
    return isinstance(text, str) and 0 < len(text) <= _LONGEST_LABEL and text.isascii() and text.isprintable()


def _expect(found: object, wanted: int | str, path: str, name: str) -> None:
    if found != wanted or type(found) is not type(wanted):
        raise BrokenFileError(f"{name}: {path} is {found!r} instead of {wanted!r}")


def _share(number: int, each: object, name: str) -> EncryptedShare:
    if not isinstance(each, dict) or not _is_label(each.get("x5t_256")):
        raise BrokenFileError(f"{name}: share {number} does not name its custodian's certificate (x5t_256)")
    try:
        return EncryptedShare(number, each["x5t_256"], jwe.parse(each.get("enc_key")))
    except JweError as error:
        return EncryptedShare(number, each["x5t_256"], None, str(error))


def _data(encrypted: Mapping[str, Any], name: str) -> tuple[Datum, ...]:
    return tuple(_datum(number, each, name) for number, each in enumerate(_list(encrypted, "data", "EncData", name), 1))


def _datum(number: int, each: object, name: str) -> Datum:
    if not isinstance(each, dict) or not _is_label(each.get("tag")):
        raise BrokenFileError(f"{name}: datum {number} has no tag")
    try:
        return Datum(each["tag"], jwe.parse(each.get("compact_jwe")))
    except JweError as error:
        return Datum(each["tag"], None, str(error))
