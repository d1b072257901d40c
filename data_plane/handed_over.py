"""Security domains that have gone from here into custody: what is still known of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data_plane import pool as pools
from data_plane.custody import Custody, Manifest
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain_file import Finding, Place, manifest_path, whole_copy
from data_plane.waiting import Say


def judge(pool: Pool, custody: Custody, gone: Sequence[Finding], say: Say) -> None:
    """Looks at the places that files are said to have gone from.

    Raises CustodyError where another file has taken such a place.
    """
    for finding in gone:
        if finding.content is None:
            continue
        if whole_copy([finding], pool, custody) is None:
            raise CustodyError(
                f"{finding.place}: is said to be handed over, but a file lies there that is not the security domain of "
                f"{pool.name} — take it away, or take handedOver out of the configuration"
            )
        say(f"{finding.place}: is said to be handed over, but is still here")


def record(pool: Pool, custody: Custody, gone: Sequence[Finding], known: Manifest | None) -> Manifest | None:
    """What the state (``known``), or a manifest that stayed behind, says of this very pool's security domain."""
    manifests = [manifest for manifest in (known, *(each.manifest for each in gone)) if manifest is not None]
    return next((each for each in manifests if each.is_of(pool) and each.custody.fits(custody)), None)


def require_record(pool: Pool, custody: Custody, findings: Sequence[Finding], places: Sequence[Place]) -> None:
    """Raises CustodyError for an active pool of which nothing here says which security domain it has.

    ``places`` are those that the file is said to have gone from.
    """
    if pool.activation_status != pools.ACTIVE or whole_copy(findings, pool, custody) is not None:
        return
    beside = ", ".join(str(manifest_path(each)) for each in places if isinstance(each, Path))
    raise CustodyError(
        f"{pool.name} is active and its security domain is handed over, but nothing here says which one that is, for "
        f"the configured custodians — put its manifest back ({beside}); the file may stay in custody"
    )
