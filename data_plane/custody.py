"""Who holds a security domain, and the record that says which pool, custodians and bytes a file belongs to."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from data_plane import pool as pools
from data_plane.errors import CustodyError

_VERSION: Final = 1


@dataclass(frozen=True, order=True)
class Custodian:
    """A holder of one share, known by a public certificate."""

    name: str
    thumbprint: str
    """Base64url without padding of the SHA-256 of the certificate's DER (RFC 7517, ``x5t#S256``): the security
    domain names its shares so."""


@dataclass(frozen=True)
class Custody:
    """For which custodians a security domain is made, and how many of them open it."""

    custodians: tuple[Custodian, ...]
    quorum: int

    @property
    def thumbprints(self) -> frozenset[str]:
        """What tells custodians apart; their names are only labels."""
        return frozenset(custodian.thumbprint for custodian in self.custodians)

    def fits(self, other: Custody) -> bool:
        """Whether both mean the same certificates and the same quorum."""
        return self.thumbprints == other.thumbprints and self.quorum == other.quorum

    def __str__(self) -> str:
        return f"{self.quorum} of {', '.join(custodian.name for custodian in self.custodians)}"


@dataclass(frozen=True)
class Attempt:
    """Written before the request that activates: who finds it without a manifest knows that this attempt was cut
    off before the security domain was on disk."""

    hsm_id: str
    hsm_created_at: str
    custody: Custody
    started_at: str

    def to_json(self) -> str:
        """As the file has it."""
        return json.dumps({"version": _VERSION, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Attempt | None:
        """What the file says, or None where it is no such record."""
        document = _document(text)
        try:
            return cls(
                str(document["hsm_id"]),
                str(document["hsm_created_at"]),
                _custody(document["custody"]),
                str(document["started_at"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def means_the_same(self, other: Attempt) -> bool:
        """Whether both were attempts on one pool for the same custodians."""
        same = pools.is_same(self.hsm_id, self.hsm_created_at, other.hsm_id, other.hsm_created_at)
        return same and self.custody.fits(other.custody)

    def is_for(self, pool: pools.Pool, custody: Custody) -> bool:
        """Whether it was an attempt on this very pool for these custodians."""
        return pools.is_same(self.hsm_id, self.hsm_created_at, pool.id, pool.created_at) and self.custody.fits(custody)


@dataclass(frozen=True)
class Manifest:
    """What is known of a security-domain file, without its content."""

    hsm_id: str
    hsm_created_at: str
    custody: Custody
    sha256: str
    """Of the file, lower-case hex."""
    downloaded_at: str
    downloaded_by: str

    def to_json(self) -> str:
        """As the file has it."""
        return json.dumps(self.to_document(), indent=2) + "\n"

    def to_document(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "version": _VERSION,
            "hsm_id": self.hsm_id,
            "hsm_created_at": self.hsm_created_at,
            "quorum": self.custody.quorum,
            "custodians": [asdict(custodian) for custodian in self.custody.custodians],
            "sha256": self.sha256,
            "downloaded_at": self.downloaded_at,
            "downloaded_by": self.downloaded_by,
        }

    @classmethod
    def from_json(cls, text: str) -> Manifest | None:
        """What the file says, or None where it is no manifest."""
        return cls.from_document(_document(text))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Manifest | None:
        """What the plain JSON data says, or None where it is no manifest."""
        try:
            return cls(
                hsm_id=str(document["hsm_id"]),
                hsm_created_at=str(document["hsm_created_at"]),
                custody=_custody(document),
                sha256=str(document["sha256"]),
                downloaded_at=str(document["downloaded_at"]),
                downloaded_by=str(document["downloaded_by"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def is_of(self, pool: pools.Pool) -> bool:
        """Whether it names this very pool."""
        return pools.is_same(self.hsm_id, self.hsm_created_at, pool.id, pool.created_at)


def stamp(manifest: Manifest | None, otherwise: str) -> str:
    """The creation time of the pool that a security domain belongs to, else another time, as part of a name."""
    moment = otherwise
    if manifest is not None and manifest.hsm_created_at:
        moment = manifest.hsm_created_at.split(".")[0].rstrip("Z") + "Z"
    return re.sub(r"[^0-9A-Za-z]", "", moment)


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _custody(document: Mapping[str, Any]) -> Custody:
    custodians = tuple(Custodian(str(each["name"]), str(each["thumbprint"])) for each in document["custodians"])
    return Custody(custodians, int(document["quorum"]))


def thumbprint(der: bytes) -> str:
    """``x5t#S256`` of a certificate (RFC 7517, section 4.9)."""
    return _base64url(hashlib.sha256(der).digest())


def certificate_der(name: str, certificate: str) -> bytes:
    """The DER of a PEM certificate.

    Raises CustodyError for anything else, a private key above all, and for a key that the service refuses: it takes
    RSA of 2,048 bits or more. Expired certificates pass: they still open a security domain.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding

    if "PRIVATE KEY" in certificate:
        raise CustodyError(f"custodian {name}: this is a private key; give the public certificate only")
    try:
        parsed = x509.load_pem_x509_certificate(certificate.encode())
        public_key = parsed.public_key()
    except ValueError:
        raise CustodyError(f"custodian {name}: not a PEM certificate") from None
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < 2048:
        raise CustodyError(f"custodian {name}: the certificate's key must be RSA of at least 2048 bits")
    return parsed.public_bytes(Encoding.DER)


def json_web_key(der: bytes) -> dict[str, Any]:
    """The public certificate as the download request wants it."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    public_key = x509.load_der_x509_certificate(der).public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise CustodyError("a custodian's certificate must have an RSA key")
    numbers = public_key.public_numbers()
    return {
        "kty": "RSA",
        "alg": "RSA-OAEP-256",
        "key_ops": ["verify", "encrypt", "wrapKey"],
        "n": _base64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)),
        "e": _base64url(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8)),
        "x5c": [base64.b64encode(der).decode()],
        "x5t": _base64url(hashlib.sha1(der, usedforsecurity=False).digest()),
        "x5t#S256": thumbprint(der),
    }


def custody_of(certificates: Iterable[tuple[str, bytes]], quorum: int) -> Custody:
    """The custody that names and DER certificates with a quorum make.

    Raises CustodyError outside of the service's limits: 3 to 10 different certificates, a quorum of 2 to 10 that is
    not above their number.
    """
    custodians = tuple(Custodian(name, thumbprint(der)) for name, der in certificates)
    custody = Custody(custodians, quorum)
    if not 3 <= len(custodians) <= 10:
        raise CustodyError(f"custodians: {len(custodians)} given; the service takes 3 to 10")
    if len(custody.thumbprints) != len(custodians):
        raise CustodyError("custodians: the same certificate is given twice; each custodian needs one of their own")
    if not 2 <= quorum <= len(custodians):
        raise CustodyError(f"quorum: {quorum} of {len(custodians)} custodians; accepted are 2 to {len(custodians)}")
    return custody


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
