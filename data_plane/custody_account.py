"""The program's own storage account for the security domain: made outside of the pool's group, and never deleted.

What is there already is taken over: brought to what is wanted where it differs, with all that lies in it. Source:
Microsoft.Storage, api-version 2024-01-01; Microsoft.Resources 2024-03-01; Microsoft.Authorization 2022-04-01.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from data_plane import storage_accounts
from data_plane.blobs import Blob, ClosedError, NoRoleError
from data_plane.clouds import PUBLIC
from data_plane.errors import ConflictError, CustodyError, NotFoundError
from data_plane.session import Session
from data_plane.storage_accounts import API_VERSION
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, silent

_GROUPS: Final = "2024-03-01"
_ROLES: Final = "2022-04-01"
_CONTRIBUTOR: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
"""Storage Blob Data Contributor ("Azure built-in roles for Storage")."""
_SECONDS: Final = 10 * 60.0
"""How long an account may take to be made, and a role to be known ("Troubleshoot Azure RBAC": up to ten minutes)."""
_PROBE: Final = "managed-hsm-access-probe"


@dataclass(frozen=True)
class WantedAccount:
    """What shall stand at the end."""

    subscription_id: str
    resource_group: str
    location: str
    name: str
    replication: str
    """The SKU's name: ``Standard_GRS``."""
    retention_days: int
    """How long what was overwritten or deleted can be brought back."""
    containers: tuple[str, ...]
    principal_id: str
    """Object id of whoever writes there: this deployer."""
    public_network_access: str
    default_action: str
    bypass: str
    ip_rules: tuple[str, ...]
    tags: Mapping[str, str]
    suffix: str = PUBLIC.storage
    """What the names of storage accounts end with in the cloud at hand."""

    @property
    def id(self) -> str:
        """ARM id."""
        return storage_accounts.id_of(self.subscription_id, self.resource_group, self.name)

    @property
    def url(self) -> str:
        """Where its blobs are."""
        return f"https://{self.name}.blob.{self.suffix}"

    @property
    def properties(self) -> dict[str, Any]:
        """Of the account: signed in by Entra ID only, nothing public, Microsoft's own key."""
        return {
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": False,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "publicNetworkAccess": self.public_network_access,
            "networkAcls": {
                "defaultAction": self.default_action,
                "bypass": self.bypass,
                "ipRules": [{"value": rule, "action": "Allow"} for rule in self.ip_rules],
                "virtualNetworkRules": [],
            },
        }


def ensure(session: Session, wanted: WantedAccount, *, say: Say = silent, clock: Clock = SYSTEM_CLOCK) -> str:
    """Makes account, containers and the role, or brings what is there to what is wanted; answers the account's id.

    Ends when blobs can be written there. Raises DataPlaneError, CustodyError among them.
    """
    _ensure_group(session, wanted)
    body = {
        "location": wanted.location,
        "kind": "StorageV2",
        "sku": {"name": wanted.replication},
        "tags": dict(wanted.tags),
        "properties": wanted.properties,
    }
    new = storage_accounts.read(session, wanted.id) is None
    if new:
        session.resource_manager_put(wanted.id, API_VERSION, body)
    _until(lambda: _is_made(session, wanted.id), f"{wanted.name}: the storage account", clock)
    if not new:
        say(
            f"the storage account {wanted.name} is there already: it is taken over, with what lies in it; nobody can"
            " use its keys any more"
        )
        given = ("sku", "tags", "properties")
        session.resource_manager_patch(wanted.id, API_VERSION, {name: body[name] for name in given})
    _ensure_service(session, wanted)
    for container in wanted.containers:
        path = f"{wanted.id}/blobServices/default/containers/{container}"
        if _found(session, path) is None:
            session.resource_manager_put(path, API_VERSION, {"properties": {"publicAccess": "None"}})
    _give_role(session, wanted)
    _until_writable(session, wanted, say, clock)
    return wanted.id


