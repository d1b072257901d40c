"""The vault: secrets that are secret, principals that are declared, permissions that count, addresses that fit."""

from __future__ import annotations

from collections.abc import Iterator

from config.access import Principal
from config.checks.access import suggestion
from config.checks.network import is_type
from config.checks.pool import firewall_problems
from config.network import DnsZone
from config.problems import Problem, not_accepted
from config.settings import Settings
from config.vault import Vault
from config.vault_roles import VAULT_ROLES

_VAULT = "managed-hsm:vault"
_RBAC = f"{_VAULT}.enableRbacAuthorization"
_SECRETS = f"{_VAULT}.secrets"
_ZONE = "privatelink.vaultcore.azure.net"
_MOST_RULES = 1000
_PLAIN = "plain text is not accepted; secret values (pulumi config set --secret --path)"
_LONGEST_SECRET = 25_600
"""Octets."""


def problems(settings: Settings, secret_keys: frozenset[str], plain_secrets: frozenset[str]) -> Iterator[Problem]:
    """Problems of the vault, if there is one.

    ``secret_keys``: sections that hold a secret as the engine knows it. ``plain_secrets``: paths of secrets that are
    written in plain text.
    """
    vault = settings.vault
    if vault is None:
        return
    if vault.secrets and "vault" not in secret_keys:
        yield Problem(_SECRETS, _PLAIN)
    else:
        yield from (
            Problem(f"{_SECRETS}.{name}", _PLAIN) for name in vault.secrets if f"vault.secrets.{name}" in plain_secrets
        )
    yield from _secret_problems(vault)
    if vault.on_destroy == "purge" and vault.purge_protection:
        accepted = "retain or softDelete while purgeProtection is true"
        yield not_accepted(f"{_VAULT}.onDestroy", "purge", accepted, (f"{_VAULT}.purgeProtection",))
    yield from firewall_problems(vault.firewall, f"{_VAULT}.firewall", _MOST_RULES)
    yield from _policy_problems(vault, settings)
    yield from _role_problems(vault, settings)
    yield from _endpoint_problems(vault, settings)


def _secret_problems(vault: Vault) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, value in vault.secrets.items():
        earlier = seen.setdefault(name.lower(), name)
        if earlier != name:
            text = f"the name is not accepted; a name that differs from {earlier} in more than case"
            yield Problem(f"{_SECRETS}.{name}", text)
        if len(value.get_secret_value().encode()) > _LONGEST_SECRET:
            yield Problem(f"{_SECRETS}.{name}", f"the value is not accepted; at most {_LONGEST_SECRET} octets")


def _policy_problems(vault: Vault, settings: Settings) -> Iterator[Problem]:
    if vault.access_policies and vault.enable_rbac_authorization:
        text = "is not accepted; roleAssignments while enableRbacAuthorization is true, which it is if left out"
        yield Problem(f"{_VAULT}.accessPolicies", text, (_RBAC,))
    seen: dict[Principal, int] = {}
    for index, policy in enumerate(vault.access_policies):
        path = f"{_VAULT}.accessPolicies[{index}]"
        yield from _principal_problems(path, policy.principal, settings)
        earlier = seen.setdefault(policy.principal, index)
        if earlier != index:
            involved = (f"{_VAULT}.accessPolicies[{earlier}]",)
            yield Problem(path, f"is for the principal of accessPolicies[{earlier}]; each principal once", involved)


def _role_problems(vault: Vault, settings: Settings) -> Iterator[Problem]:
    if vault.role_assignments and not vault.enable_rbac_authorization:
        text = "is not accepted; accessPolicies while enableRbacAuthorization is false"
        yield Problem(f"{_VAULT}.roleAssignments", text, (_RBAC,))
    seen: dict[tuple[str, Principal, str], int] = {}
    for index, assignment in enumerate(vault.role_assignments):
        path = f"{_VAULT}.roleAssignments[{index}]"
        if assignment.role_guid is None:
            accepted = f"{', '.join(VAULT_ROLES)}, or a GUID" + suggestion(assignment.role, VAULT_ROLES)
            yield not_accepted(f"{path}.role", assignment.role, accepted)
        yield from _principal_problems(path, assignment.principal, settings)
        secret = assignment.scope.removeprefix("/secrets/")
        if assignment.scope != "/" and secret not in vault.secrets:
            accepted = "/, or /secrets/ and the name of an entry of secrets" + suggestion(secret, vault.secrets)
            yield not_accepted(f"{path}.scope", assignment.scope, accepted, (_SECRETS,))
        same = (assignment.role_guid or assignment.role, assignment.principal, assignment.scope)
        earlier = seen.setdefault(same, index)
        if earlier != index:
            involved = (f"{_VAULT}.roleAssignments[{earlier}]",)
            yield Problem(path, f"says the same as roleAssignments[{earlier}]; each assignment once", involved)


def _principal_problems(path: str, principal: Principal, settings: Settings) -> Iterator[Problem]:
    if principal.kind == "identity" and principal.value not in settings.identities:
        accepted = "the name of an entry of identities" + suggestion(principal.value, settings.identities)
        yield not_accepted(f"{path}.principal.identity", principal.value, accepted, ("managed-hsm:identities",))


def _endpoint_problems(vault: Vault, settings: Settings) -> Iterator[Problem]:
    network, zone = settings.network, vault.zone_id
    zone_path = f"{_VAULT}.zoneId"
    if zone is not None and not (
        is_type(zone, "Microsoft.Network/privateDnsZones") and zone.lower().endswith(f"/{_ZONE}")
    ):
        yield not_accepted(zone_path, zone, f"the ARM id of a private DNS zone {_ZONE}")
    if not vault.private_endpoints:
        return
    if network is None:
        text = "is not accepted; the section network, whose subnet the endpoints lie in"
        yield Problem(f"{_VAULT}.privateEndpoints", text, ("managed-hsm:network",))
        return
    if isinstance(network.dns, DnsZone) and zone is None:
        text = f"is missing; the ARM id of a zone {_ZONE}, as network.dns names somebody else's zone"
        yield Problem(zone_path, text, ("managed-hsm:network.dns",))
    if zone is not None and not isinstance(network.dns, DnsZone):
        accepted = "no zone unless network.dns names one by zoneId"
        yield not_accepted(zone_path, zone, accepted, ("managed-hsm:network.dns",))
    names = {endpoint.name.lower(): "network" for endpoint in network.private_endpoints}
    for index, endpoint in enumerate(vault.private_endpoints):
        owner = names.setdefault(endpoint.name.lower(), f"vault[{index}]")
        if owner != f"vault[{index}]":
            path = f"{_VAULT}.privateEndpoints[{index}].name"
            yield not_accepted(path, endpoint.name, "a name that no other private endpoint has")
