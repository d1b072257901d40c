"""Who reaches an account at all ("Configure Azure Storage firewalls and virtual networks").

Nobody here is one of the trusted services that ``bypass`` is for: those do not come through this door.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Origin
from local_azure.storage.accounts import Account
from local_azure.storage.errors import outside_firewall


def check(account: Account, origin: Origin) -> None:
    """Raises StorageError 403 where the account's network rules do not let the caller's address in."""
    if str(account.properties.get("publicNetworkAccess") or "Enabled") != "Enabled":
        raise outside_firewall()
    rules = account.properties.get("networkAcls") or {}
    if rules.get("defaultAction", "Allow") == "Allow":
        return
    if origin.public_address is not None and any(
        IPv4Address(origin.public_address) in IPv4Network(rule["value"]) for rule in rules.get("ipRules", [])
    ):
        return
    if rules.get("virtualNetworkRules") and origin.name not in ("outside", "internet"):
        raise NotPlayed("virtual network rules of a storage account's firewall (service endpoints)")
    raise outside_firewall()
