"""Where the log of a pool or a vault is kept: asked of Azure Resource Manager, or said by who asks."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from audit.errors import AuditError, NoLogError
from data_plane.errors import NotFoundError
from data_plane.session import Session, current

_SETTINGS: Final = "2021-05-01-preview"
_WORKSPACES: Final = "2023-09-01"
_KEY_VAULT: Final = "2024-11-01"
_SUBSCRIPTIONS: Final = "2022-12-01"
_TYPES: Final = ("managedHSMs", "vaults")
_ID: Final = re.compile(
    r"(?i)/subscriptions/[0-9a-f-]{36}/resourceGroups/[\w.()-]+"
    r"/providers/Microsoft\.KeyVault/(managedHSMs|vaults)/[0-9a-z-]+"
)
_NAME: Final = re.compile(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]")


@dataclass(frozen=True)
class Place:
    """A place that has the log."""

    kind: str
    """``storage`` or ``workspace``."""
    address: str
    """``https://<account>.blob.core.windows.net``, or the workspace's customer id."""
    shown: str
    """As messages call it."""
    dedicated: bool = False
    """Whether a workspace keeps it in AZKVAuditLogs, not in AzureDiagnostics."""


def resource_of(session: Session, target: str) -> str:
    """The ARM id of a pool or a vault, by id or by name. Raises AuditError and DataPlaneError."""
    if _ID.fullmatch(target.rstrip("/")):
        return target.rstrip("/")
    if not _NAME.fullmatch(target):
        raise AuditError(f"{target}: the name of a Managed HSM or a vault, or its ARM id")
    subscription = _subscription(session)
    found = [
        str(each["id"])
        for kind in _TYPES
        for each in _listed(session, f"/subscriptions/{subscription}/providers/Microsoft.KeyVault/{kind}")
        if str(each["name"]).lower() == target.lower()
    ]
    if not found:
        raise AuditError(
            f"{target}: there is no Managed HSM and no vault of that name in subscription {subscription} — name it by"
            " its ARM id, or set ARM_SUBSCRIPTION_ID"
        )
    return found[0]


def place_of(session: Session, resource_id: str, wanted: str | None) -> Place:
    """Where the resource's diagnostic settings send its log. ``wanted``: ``storage``, ``workspace``, or either.

    Raises NoLogError where they send it nowhere that can be read, DataPlaneError where ARM does not say.
    """
    path = f"{resource_id}/providers/Microsoft.Insights/diagnosticSettings"
    settings = [each["properties"] for each in session.resource_manager_get(path, _SETTINGS)["value"]]
    logging = [each for each in settings if any(log["enabled"] for log in each.get("logs") or [])]
    for each in logging:
        if wanted != "workspace" and each.get("storageAccountId"):
            return storage(each["storageAccountId"])
    for each in logging:
        if wanted != "storage" and each.get("workspaceId"):
            return _workspace(session, each)
    where = f" to a {wanted}" if wanted else ", or to an event hub alone, which keeps nothing that can be asked for"
    raise NoLogError(
        f"{resource_id.rsplit('/', 1)[-1]}: no diagnostic setting sends its log{where} — set managed-hsm:diagnostics"
    )


def storage(account: str) -> Place:
    """A storage account, by ARM id, by name, or by the address of its blobs. Raises AuditError."""
    name = account.rstrip("/").rsplit("/", 1)[-1].partition(".")[0]
    if not re.fullmatch(r"[0-9a-z]{3,24}", name):
        raise AuditError(f"--storage {account}: the name of a storage account, or its ARM id")
    suffix = current().identity.cloud.storage
    return Place("storage", f"https://{name}.blob.{suffix}", f"storage account {name}")


def workspace(session: Session, named: str) -> Place:
    """A workspace, by ARM id or by customer id. Raises AuditError and DataPlaneError."""
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", named):
        return Place("workspace", named.lower(), f"workspace {named}")
    if not named.startswith("/subscriptions/"):
        raise AuditError(f"--workspace {named}: the ARM id of a workspace, or its customer id (a GUID)")
    return _workspace(session, {"workspaceId": named})


def _workspace(session: Session, setting: Mapping[str, Any]) -> Place:
    arm_id = str(setting["workspaceId"])
    found = session.resource_manager_get(arm_id, _WORKSPACES)
    customer_id = str(found["properties"]["customerId"])
    dedicated = setting.get("logAnalyticsDestinationType") == "Dedicated"
    return Place("workspace", customer_id, f"workspace {arm_id.rsplit('/', 1)[-1]}", dedicated)


def _subscription(session: Session) -> str:
    for variable in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        if named := os.environ.get(variable):
            return named
    found = [str(each["subscriptionId"]) for each in _listed(session, "/subscriptions", _SUBSCRIPTIONS)]
    if len(found) != 1:
        raise AuditError(f"{len(found)} subscriptions can be seen — set ARM_SUBSCRIPTION_ID to the one that is meant")
    return found[0]


def _listed(session: Session, path: str, api_version: str = _KEY_VAULT) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    try:
        page = session.resource_manager_get(path, api_version)
    except NotFoundError:
        return found
    while True:
        found += page["value"]
        if not page.get("nextLink"):
            return found
        page = session.resource_manager_get(_without_version(str(page["nextLink"])), api_version)


def _without_version(link: str) -> str:
    """Path and query of the next page's address, but for the api-version, which every request gets."""
    parts = urlsplit(link)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name.lower() != "api-version"]
    return f"{parts.path}?{urlencode(query)}" if query else parts.path
