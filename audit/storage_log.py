"""The log as a storage account keeps it: a blob an hour, a line an event.

Source: "Azure resource logs, send to Azure Storage"; "List Blobs" and "Get Blob" of the Azure Storage REST reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from xml.etree import ElementTree

from audit.errors import AuditError, NoLogError
from audit.events import Event, of_record
from audit.places import Place
from audit.question import Question
from data_plane.errors import DataPlaneError, RequestError, UnreachableError, mapped
from data_plane.session import Session

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

_CONTAINER: Final = "insights-logs-auditevent"
_VERSION: Final = "2021-12-02"
_HOUR: Final = re.compile(r"/y=(\d{4})/m=(\d{2})/d=(\d{2})/h=(\d{2})/m=\d{2}/")
_NO_ROLE: Final = ("AuthorizationPermissionMismatch", "InsufficientAccountPermissions")
_CLOSED: Final = ("AuthorizationFailure", "AuthorizationSourceIPMismatch", "PublicAccessNotPermitted")
_LATE: Final = "on Azure events take some minutes to arrive"


def events(session: Session, place: Place, resource_id: str, question: Question) -> Iterator[Event]:
    """The events of the hours that the question is about, oldest first. Raises AuditError and DataPlaneError."""
    hours = {name: hour for name in _names(session, place, resource_id) if (hour := _hour(name)) is not None}
    names = [name for name, hour in hours.items() if _matters(hour, question)]
    for name in sorted(names, key=hours.__getitem__):
        # What Azure Monitor adds to the blob of an hour is not always in order.
        yield from sorted(_lines(session, place, name), key=lambda event: event.time)


def _names(session: Session, place: Place, resource_id: str) -> Iterator[str]:
    prefix = quote(f"resourceId={resource_id.upper()}/", safe="")
    marker, any_found = "", False
    while True:
        query = f"restype=container&comp=list&prefix={prefix}&marker={quote(marker, safe='')}"
        listed = ElementTree.fromstring(_get(session, place, f"{_CONTAINER}?{query}").content)  # noqa: S314 - Azure's own
        for each in listed.iter("Name"):
            any_found = True
            yield str(each.text)
        marker = listed.findtext("NextMarker") or ""
        if not marker:
            break
    if not any_found:
        raise NoLogError(
            f"{place.shown}: has no log of {resource_id.rsplit('/', 1)[-1]} yet — {_LATE}; see whether a diagnostic"
            " setting sends it there"
        )


def _matters(hour: datetime, question: Question) -> bool:
    return hour <= question.until and hour.replace(minute=59, second=59, microsecond=999_999) >= question.since


def _hour(name: str) -> datetime | None:
    """The hour that a blob is of; None for a name that says none, which is no part of the log."""
    match = _HOUR.search(name)
    if match is None:
        return None
    year, month, day, hour = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, tzinfo=UTC)
    except ValueError:
        return None


def _lines(session: Session, place: Place, name: str) -> Iterator[Event]:
    text = _get(session, place, f"{_CONTAINER}/{quote(name)}").content.decode("utf-8-sig")
    # Only a line feed ends an event: what callers sent may have other ends of lines in it.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield of_record(json.loads(line))
        except (ValueError, KeyError, TypeError):
            raise AuditError(f"{place.shown}: line {number} of {name} is no audit event") from None


def _get(session: Session, place: Place, path: str) -> HttpResponse:
    from azure.core.rest import HttpRequest

    try:
        with mapped(place.shown):
            request = HttpRequest("GET", f"{place.address}/{path}", headers={"x-ms-version": _VERSION})
            response: Any = session.storage(place.address).send_request(request)
            response.raise_for_status()
            return response  # type: ignore[no-any-return]  # the SDK's generic says no more
    except DataPlaneError as error:
        raise _refused(session, place, error) from None


def _refused(session: Session, place: Place, error: DataPlaneError) -> DataPlaneError:
    code = error.code if isinstance(error, RequestError) else ""
    if code == "ContainerNotFound":
        return NoLogError(f"{place.shown}: has no log yet, no container {_CONTAINER} — {_LATE}")
    if code in _NO_ROLE:
        return AuditError(
            f"{place.shown}: {session.principal()} may not read its blobs — name it in managed-hsm:diagnostics.readers,"
            " or give it the Azure role Storage Blob Data Reader (a new role takes some minutes)"
        )
    if code in _CLOSED:
        return AuditError(
            f"{place.shown}: its network rules do not let this computer in — name its address in"
            " managed-hsm:diagnostics.storage.ipRules, or run this from where they do"
        )
    if isinstance(error, UnreachableError):
        return AuditError(f"{error} (is there such a storage account?)")
    return error
