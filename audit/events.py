"""Events of an audit log, whichever place they come from and in whichever of the published shapes.

Shapes: "Azure Key Vault logging" and "Managed HSM logging" (records of a storage account), and the tables
AzureDiagnostics and AZKVAuditLogs of "Azure Monitor Logs reference".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

_REFUSED: Final = (401, 403)
_FAILED: Final = 400
_UNAUTHENTICATED: Final = "AKV10000"
"""What a vault says to a request without a token; a pool says nothing."""
_NAMED: Final = ("keys", "deletedkeys", "secrets", "deletedsecrets", "certificates", "deletedcertificates")
_OBJECT_ID: Final = ("objectidentifier", "oid")
_APPLICATION: Final = ("appid",)
_USER: Final = ("upn", "unique_name")


@dataclass(frozen=True)
class Event:
    """One request to a pool or a vault."""

    time: datetime
    operation: str
    """As the service calls it: ``KeySign``."""
    status: int
    """Of the HTTP answer; 0 where the record does not say."""
    description: str
    """Why it was refused, where the record says."""
    object_id: str
    """Of who asked; empty where nobody was signed in."""
    application: str
    """Client id of the application that asked."""
    user: str
    """Sign-in name of the user, where a user asked."""
    caller: str
    """The address that it came from."""
    key: str
    """Name, and version where one was asked for, of the key or secret; empty where it was about neither."""
    address: str
    """What was asked for."""

    @property
    def result(self) -> str:
        """``ok``, ``refused`` (no right, no sign-in, the firewall) or ``failed``."""
        if self.status in _REFUSED:
            return "refused"
        return "failed" if self.status >= _FAILED else "ok"

    @property
    def is_challenge(self) -> bool:
        """Whether it brought no token, and was told whom to ask for one."""
        unexplained = not self.description or _UNAUTHENTICATED in self.description
        return self.status == _REFUSED[0] and unexplained and not self.who

    @property
    def who(self) -> str:
        """The best name there is for who asked."""
        return self.user or self.object_id or self.application

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "operation": self.operation,
            "result": self.result,
            "status": self.status,
            "description": self.description,
            "objectId": self.object_id,
            "application": self.application,
            "user": self.user,
            "caller": self.caller,
            "key": self.key,
            "address": self.address,
        }


def of_record(record: Mapping[str, Any]) -> Event:
    """The event of a record in a storage account. Raises ValueError, KeyError and TypeError for anything else."""
    properties = _object(_object(record).get("properties") or {})
    status = record.get("httpStatusCode", properties.get("httpStatusCode", 0))
    address = str(record.get("requestUri") or properties.get("requestUri") or "")
    return Event(
        time=_moment(record["time"]),
        operation=str(record["operationName"]),
        status=int(status),
        description=str(record.get("resultDescription") or ""),
        caller=str(record.get("callerIpAddress") or ""),
        key=key_of(address),
        address=address,
        **_identity(record.get("identity")),
    )


def of_row(row: Mapping[str, Any]) -> Event:
    """The event of a row of AzureDiagnostics or AZKVAuditLogs. Raises ValueError, KeyError and TypeError."""
    address = str(row.get("requestUri_s") or row.get("RequestUri") or "")
    flat = {name: value for name, value in row.items() if name.startswith("identity_claim_") and value}
    return Event(
        time=_moment(row["TimeGenerated"]),
        operation=str(row["OperationName"]),
        status=int(row.get("httpStatusCode_d") or row.get("HttpStatusCode") or 0),
        description=str(row.get("ResultDescription") or ""),
        caller=str(row.get("CallerIPAddress") or row.get("CallerIpAddress") or ""),
        key=key_of(address),
        address=address,
        **(_claims(_without_suffix(flat)) if flat else _identity(row.get("Identity"))),
    )


def key_of(address: str) -> str:
    """The name in an address such as ``https://…/keys/name/version/sign``, with the version where it has one."""
    segments = [segment for segment in urlsplit(address).path.split("/") if segment]
    if len(segments) < 2 or segments[0].lower() not in _NAMED or segments[1].lower() in ("restore", "providers"):
        return ""
    version = segments[2] if len(segments) > 2 and len(segments[2]) == 32 else ""
    return f"{segments[1]}/{version}" if version else segments[1]


def _identity(identity: object) -> dict[str, str]:
    """Who asked: an object, or the text of one."""
    found = json.loads(identity) if isinstance(identity, str) and identity else identity
    return _claims(dict(_leaves(found)) if isinstance(found, Mapping) else {})


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{type(value).__name__} instead of an object")
    return value


def _leaves(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _leaves(item)
        elif item:
            yield str(name), str(item)


def _without_suffix(row: Mapping[str, Any]) -> dict[str, str]:
    """Columns end with their type: ``…_objectidentifier_g``."""
    return {name.rpartition("_")[0]: str(value) for name, value in row.items()}


def _claims(claims: Mapping[str, str]) -> dict[str, str]:
    def first(endings: tuple[str, ...]) -> str:
        return next((value for name, value in claims.items() if name.lower().endswith(endings)), "")

    return {"object_id": first(_OBJECT_ID), "application": first(_APPLICATION), "user": first(_USER)}


def _moment(text: object) -> datetime:
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