def seen(session: Session, wanted: WantedAccount) -> WantedAccount | None:
    """What of the wanted stands, in the same terms, or None where the account has gone. Raises DataPlaneError."""
    account = _found(session, wanted.id)
    if account is None:
        return None
    properties = account.get("properties") or {}
    rules = properties.get("networkAcls") or {}
    service = (_found(session, f"{wanted.id}/blobServices/default") or {}).get("properties") or {}
    kept = service.get("deleteRetentionPolicy") or {}
    listed = [name for name in wanted.containers if _found(session, _container(wanted, name)) is not None]
    return WantedAccount(
        subscription_id=wanted.subscription_id,
        resource_group=wanted.resource_group,
        location=wanted.location,
        name=wanted.name,
        replication=str((account.get("sku") or {}).get("name", "")),
        retention_days=int(kept.get("days") or 0) if kept.get("enabled") else 0,
        containers=tuple(listed),
        principal_id=wanted.principal_id,
        public_network_access=str(properties.get("publicNetworkAccess") or "Enabled"),
        default_action=str(rules.get("defaultAction") or "Allow"),
        bypass=str(rules.get("bypass") or "None"),
        ip_rules=tuple(str(rule["value"]) for rule in rules.get("ipRules") or []),
        tags=dict(account.get("tags") or {}),
        suffix=wanted.suffix,
    )


def refuse_taken(session: Session, subscription_id: str, name: str, key: str = "managed-hsm:storage.name") -> None:
    """Raises ConflictError where no new account can have the name, and DataPlaneError. ``key`` says the name."""
    path = f"/subscriptions/{subscription_id}/providers/Microsoft.Storage/checkNameAvailability"
    asked = {"name": name, "type": "Microsoft.Storage/storageAccounts"}
    answer = session.resource_manager_ask(path, API_VERSION, asked)
    if not answer.get("nameAvailable", True):
        cause = str(answer.get("message") or answer.get("reason")).rstrip(".")
        raise ConflictError(f"{key}: {name}: {cause} — choose another name, unique in the world")


def _ensure_group(session: Session, wanted: WantedAccount) -> None:
    path = f"/subscriptions/{wanted.subscription_id}/resourceGroups/{wanted.resource_group}"
    if _found(session, path, _GROUPS) is None:
        session.resource_manager_put(path, _GROUPS, {"location": wanted.location})


def _ensure_service(session: Session, wanted: WantedAccount) -> None:
    path = f"{wanted.id}/blobServices/default"
    present = (_found(session, path) or {}).get("properties") or {}
    kept = {"enabled": True, "days": wanted.retention_days}
    properties = {**present, "isVersioningEnabled": True, "deleteRetentionPolicy": kept}
    session.resource_manager_put(path, API_VERSION, {"properties": properties})


def _give_role(session: Session, wanted: WantedAccount) -> None:
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{wanted.id}|{_CONTRIBUTOR}|{wanted.principal_id}".lower())
    definitions = f"/subscriptions/{wanted.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    role = {"roleDefinitionId": f"{definitions}/{_CONTRIBUTOR}", "principalId": wanted.principal_id}
    path = f"{wanted.id}/providers/Microsoft.Authorization/roleAssignments/{name}"
    if _found(session, path, _ROLES) is not None:
        return
    try:
        session.resource_manager_put(path, _ROLES, {"properties": role})
    except ConflictError as error:
        # The same role was given under another name: by hand, or by another stack.
        if error.code != "RoleAssignmentExists":
            raise


def _until_writable(session: Session, wanted: WantedAccount, say: Say, clock: Clock) -> None:
    """Waits until the role is known where blobs are. Raises CustodyError."""
    patience = Patience(_SECONDS, f"{wanted.name}: access to its blobs", clock=clock)
    said = False
    while wanted.containers:
        probe = Blob(f"{wanted.url}/{wanted.containers[0]}/{_PROBE}", session)
        try:
            probe.remove()
            return
        except NoRoleError as error:
            refusal: CustodyError = error
        except ClosedError as error:
            # Rules that let this computer in take their time; where there are none it would be waited for in vain.
            if not wanted.ip_rules or wanted.public_network_access == "Disabled":
                raise
            refusal = error
        if not said:
            say(f"{wanted.name}: waiting until role and network rules are known there")
            said = True
        patience.pause(because=str(refusal))


def _is_made(session: Session, path: str) -> bool:
    state = str(((_found(session, path) or {}).get("properties") or {}).get("provisioningState", ""))
    if state.lower() in ("failed", "canceled"):
        raise CustodyError(f"{path}: the storage account was not made: {state}")
    return state == "Succeeded"


def _until(done: Callable[[], bool], what: str, clock: Clock) -> None:
    patience = Patience(_SECONDS, what, first=0.1, clock=clock)
    while not done():
        patience.pause()


def _container(wanted: WantedAccount, name: str) -> str:
    return f"{wanted.id}/blobServices/default/containers/{name}"


def _found(session: Session, path: str, api_version: str = API_VERSION) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = session.resource_manager_get(path, api_version)
    except NotFoundError:
        return None
    return found
