"""Shared access signatures: of the account, of a container or blob, and those that stand for a principal.

Sources: "Create an account SAS", "Create a service SAS", "Create a user delegation SAS" of the Azure Storage REST
reference, with the strings to sign of each version since 2015-04-05.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv4Address

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Origin
from local_azure.core.world import TENANT_ID, World
from local_azure.storage import containers, signing
from local_azure.storage.accounts import Account
from local_azure.storage.errors import (
    authentication_failed,
    key_not_permitted,
    no_permission,
    sas_mismatch,
)

_OLDEST = "2015-04-05"
_RESPONSE_HEADERS = ("rscc", "rscd", "rsce", "rscl", "rsct")
OVERRIDES = {
    "rscc": "Cache-Control",
    "rscd": "Content-Disposition",
    "rsce": "Content-Encoding",
    "rscl": "Content-Language",
    "rsct": "Content-Type",
}
"""Headers that a signature sets in the answer to a read."""


@dataclass(frozen=True)
class Grant:
    """What a verified signature allows."""

    permissions: frozenset[str]
    """Letters, as ``sp`` has them."""
    resource_types: frozenset[str] | None = None
    """Of an account SAS: ``s``, ``c``, ``o``; None where it is for one container or blob."""
    principal: str | None = None
    """Object id of whom a user delegation SAS stands for: their roles count as well."""
    version: str = ""

    def require(self, any_of: str, resource_type: str) -> None:
        """Raises StorageError 403 unless one of these permissions is given for that type of resource."""
        if self.resource_types is None:
            if resource_type == "s":
                raise no_permission()
        elif resource_type not in self.resource_types:
            raise sas_mismatch("AuthorizationResourceTypeMismatch", "resource type")
        if not self.permissions & set(any_of):
            raise no_permission()


def is_present(query: Mapping[str, str]) -> bool:
    """Whether the query brings a signature."""
    return "sig" in query


def verified(
    world: World,
    account: Account,
    query: Mapping[str, str],
    *,
    container: str,
    blob: str | None,
    origin: Origin | None,
) -> Grant:
    """What the signature in the query allows at this place. Raises StorageError 403, NotPlayed.

    ``container`` is empty where the account itself is asked, ``blob`` None where no blob is.
    """
    version = query.get("sv", "")
    if version < _OLDEST or not _is_date(version):
        raise authentication_failed("sv is mandatory. Cannot be empty")
    if "srt" in query or "ss" in query:
        grant = _of_account(account, query, version)
    elif "skoid" in query:
        grant = _of_principal(world, account, query, version, container, blob)
    else:
        grant, query = _of_service(world, account, query, version, container, blob)
    _check_time(world, query)
    _check_address(query, origin)
    if "https" not in query.get("spr", "https").split(","):
        raise sas_mismatch("AuthorizationProtocolMismatch", "protocol")
    return grant


def _of_account(account: Account, query: Mapping[str, str], version: str) -> Grant:
    if not account.shared_key_allowed:
        raise key_not_permitted()
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if version >= "2020-12-06":
        names.append("ses")
    text = "".join(f"{value}\n" for value in (account.name, *(query.get(name, "") for name in names)))
    _check_signature(signing.account_keys(account), text, query)
    _require_fields(query, "sp", "se", "ss", "srt")
    if "b" not in query["ss"]:
        raise sas_mismatch("AuthorizationServiceMismatch", "service")
    return Grant(frozenset(query["sp"]), frozenset(query["srt"]), version=version)


def _of_service(
    world: World, account: Account, query: Mapping[str, str], version: str, container: str, blob: str | None
) -> tuple[Grant, Mapping[str, str]]:
    """The grant, and the query with what a stored access policy adds to it."""
    if not account.shared_key_allowed:
        raise key_not_permitted()
    first = [query.get(name, "") for name in ("sp", "st", "se")]
    middle = [query.get(name, "") for name in ("si", "sip", "spr", "sv")]
    last = _resource_fields(query, version)
    text = "\n".join([*first, _canonical(account, query, container, blob), *middle, *last])
    _check_signature(signing.account_keys(account), text, query)
    if "si" in query:
        query = {**query, **_stored_policy(world, account, container, query)}
    _require_fields(query, "sp", "se")
    return Grant(frozenset(query["sp"]), version=version), query


def _of_principal(
    world: World, account: Account, query: Mapping[str, str], version: str, container: str, blob: str | None
) -> Grant:
    first = [query.get(name, "") for name in ("sp", "st", "se")]
    names = list(signing.DELEGATION_FIELDS)
    if version >= "2020-02-10":
        names += ["saoid", "suoid", "scid"]
    if version >= "2025-07-05":
        names += ["skdutid", "sduoid"]
    names += ["sip", "spr", "sv"]
    if any(name in query for name in ("sduoid", "srh", "srq")):
        raise NotPlayed("user delegation signatures that are bound to a user or to headers of the request")
    bound = ["", ""] if version >= "2026-04-06" else []
    fields = [*(query.get(name, "") for name in names), *_resource_fields(query, version, bound)]
    text = "\n".join([*first, _canonical(account, query, container, blob), *fields])
    _check_signature([signing.delegation_key(world, account, query)], text, query)
    _require_fields(query, "sp", "se", *signing.DELEGATION_FIELDS)
    now = world.clock.now()
    if query["sktid"] != TENANT_ID or not _moment(query["skt"]) <= now < _moment(query["ske"]):
        raise authentication_failed("The user delegation key is not valid at this time.")
    return Grant(frozenset(query["sp"]), principal=query["skoid"], version=version)


def _resource_fields(query: Mapping[str, str], version: str, bound: list[str] | None = None) -> list[str]:
    """``bound``: what stands for headers and parameters that the request must have."""
    fields = []
    if version >= "2018-11-09":
        fields += [query.get("sr", ""), query.get("snapshot", query.get("versionid", "")) if _dated(query) else ""]
    if version >= "2020-12-06":
        fields.append(query.get("ses", ""))
    return [*fields, *(bound or []), *(query.get(name, "") for name in _RESPONSE_HEADERS)]


def _dated(query: Mapping[str, str]) -> bool:
    return query.get("sr") in ("bs", "bv")


def _canonical(account: Account, query: Mapping[str, str], container: str, blob: str | None) -> str:
    """What the signature is for; another place than the one asked for makes another text, so it does not match."""
    match query.get("sr"):
        case "c":
            return f"/blob/{account.name}/{container}"
        case "b" | "bs" | "bv":
            return f"/blob/{account.name}/{container}/{blob or ''}"
        case "d":
            raise NotPlayed("signatures for a directory (hierarchical namespaces)")
    raise authentication_failed("sr is mandatory. Cannot be empty")


def _check_signature(keys: list[bytes], text: str, query: Mapping[str, str]) -> None:
    if not any(signing.matches(key, (text,), query["sig"]) for key in keys):
        raise authentication_failed(f"Signature did not match. String to sign used was {text}")


def _require_fields(query: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not query.get(name):
            raise authentication_failed(f"{name} is mandatory. Cannot be empty")


def _stored_policy(world: World, account: Account, container: str, query: Mapping[str, str]) -> dict[str, str]:
    """What the container's access policy of that name says; a signature must not say it again."""
    found = containers.find(world, account, container)
    for policy in found.stored.hidden.get("acl", []) if found is not None else []:
        if policy["id"] == query["si"]:
            said = {name: str(policy[name]) for name in ("sp", "st", "se") if policy.get(name)}
            for name in said:
                if query.get(name):
                    raise authentication_failed(f"Access policy field {name} is specified twice")
            return said
    raise authentication_failed("Signed identifier not found")


def _check_time(world: World, query: Mapping[str, str]) -> None:
    now = world.clock.now()
    start, end = query.get("st"), query["se"]
    if (start and _moment(start) > now) or _moment(end) <= now:
        raise authentication_failed(
            f"Signature not valid in the specified time frame: Start [{start or ''}] - Expiry [{end}] - "
            f"Current [{now:%a, %d %b %Y %H:%M:%S} GMT]"
        )


def _check_address(query: Mapping[str, str], origin: Origin | None) -> None:
    allowed = query.get("sip")
    if not allowed or origin is None:
        return
    first, _, last = allowed.partition("-")
    try:
        address = IPv4Address(origin.public_address or "0.0.0.0")  # noqa: S104 - nobody's address
        inside = IPv4Address(first) <= address <= IPv4Address(last or first)
    except AddressValueError:
        raise authentication_failed("sip is not valid") from None
    if not inside:
        raise sas_mismatch("AuthorizationSourceIPMismatch", "source IP")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise authentication_failed(f"'{text}' is not a valid time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_date(text: str) -> bool:
    try:
        return bool(datetime.strptime(text, "%Y-%m-%d"))
    except ValueError:
        return False
