"""Which private key opens which share of a security domain.

Keys are tried on every share, whatever the thumbprints say: a file whose shares are labelled wrongly, as
terraform-provider-azurerm has them labelled, opens all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ceremony import jwe, shamir
from ceremony.jwe import JweError, NotForThisKeyError
from ceremony.key_derivation import MASTER_KEY_BYTES
from ceremony.private_keys import Certificate, CustodianKey
from ceremony.security_domain_file import EncryptedShare, SecurityDomainFile
from ceremony.shamir import Share

CORRECT: Final = "certificate"
AS_AZURERM: Final = "azurerm"
FOREIGN: Final = "another certificate"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True)
class OpenedShare:
    """A share in plain, and whose it is."""

    number: int
    """Its place in the file, from 1."""
    holder: str
    share: Share = field(repr=False)
    labelled: str
    """What the file's thumbprint is of: ``certificate``, ``azurerm`` (the hash of the certificate's text),
    ``another certificate``, or ``unknown`` where the holder's certificate was not given."""
    label_of: str = ""
    """Whose certificate the thumbprint names, where it is another one's."""


@dataclass(frozen=True)
class TriedKey:
    """What became of one private key."""

    name: str
    opened: int | None
    """The number of the share that it opened."""
    problem: str = ""


def open_shares(
    file: SecurityDomainFile, keys: Sequence[CustodianKey], certificates: Iterable[Certificate] = ()
) -> tuple[list[OpenedShare], list[TriedKey]]:
    """Opens what the keys open, each share once; ``certificates`` tell more of the thumbprints."""
    known = known_certificates(keys, certificates)
    opened: dict[int, OpenedShare] = {}
    tried: list[TriedKey] = []
    for key in keys:
        found, outcome = _try(file, key, known)
        if found is not None and found.number in opened:
            outcome = TriedKey(key.name, None, f"is the same key as {opened[found.number].holder}'s")
        elif found is not None:
            opened[found.number] = found
        tried.append(outcome)
    return sorted(opened.values(), key=lambda each: each.number), tried


def known_certificates(keys: Iterable[CustodianKey], certificates: Iterable[Certificate]) -> list[Certificate]:
    """All certificates at hand, each once; those given by hand come first, their names count."""
    found = [*certificates, *(key.certificate for key in keys if key.certificate is not None)]
    return list({each.thumbprint: each for each in reversed(found)}.values())[::-1]


def named_by(thumbprint: str, certificates: Iterable[Certificate]) -> Certificate | None:
    """The certificate that a thumbprint in a file means, in the right form or in azurerm's."""
    return next((each for each in certificates if form_of(thumbprint, each) != UNKNOWN), None)


def form_of(thumbprint: str, certificate: Certificate) -> str:
    """How a thumbprint names a certificate: ``certificate``, ``azurerm``, or ``unknown`` where it does not."""
    if thumbprint == certificate.thumbprint:
        return CORRECT
    # The padding tells azurerm's form too, but a service may have cut it off.
    return AS_AZURERM if thumbprint.rstrip("=") == certificate.thumbprint_of_text.rstrip("=") else UNKNOWN


def decode_share(content: bytes) -> Share:
    """A share of a master key. Raises ValueError."""
    share = shamir.decode(content)
    if len(share.values) != MASTER_KEY_BYTES:
        raise ValueError(f"not a share: of {len(share.values)} bytes instead of {MASTER_KEY_BYTES}")
    return share


def _try(
    file: SecurityDomainFile, key: CustodianKey, known: Sequence[Certificate]
) -> tuple[OpenedShare | None, TriedKey]:
    own = next((each for each in known if each.certificate.public_key() == key.private_key.public_key()), None)
    problem = "opens no share of this file: it is somebody else's key"
    # Where the thumbprint leads comes first: it is the right one but for a file that was tampered with.
    for share in sorted(file.shares, key=lambda each: own is None or form_of(each.thumbprint, own) == UNKNOWN):
        mine = own is not None and form_of(share.thumbprint, own) != UNKNOWN
        if share.encrypted is None:
            if mine:
                problem = f"its share {share.number} is broken: {share.problem}"
            continue
        try:
            content = decode_share(jwe.unwrap(share.encrypted, key.private_key))
        except NotForThisKeyError:
            if mine:
                problem = f"its share {share.number} was altered or exchanged: the key does not unwrap it"
            continue
        except (JweError, ValueError) as error:
            problem = f"its share {share.number} is broken: {error}"
            continue
        labelled, label_of = _label(share, own, known)
        holder = own.name if own is not None else key.name
        return OpenedShare(share.number, holder, content, labelled, label_of), TriedKey(key.name, share.number)
    return None, TriedKey(key.name, None, problem)


def _label(share: EncryptedShare, own: Certificate | None, known: Sequence[Certificate]) -> tuple[str, str]:
    form = UNKNOWN if own is None else form_of(share.thumbprint, own)
    if form != UNKNOWN:
        return form, ""
    other = named_by(share.thumbprint, known)
    if other is not None:
        return FOREIGN, other.name
    # The own certificate is known and is not the one meant; without it nothing can be said.
    return (FOREIGN, "a certificate that was not given") if own is not None else (UNKNOWN, "")
