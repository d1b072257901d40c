"""The pool's firewall: who may reach the data plane, judged by where a connection comes from.

What it guards is the data plane alone; ARM stays reachable. A private endpoint of this very pool whose connection is
approved lets in whatever the rules say. Of the public ways there are two gates, as with Key Vault: ``networkAcls`` and
``publicNetworkAccess``. Nobody who calls the local Azure is a trusted Azure service, so ``bypass`` only changes the
words of a refusal.

Order: a request without a valid token is challenged first, from wherever it comes ("When I enter the Private link URL
in the browser I get back an OK", MicrosoftDocs/azure-docs issue 106616: the body of the challenge), so clients learn
the tenant. Then the firewall, before everything that a token permits.

Words: the address in brackets is what Managed HSM said in that issue, of a pool with ``Deny`` *and* public access
``Disabled``: so the rules are looked at first. The other refusals, and ``innererror.code``, are Key Vault's ("Azure Key
Vault REST API error codes", "Diagnose private links configuration issues on Azure Key Vault"); none of them has been
seen of a Managed HSM.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from local_azure.arm.connections import APPROVED, connection_status
from local_azure.core.errors import ServiceError
from local_azure.core.http import Origin, Request
from local_azure.core.world import World
from local_azure.managed_hsm.pools import Pool

_BY_FIREWALL, _BY_CONNECTION = "ForbiddenByFirewall", "ForbiddenByConnection"


def require_way_in(world: World, pool: Pool, request: Request) -> None:
    """Raises ServiceError 403 where this connection may not reach the pool's data plane."""
    origin, network = request.origin, pool.network_in_force
    trusting = _acls(network).get("bypass", "AzureServices") == "AzureServices"
    if origin.private_endpoint_id is not None:
        _require_private_way(world, pool, origin.private_endpoint_id, request.host)
    elif not lets_in(network, origin):
        address = origin.public_address or "unknown"
        ignored = "is not a trusted service" if trusting else "was ignored because bypass is set to None"
        raise _refused(f"Client address ({address}) is not authorized and caller {ignored}.", _BY_FIREWALL)
    elif network.get("publicNetworkAccess") == "Disabled":
        raise _refused(
            "Public network access is disabled and request is not from a trusted service nor via an approved private "
            "link."
            if trusting
            else "Connection is not an approved private link and caller was ignored because bypass is not set to "
            "'AzureServices' and PublicNetworkAccess is set to 'Disabled'.",
            _BY_CONNECTION,
        )


def _require_private_way(world: World, pool: Pool, endpoint_id: str, host: str) -> None:
    """An endpoint leads to one resource; until its connection is approved it leads nowhere."""
    status = connection_status(world, pool.arm_id, endpoint_id)
    if status is None:
        raise _refused(f"This TCP connection does not allow access to {host}.", _BY_CONNECTION)
    if status != APPROVED:
        raise _refused(
            "Connection is not an approved private link and caller is not a trusted service.", _BY_CONNECTION
        )


def lets_in(network: dict[str, Any], origin: Origin) -> bool:
    """Whether the rules alone, public access aside, let the caller in by its public address."""
    acls = _acls(network)
    if acls.get("defaultAction", "Allow") == "Allow":
        return True
    if origin.public_address is None:
        return False
    address = IPv4Address(origin.public_address)
    return any(address in IPv4Network(rule["value"], strict=False) for rule in acls.get("ipRules") or [])


def _acls(network: dict[str, Any]) -> dict[str, Any]:
    acls: dict[str, Any] = network.get("networkAcls") or {}
    return acls


def _refused(message: str, inner_code: str) -> ServiceError:
    return ServiceError(403, "Forbidden", message, innererror={"code": inner_code})
