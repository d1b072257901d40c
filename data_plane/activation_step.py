"""What the activation does next: from the pool's state and from what lies on disk, without changing anything.

The table is in docs/adr/0006-activation-that-cannot-be-lost.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final

from data_plane import pool as pools
from data_plane.custody import Custody, Manifest
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain import Progress
from data_plane.security_domain_file import Finding, whole_copy

NOWHERE_TO_WRITE: Final = (
    "every managed-hsm:securityDomain.destinations is handedOver, so there is nowhere to write a new security domain — "
    "take handedOver out of one of them, or declare another"
)


class Step(Enum):
    """What to do next."""

    ADOPT = auto()
    """A file is proved to be this pool's: use it."""
    WAIT = auto()
    """As ADOPT, but the activation that it came from is still under way."""
    DOWNLOAD = auto()
    HANDED_OVER = auto()
    """The file is in custody: there is nothing to look for or to write."""


def decide(
    pool: Pool,
    custody: Custody,
    findings: Sequence[Finding],
    *,
    reissue: bool,
    progress: Callable[[], Progress | None],
    handed_over: Manifest | None = None,
) -> Step:
    """The next step, from the pool's state and what lies on disk. Asks ``progress`` only where it matters.

    ``handed_over`` is what is known of this pool's security domain where it has gone into custody from everywhere.

    Raises CustodyError where a person has to decide.
    """
    copy = whole_copy(findings, pool, custody)
    if pool.activation_status != pools.ACTIVE:
        under_way = copy is not None and (state := progress()) is not None and (state.in_progress or state.done)
        return Step.WAIT if under_way else Step.DOWNLOAD
    if copy is not None:
        return Step.ADOPT
    if handed_over is not None:
        return Step.HANDED_OVER
    cut_off = any(finding.attempt is not None and finding.attempt.is_for(pool, custody) for finding in findings)
    if reissue or cut_off:
        return Step.DOWNLOAD
    raise CustodyError(
        f"{pool.name} is active, but {_why_not(pool, custody, findings)} — {_ways_out(pool.name, findings)}"
    )


def _ways_out(pool_name: str, findings: Sequence[Finding]) -> str:
    """What leads on where no file is proved to be the pool's."""
    ways = ["put the right file and its manifest back"]
    if all(finding.content is None for finding in findings):
        ways.append(
            "say handedOver: true of its destination (managed-hsm:securityDomain.destinations) if it has gone from "
            "here into custody"
        )
    ways.append(
        f"set managed-hsm:securityDomain.reissue to {pool_name} to download it again for the configured custodians"
    )
    return ", or ".join(ways)


def _why_not(pool: Pool, custody: Custody, findings: Sequence[Finding]) -> str:
    own = [finding for finding in findings if finding.manifest is not None and finding.manifest.is_of(pool)]
    for finding in own:
        if finding.whole and finding.manifest is not None:
            return (
                f"{finding.place} was made for other custodians or another quorum ({finding.manifest.custody}) than "
                f"configured ({custody})"
            )
    for finding in own:
        return f"{finding.place} is {'missing' if finding.content is None else 'not the file of its manifest'}"
    for finding in findings:
        if finding.manifest is not None:
            return (
                f"{finding.place} belongs to {pools.name_of(finding.manifest.hsm_id)} of "
                f"{finding.manifest.hsm_created_at}, and this pool was created at {pool.created_at}"
            )
    for finding in findings:
        if finding.content is not None:
            return f"{finding.place} has no manifest that says whose it is"
    return f"its security domain is not at {', '.join(str(finding.place) for finding in findings)}"
