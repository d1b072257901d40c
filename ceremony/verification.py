"""Whether a quorum can really open a security-domain file, and what is wrong where it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ceremony import shares
from ceremony.opening import Opening, explain_failure, try_subsets
from ceremony.private_keys import Certificate, CustodianKey
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.shares import OpenedShare, TriedKey
from data_plane.custody import Manifest

ERROR: Final = "error"
WARNING: Final = "warning"


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be."""

    severity: str
    """``error``: the file, or what was given, is wrong. ``warning``: it opens, but somebody should know."""
    text: str


@dataclass(frozen=True)
class CustodianState:
    """One share of the file and its custodian."""

    number: int
    name: str
    """By certificate or manifest; empty where neither names the share."""
    thumbprint: str
    present: bool
    """Whether one of the keys opened the share."""


@dataclass(frozen=True)
class Verification:
    """The whole result."""

    required: int
    custodians: tuple[CustodianState, ...]
    keys: tuple[TriedKey, ...]
    opening: Opening
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> tuple[CustodianState, ...]:
        """Whose key was not there."""
        return tuple(each for each in self.custodians if not each.present)

    @property
    def still_needed(self) -> int:
        """How many custodians are still needed for a quorum."""
        return max(0, self.required - sum(each.present for each in self.custodians))

    @property
    def holds(self) -> bool:
        """Whether every quorum at hand, at least one, opened everything, and nothing was found wrong."""
        return self.opening.complete and self.sound

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong, with a quorum at hand or without."""
        return all(finding.severity != ERROR for finding in self.findings)


def verify(
    file: SecurityDomainFile,
    keys: Sequence[CustodianKey],
    certificates: Iterable[Certificate] = (),
    manifest: Manifest | None = None,
) -> Verification:
    """Opens the file with every quorum of the keys. Never raises for what the file or the keys are."""
    known = shares.known_certificates(keys, certificates)
    opened, tried = shares.open_shares(file, keys, known)
    opening = try_subsets(file, opened)
    return Verification(
        required=file.required,
        custodians=tuple(_custodians(file, opened, known, manifest)),
        keys=tuple(tried),
        opening=opening,
        findings=(
            *_of_manifest(file, manifest),
            *_of_file(file),
            *(Finding(ERROR, f"{key.name}: {key.problem}") for key in tried if key.problem),
            *_of_labels(file, opened),
            *_of_opening(file, opened, opening),
        ),
    )


def _custodians(
    file: SecurityDomainFile,
    opened: Sequence[OpenedShare],
    known: Sequence[Certificate],
    manifest: Manifest | None,
) -> Iterable[CustodianState]:
    holders = {each.number: each.holder for each in opened}
    recorded = {each.thumbprint: each.name for each in manifest.custody.custodians} if manifest else {}
    for share in file.shares:
        named = shares.named_by(share.thumbprint, known)
        name = recorded.get(share.thumbprint) or (named.name if named else "")
        present = share.number in holders
        yield CustodianState(share.number, holders[share.number] if present else name, share.thumbprint, present)


def _of_manifest(file: SecurityDomainFile, manifest: Manifest | None) -> Iterable[Finding]:
    if manifest is None:
        return
    if manifest.sha256 != file.sha256:
        yield Finding(ERROR, "not the file that its manifest describes: altered, or of another pool (SHA-256 differs)")
    unnamed = {share.thumbprint.rstrip("=") for share in file.shares} ^ manifest.custody.thumbprints
    if unnamed and manifest.sha256 != file.sha256:
        yield Finding(ERROR, "its shares are for other certificates than the manifest tells")
    if manifest.custody.quorum != file.required:
        yield Finding(
            ERROR, f"the manifest tells of a quorum of {manifest.custody.quorum}, the file of {file.required}"
        )


def _of_file(file: SecurityDomainFile) -> Iterable[Finding]:
    for share in file.shares:
        if share.problem:
            yield Finding(ERROR, f"share {share.number} is broken: {share.problem}")
    for datum in file.data:
        if datum.problem:
            yield Finding(ERROR, f"datum {datum.tag} is broken: {datum.problem}")
    for label in _twice([share.thumbprint for share in file.shares]):
        yield Finding(ERROR, f"two shares have the thumbprint {label}")
    for tag in _twice([datum.tag for datum in file.data]):
        yield Finding(ERROR, f"the datum {tag} is there twice")


def _twice(texts: Sequence[str]) -> Sequence[str]:
    return sorted({each for each in texts if texts.count(each) > 1})


def _of_labels(file: SecurityDomainFile, opened: Sequence[OpenedShare]) -> Iterable[Finding]:
    as_azurerm = [each.holder for each in opened if each.labelled == shares.AS_AZURERM]
    padded = [share for share in file.shares if share.thumbprint.endswith("=")]
    if as_azurerm or padded:
        yield Finding(
            WARNING,
            "the thumbprints are wrong as terraform-provider-azurerm makes them (the hash of the certificate's text, "
            "not of the certificate); the file is whole, but az finds no share in it: use ceremony recover",
        )
    for each in opened:
        if each.labelled == shares.UNKNOWN:
            yield Finding(
                WARNING,
                f"{each.holder}: no certificate of this key is at hand, so the share's thumbprint was not checked: "
                "give --certificate",
            )
        if each.labelled == shares.FOREIGN:
            yield Finding(
                ERROR,
                f"a share was moved or relabelled: share {each.number} is {each.holder}'s, but names {each.label_of}; "
                "az cannot open it, ceremony recover can",
            )
    places: dict[int, OpenedShare] = {}
    for each in opened:
        other = places.setdefault(each.share.x, each)
        if other is not each:
            yield Finding(ERROR, f"{other.holder} and {each.holder} hold the same share: the file was tampered with")


def _of_opening(file: SecurityDomainFile, opened: Sequence[OpenedShare], opening: Opening) -> Iterable[Finding]:
    if len(opened) < file.required:
        return
    if opening.opens and opening.real_quorum != file.required:
        yield Finding(
            ERROR,
            f"says that {file.required} custodians are needed, but {opening.real_quorum} open it: it was altered",
        )
    if not opening.opens:
        yield Finding(ERROR, explain_failure(opening))
        return
    for holder in opening.wrong_shares:
        yield Finding(ERROR, f"{holder}'s share is wrong: no quorum with it opens the file, others do")
    if not opening.complete and not opening.wrong_shares:
        failed = sum(not subset.opens for subset in opening.subsets)
        yield Finding(ERROR, f"{failed} of {len(opening.subsets)} quorums do not open the file")
