"""The pool as Azure Resource Manager knows it. ARM is not behind the pool's firewall.

Source: Microsoft.KeyVault/managedHSMs, api-version 2024-11-01.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from data_plane.errors import NotFoundError
from data_plane.session import Session

API_VERSION: Final = "2024-11-01"

NOT_ACTIVATED: Final = "NotActivated"
ACTIVE: Final = "Active"
FAILED: Final = "Failed"
UNKNOWN: Final = "Unknown"


@dataclass(frozen=True)
class Network:
    """Which ways lead to a pool's data plane."""

    public_network_access: str = "Enabled"
    """``Enabled`` or ``Disabled``."""
    default_action: str = "Allow"
    """``Allow`` or ``Deny``."""
    ip_rules: tuple[str, ...] = ()
    """Public IPv4 addresses and networks that are let in although the default is ``Deny``."""
    private_endpoints: tuple[PrivateEndpoint, ...] = ()
    bypass: str = "None"
    """``AzureServices`` or ``None``."""

    @property
    def is_public(self) -> bool:
        """Whether everybody can come publicly."""
        return self.public_network_access == "Enabled" and self.default_action == "Allow"

    def lets_in(self, address: str) -> bool:
        """Whether a caller with this public IPv4 address can come publicly."""
        if self.public_network_access != "Enabled" or self.is_public:
            return self.is_public
        return any(IPv4Address(address) in IPv4Network(rule, strict=False) for rule in self.ip_rules)


@dataclass(frozen=True)
class PrivateEndpoint:
    """A private endpoint's connection, as the pool sees it."""

    name: str
    status: str
    """``Approved``, ``Pending``, ``Rejected`` or ``Disconnected``; only the first carries traffic."""
    id: str = ""
    """ARM id of the endpoint."""
    connection_id: str = ""
    """ARM id of the connection, which the pool's owner approves or rejects."""


@dataclass(frozen=True)
class Pool:
    """One Managed HSM."""

    id: str
    """ARM id."""
    name: str
    uri: str
    created_at: str
    """``systemData.createdAt``: with the ARM id it tells this pool from an earlier one of the same name."""
    activation_status: str
    """``NotActivated``, ``Active``, ``Failed`` or ``Unknown``."""
    activation_message: str
    network: Network = field(default_factory=Network)
    purge_protection: bool = False
    initial_administrators: tuple[str, ...] = ()
    """Object ids; those that the pool was made with."""


def read(session: Session, hsm_id: str) -> Pool | None:
    """The pool, or None where there is none. Raises DataPlaneError."""
    try:
        resource = session.resource_manager_get(hsm_id, API_VERSION)
    except NotFoundError:
        return None
    return _pool(resource)


def _pool(resource: dict[str, Any]) -> Pool:
    properties = resource.get("properties") or {}
    activation = properties.get("securityDomainProperties") or {}
    return Pool(
        id=str(resource["id"]),
        name=str(resource["name"]),
        uri=str(properties.get("hsmUri", "")),
        created_at=str((resource.get("systemData") or {}).get("createdAt", "")),
        activation_status=str(activation.get("activationStatus") or UNKNOWN),
        activation_message=str(activation.get("activationStatusMessage") or ""),
        network=_network(properties),
        purge_protection=bool(properties.get("enablePurgeProtection")),
        initial_administrators=tuple(map(str, properties.get("initialAdminObjectIds") or ())),
    )


def _network(properties: dict[str, Any]) -> Network:
    acls = properties.get("networkAcls") or {}
    return Network(
        public_network_access=str(properties.get("publicNetworkAccess") or "Enabled"),
        default_action=str(acls.get("defaultAction") or "Allow"),
        ip_rules=tuple(str(rule["value"]) for rule in acls.get("ipRules") or []),
        private_endpoints=tuple(
            _private_endpoint(str(each.get("id") or ""), each.get("properties") or {})
            for each in properties.get("privateEndpointConnections") or []
        ),
        bypass=str(acls.get("bypass") or "None"),
    )


def _private_endpoint(connection_id: str, properties: dict[str, Any]) -> PrivateEndpoint:
    state = properties.get("privateLinkServiceConnectionState") or {}
    endpoint_id = str((properties.get("privateEndpoint") or {}).get("id", ""))
    return PrivateEndpoint(name_of(endpoint_id), str(state.get("status", "")), endpoint_id, connection_id)


def name_of(hsm_id: str) -> str:
    """The name of a pool, or of anything else, from its ARM id."""
    return hsm_id.rstrip("/").rsplit("/", 1)[-1]


def is_same(one_id: str, one_created_at: str, other_id: str, other_created_at: str) -> bool:
    """Whether two descriptions mean the very same pool.

    ARM ids are compared without regard to case, as ARM does. A pool without creation time is nobody's.
    """
    return bool(one_created_at) and one_created_at == other_created_at and one_id.lower() == other_id.lower()
