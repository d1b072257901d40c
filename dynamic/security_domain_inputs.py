"""What the inputs of a security domain mean, and what is wrong with them, without asking Azure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import CheckFailure

from data_plane.errors import CustodyError
from dynamic.base import Props, contains_unknown

if TYPE_CHECKING:
    from data_plane.custody import Custody
    from data_plane.security_domain_file import Destination


def certificates(props: Props) -> tuple[tuple[str, bytes], ...]:
    """Name and DER certificate of each custodian. Raises CustodyError."""
    from data_plane.custody import certificate_der

    return tuple(
        (str(each["name"]), certificate_der(str(each["name"]), str(each["certificate"])))
        for each in props["custodians"]
    )


def custody(props: Props) -> Custody:
    """Who holds the security domain. Raises CustodyError outside of the service's limits."""
    from data_plane.custody import custody_of

    return custody_of(certificates(props), int(props["quorum"]))


def named_thumbprints(custodians: list[Mapping[str, str]]) -> set[tuple[str, str]]:
    """Each custodian by name and certificate, whatever their order and the way a PEM is wrapped."""
    from data_plane.custody import thumbprint

    return {(name, thumbprint(der)) for name, der in certificates({"custodians": custodians})}


def thumbprints(custodians: list[Mapping[str, str]]) -> set[str]:
    """The custodians' certificates."""
    return {thumbprint for _, thumbprint in named_thumbprints(custodians)}


def by_path(destinations: list[Mapping[str, Any]]) -> dict[str, tuple[bool, bool]]:
    """What is said of each place, whatever their order: whether it is optional, and whether it is handed over."""
    return {str(each["path"]): _said_of(each) for each in destinations}


def place(destination: Mapping[str, Any]) -> Destination:
    """A place as the data plane knows it."""
    from data_plane import security_domain_file

    return security_domain_file.Destination(Path(destination["path"]), *_said_of(destination))


def _said_of(destination: Mapping[str, Any]) -> tuple[bool, bool]:
    return bool(destination.get("optional", False)), bool(destination.get("handed_over", False))


def wrong_destinations(destinations: list[Mapping[str, Any]]) -> list[CheckFailure]:
    """A failure for each place that cannot be one, and where all may fail."""
    paths = [str(each.get("path", "")) for each in destinations]
    failures = [
        CheckFailure("destinations", f"{path!r}: an absolute path is needed")
        for path in paths
        if not Path(path).is_absolute()
    ]
    failures += [
        CheckFailure("destinations", f"{path}: given twice") for path in sorted(set(paths)) if paths.count(path) > 1
    ]
    if all(each.get("optional", False) for each in destinations):
        failures.append(CheckFailure("destinations", "at least one destination must not be optional"))
    return failures


def wrong_reissue(news: Props) -> list[CheckFailure]:
    """A failure where the word that allows a reissue is not the pool's name."""
    from data_plane.pool import name_of

    reissue = news.get("reissue")
    if reissue is None or contains_unknown([reissue, news["hsm_id"]]):
        return []
    name = name_of(news["hsm_id"])
    if str(reissue).lower() == name.lower():
        return []
    return [CheckFailure("reissue", f"{reissue!r} is not the name of this pool: {name} confirms, nothing else")]


def nowhere_to_write(olds: Props, news: Props) -> list[CheckFailure]:
    """A failure where a reissue for other custodians would find no place for the new security domain."""
    from data_plane.activation_step import NOWHERE_TO_WRITE

    same = thumbprints(olds["custodians"]) == thumbprints(news["custodians"]) and olds["quorum"] == news["quorum"]
    if same or _needed(news):
        return []
    return [CheckFailure("destinations", NOWHERE_TO_WRITE)]


def _needed(news: Props) -> list[Destination]:
    """The places that have to hold the file."""
    places = [place(each) for each in news["destinations"]]
    return [each for each in places if not (each.optional or each.handed_over)]


def wrong_files(news: Props, earlier_paths: list[str]) -> list[CheckFailure]:
    """A failure where an active pool's file is proved at no place of now or before, and not in custody either."""
    from data_plane import pool
    from data_plane.activation_step import decide
    from data_plane.security_domain_file import look

    if not _needed(news):
        return []
    paths = dict.fromkeys(Path(path) for path in (*(each["path"] for each in news["destinations"]), *earlier_paths))
    active = pool.Pool(
        news["hsm_id"], pool.name_of(news["hsm_id"]), news["hsm_uri"], news["hsm_created_at"], pool.ACTIVE, ""
    )
    try:
        findings = [look(path) for path in paths]
        decide(active, custody(news), findings, reissue=False, progress=lambda: None)
    except CustodyError as error:
        return [CheckFailure("destinations", str(error))]
    return []
