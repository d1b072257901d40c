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
    from data_plane.security_domain_file import Destination, Place


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


def address(destination: Mapping[str, Any]) -> str:
    """The path of a file, or the address of a blob."""
    return str(destination.get("path") or destination.get("blob") or "")


def is_blob(address: str) -> bool:
    """Whether a destination's address is a blob's; a file's is an absolute path."""
    return address.startswith("https://")


def by_address(destinations: list[Mapping[str, Any]]) -> dict[str, tuple[bool, bool]]:
    """What is said of each place, whatever their order: whether it is optional, and whether it is handed over."""
    return {address(each): _said_of(each) for each in destinations}


def place(address: str) -> Place:
    """A place as the data plane knows it."""
    from data_plane import session
    from data_plane.blobs import Blob

    return Blob(address, session.current()) if is_blob(address) else Path(address)


def destination(given: Mapping[str, Any]) -> Destination:
    """A destination as the data plane knows it."""
    from data_plane import security_domain_file

    return security_domain_file.Destination(place(address(given)), *_said_of(given))


def _said_of(destination: Mapping[str, Any]) -> tuple[bool, bool]:
    return bool(destination.get("optional", False)), bool(destination.get("handed_over", False))


def wrong_destinations(destinations: list[Mapping[str, Any]]) -> list[CheckFailure]:
    """A failure for each place that cannot be one, and where all may fail."""
    places = [address(each) for each in destinations]
    failures = [
        CheckFailure("destinations", f"{place!r}: an absolute path is needed, or the address of a blob")
        for place in places
        if not (Path(place).is_absolute() or is_blob(place))
    ]
    failures += [
        CheckFailure("destinations", f"{place}: given twice")
        for place in sorted(set(places))
        if places.count(place) > 1
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
    places = [destination(each) for each in news["destinations"]]
    return [each for each in places if not (each.optional or each.handed_over)]


def wrong_files(news: Props, earlier: list[str]) -> list[CheckFailure]:
    """A failure where an active pool's file is proved at no place of now or before, and not in custody either.

    Where one of them is a blob it is left to the update: nobody is asked here.
    """
    from data_plane import pool
    from data_plane.activation_step import decide
    from data_plane.security_domain_file import look

    addresses = dict.fromkeys((*map(address, news["destinations"]), *earlier))
    if not _needed(news) or any(map(is_blob, addresses)):
        return []
    active = pool.Pool(
        news["hsm_id"], pool.name_of(news["hsm_id"]), news["hsm_uri"], news["hsm_created_at"], pool.ACTIVE, ""
    )
    try:
        findings = [look(Path(path)) for path in addresses]
        decide(active, custody(news), findings, reissue=False, progress=lambda: None)
    except CustodyError as error:
        return [CheckFailure("destinations", str(error))]
    return []
