"""Who reaches a vault at all ("Configure Azure Key Vault networking settings").

A private endpoint passes whatever the rules say. Nobody here is one of the trusted services that ``bypass`` is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from local_azure.core.errors import NotPlayed
from local_azure.core.world import World
from local_azure.key_vault.context import Caller
from local_azure.key_vault.errors import not_private, outside_firewall
from local_azure.key_vault.vaults import Vault, approved_endpoints


def check(world: World, vault: Vault, caller: Caller) -> None:
    """Raises ServiceError 403 where the firewall does not let the caller's address in."""
    origin = caller.origin
    endpoint = origin.private_endpoint_id
    if endpoint is not None and endpoint.lower() in approved_endpoints(world, vault):
        return
    if vault.public_network_access.lower() == "disabled":
        raise not_private(caller, vault)
    rules = vault.network_acls
    if rules is None or rules.get("defaultAction", "Allow") == "Allow":
        return
    if origin.public_address is not None and _listed(rules, origin.public_address):
        return
    if rules.get("virtualNetworkRules"):
        raise NotPlayed("virtual network rules of a vault's firewall (service endpoints)")
    raise outside_firewall(origin.public_address or "(none)", caller, vault)


def _listed(rules: Mapping[str, Any], address: str) -> bool:
    return any(IPv4Address(address) in IPv4Network(rule["value"]) for rule in rules.get("ipRules", []))
