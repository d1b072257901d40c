"""Opening the content: any quorum of shares makes the master key, and every datum's integrity tag must match."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ceremony import jwe, shamir
from ceremony.errors import BrokenFileError, QuorumError
from ceremony.jwe import JweError
from ceremony.key_derivation import derive
from ceremony.security_domain_file import Datum, SecurityDomainFile
from ceremony.shares import OpenedShare, TriedKey

MOST_SUBSETS: Final = 1000
"""How many quorums are tried at most. Ten custodians, the service's limit, make at most 252."""


@dataclass(frozen=True)
class OpenedDatum:
    """One datum, decrypted or not."""

    tag: str
    content: bytes | None = field(repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Subset:
    """One quorum, and whether it opened every datum."""

    holders: tuple[str, ...]
    numbers: tuple[int, ...]
    opens: bool


@dataclass(frozen=True)
class Opening:
    """What the quorums at hand opened."""

    possible: int
    """How many quorums the opened shares make."""
    subsets: tuple[Subset, ...]
    """Those that were tried."""
    data: tuple[OpenedDatum, ...]
    """By the quorum that opened most."""
    real_quorum: int | None
    """How many shares open it in truth; None where no number of those at hand does."""

    @property
    def opens(self) -> bool:
        """Whether some quorum opened every datum."""
        return any(subset.opens for subset in self.subsets)

    @property
    def complete(self) -> bool:
        """Whether every quorum that was tried opened every datum."""
        return bool(self.subsets) and all(subset.opens for subset in self.subsets)

    @property
    def wrong_shares(self) -> tuple[str, ...]:
        """Whose shares are in no quorum that opens, where others do."""
        if not self.opens:
            return ()
        good = {number for subset in self.subsets if subset.opens for number in subset.numbers}
        every = {
            number: holder for each in self.subsets for number, holder in zip(each.numbers, each.holders, strict=True)
        }
        return tuple(holder for number, holder in sorted(every.items()) if number not in good)


def try_subsets(file: SecurityDomainFile, opened: Sequence[OpenedShare], most: int = MOST_SUBSETS) -> Opening:
    """Tries every quorum that the opened shares make, up to ``most`` of them."""
    results: dict[bytes, tuple[OpenedDatum, ...]] = {}
    subsets: list[Subset] = []
    best = tuple(OpenedDatum(datum.tag, None, datum.problem or "not opened") for datum in file.data)
    for chosen in itertools.islice(itertools.combinations(opened, file.required), most):
        data = _data_of(file, chosen, results)
        if _count(data) > _count(best) or not subsets:
            best = data or best
        holders, numbers = tuple(each.holder for each in chosen), tuple(each.number for each in chosen)
        subsets.append(Subset(holders, numbers, _opens(data)))
    return Opening(
        possible=math.comb(len(opened), file.required),
        subsets=tuple(subsets),
        data=best,
        real_quorum=_real_quorum(file, opened, subsets, results),
    )


def unlock(
    file: SecurityDomainFile, opened: Sequence[OpenedShare], tried: Sequence[TriedKey], name: str
) -> tuple[OpenedDatum, ...]:
    """Every datum in plain.

    Raises QuorumError where the shares are too few, and BrokenFileError where no quorum opens all of it.
    """
    if len(opened) < file.required:
        reasons = "; ".join(f"{each.name} {each.problem}" for each in tried if each.problem)
        raise QuorumError(
            f"{name}: needs {file.required} custodians, {len(opened)} at hand" + (f": {reasons}" if reasons else "")
        )
    opening = try_subsets(file, opened)
    if opening.opens:
        return opening.data
    raise BrokenFileError(f"{name}: {explain_failure(opening)}")


def explain_failure(opening: Opening) -> str:
    """Why no quorum opens everything, as far as it can be told."""
    if opening.real_quorum is not None:
        return (
            f"was altered: it says a quorum of {len(opening.subsets[0].numbers)} and opens with {opening.real_quorum}"
        )
    failed = [f"{datum.tag}: {datum.problem}" for datum in opening.data if datum.content is None]
    if len(failed) < len(opening.data):
        return f"was altered: datum {'; datum '.join(failed)}"
    return f"no quorum at hand opens it: a share or all of its data were altered ({'; '.join(failed)})"


def _real_quorum(
    file: SecurityDomainFile,
    opened: Sequence[OpenedShare],
    subsets: Sequence[Subset],
    results: dict[bytes, tuple[OpenedDatum, ...]],
) -> int | None:
    """The number in the file is not covered by any integrity tag; what the shares do with fewer or more tells it."""
    by_number = {each.number: each for each in opened}
    good = next(([by_number[number] for number in subset.numbers] for subset in subsets if subset.opens), None)
    if good is not None:
        fewer = (size for size in range(1, file.required) if _opens(_data_of(file, good[:size], results)))
        return next(fewer, file.required)
    for size in range(file.required + 1, len(opened) + 1):
        if any(
            _opens(_data_of(file, chosen, results))
            for chosen in itertools.islice(itertools.combinations(opened, size), MOST_SUBSETS)
        ):
            return size
    return None


def _opens(data: Sequence[OpenedDatum]) -> bool:
    return bool(data) and _count(data) == len(data)


def _data_of(
    file: SecurityDomainFile, chosen: Iterable[OpenedShare], results: dict[bytes, tuple[OpenedDatum, ...]]
) -> tuple[OpenedDatum, ...]:
    try:
        master_key = shamir.combine([each.share for each in chosen])
    except ValueError as error:
        return tuple(OpenedDatum(datum.tag, None, str(error)) for datum in file.data)
    if master_key not in results:
        results[master_key] = tuple(_decrypted(datum, master_key) for datum in file.data)
    return results[master_key]


def _decrypted(datum: Datum, master_key: bytes) -> OpenedDatum:
    if datum.encrypted is None:
        return OpenedDatum(datum.tag, None, datum.problem)
    try:
        return OpenedDatum(datum.tag, jwe.decrypt(datum.encrypted, derive(master_key, datum.tag)))
    except JweError as error:
        return OpenedDatum(datum.tag, None, str(error))


def _count(data: Sequence[OpenedDatum]) -> int:
    return sum(datum.content is not None for datum in data)
