"""How long operations take on Azure, and how much of it the local Azure lets people feel."""

from __future__ import annotations

from local_azure.core.store import Store

_COLLECTION, _KEY = "core.latency", "scale"

AZURE_SECONDS: dict[str, float] = {
    # Managed HSM creation was recorded at 13:40 and 14:46 minutes (azure-cli's recording
    # test_keyvault_hsm_security_domain.yaml and others), its deletion and purge at some five minutes
    # (test_mhsm_private_link_resource.yaml), networks at 3 s, private DNS at 30 s, deletion of an endpoint at 10 s
    # (test_PatchLink_…, test_hsm_private_endpoint_connection.yaml); the others are orders of magnitude.
    "managed_hsm.create": 850.0,
    "managed_hsm.update": 60.0,
    "managed_hsm.firewall": 20.0,
    "managed_hsm.delete": 300.0,
    "managed_hsm.purge": 260.0,
    # Recorded by azure-sdk-for-js of pools with little in them (keyvault-admin, beginRestore).
    "managed_hsm.backup": 8.0,
    "managed_hsm.restore": 11.0,
    "vault.create": 30.0,
    "vault.purge": 20.0,
    "resource_group.delete": 60.0,
    "security_domain.activate": 60.0,
    "role_assignment.propagate": 20.0,
    "key.create": 1.0,
    "network.create": 4.0,
    "network.delete": 10.0,
    "subnet.create": 4.0,
    "private_endpoint.create": 45.0,
    "private_endpoint.delete": 10.0,
    "private_dns.create": 30.0,
    "virtual_machine.create": 60.0,
    "virtual_machine.update": 10.0,
    "storage_account.create": 20.0,
    "event_hub.create": 60.0,
    "resource.create": 2.0,
    "resource.delete": 5.0,
    "request": 0.15,
}
"""Seconds by operation."""


class Latency:
    """``scale`` 0 answers at once, 1 plays Azure's own times."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scale = float((store.get(_COLLECTION, _KEY) or {}).get("scale", 0.0))

    @property
    def scale(self) -> float:
        """Factor on Azure's times."""
        return self._scale

    def set_scale(self, scale: float) -> None:
        """Sets the factor; lasts over a restart."""
        self._store.put(_COLLECTION, _KEY, {"scale": scale})
        self._scale = scale

    def seconds(self, operation: str) -> float:
        """How long the operation takes here; KeyError for one that has no figure."""
        return AZURE_SECONDS[operation] * self._scale
