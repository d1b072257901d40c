"""Public DNS, as far as it knows the local Azure.

A pool's name leads to the name of its region's front end; once an approved private endpoint exists it does so through
``privatelink`` ("Azure Private Endpoint private DNS zone values"), for everybody. How the front ends are called is
nowhere published; these names are invented.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from local_azure.arm.providers.managed_hsms import TYPE as POOL
from local_azure.arm.providers.vault_life import VAULT
from local_azure.arm.resources import Resources
from local_azure.core.world import World
from local_azure.managed_hsm import pools
from local_azure.vm import addresses, endpoints

_TTL = 60
_HSM, _VAULT = "managedhsm.azure.net", "vault.azure.net"
_HSM_LINK, _VAULT_LINK = "privatelink.managedhsm.azure.net", "privatelink.vaultcore.azure.net"
_HSM_REGION = re.compile(r"[a-z0-9]+\.prod\.managedhsm\.azure\.net")
_VAULT_REGION = re.compile(r"data-prod-[a-z0-9]+\.vaultcore\.azure\.net")


@dataclass(frozen=True)
class Record:
    """One resource record; owner and value are names in lower case without the last dot, or an address."""

    owner: str
    kind: Literal["A", "CNAME"]
    value: str
    ttl: int


@dataclass(frozen=True)
class _Target:
    """Something with a data plane of its own name."""

    id: str
    region: str


class PublicNames:
    """The answers of public DNS."""

    def __init__(self, world: World, plays: Callable[[str], bool]) -> None:
        """``plays``: whether a host name is played at all."""
        self._world = world
        self._plays = plays

    def records(self, name: str) -> list[Record]:
        """The records of a name; none where it does not exist."""
        label, _, domain = name.partition(".")
        if domain in (_HSM, _HSM_LINK):
            return self._data_plane(name, self._pool(label), _HSM_LINK, "{}.prod.managedhsm.azure.net")
        if domain in (_VAULT, _VAULT_LINK):
            return self._data_plane(name, self._vault(label), _VAULT_LINK, "data-prod-{}.vaultcore.azure.net")
        if _HSM_REGION.fullmatch(name) or _VAULT_REGION.fullmatch(name):
            return [Record(name, "A", addresses.of_service(name, 52), _TTL)]
        return [Record(name, "A", addresses.of_service(name), _TTL)] if self._plays(name) else []

    def addresses(self, name: str) -> set[str]:
        """Where the way from a name ends."""
        found = self.records(name)
        aliases = [self.addresses(record.value) for record in found if record.kind == "CNAME"]
        return {record.value for record in found if record.kind == "A"}.union(*aliases)

    def of_data_planes(self) -> set[str]:
        """Where the public ways to every pool and vault end."""
        hosts = [f"{pool.name.lower()}.{_HSM}" for pool in Resources(self._world).of_type(POOL)]
        hosts += [f"{vault.name.lower()}.{_VAULT}" for vault in Resources(self._world).of_type(VAULT)]
        return set().union(*(self.addresses(host) for host in hosts))

    def _data_plane(self, name: str, target: _Target | None, link: str, front_end: str) -> list[Record]:
        if target is None:
            return []
        linked = endpoints.leads_to(self._world, target.id)
        is_link = name.endswith(f".{link}")
        if is_link and not linked:
            return []
        canonical = f"{name.partition('.')[0]}.{link}" if linked and not is_link else front_end.format(target.region)
        return [Record(name, "CNAME", canonical, _TTL)]

    def _pool(self, name: str) -> _Target | None:
        pool = pools.by_name(self._world, name)
        return None if pool is None else _Target(pool.arm_id, _region(pool.location))

    def _vault(self, name: str) -> _Target | None:
        found = (each for each in Resources(self._world).of_type(VAULT) if each.name.lower() == name)
        vault = next(found, None)
        return None if vault is None else _Target(vault.id, _region(vault.location))


def host_behind(name: str) -> str:
    """The host whose certificate is shown where a client asks for this name.

    Certificates are for ``*.managedhsm.azure.net`` and ``*.vault.azure.net``: a client that asks for a privatelink
    name is shown one that does not fit.
    """
    label, _, domain = name.partition(".")
    return f"{label}.{_HSM if domain == _HSM_LINK else _VAULT}" if domain in (_HSM_LINK, _VAULT_LINK) else name


def _region(location: str) -> str:
    return location.replace(" ", "").lower()
