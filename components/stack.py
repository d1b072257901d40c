"""One stack: from validated settings to components and what a next stack or a person wants to know of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.custody import destinations, make_account
from components.deployer import Deployer
from components.diagnostics import LoggingSurroundings, make_logging
from components.endpoint_connections import make_connections
from components.exclusive import make_exclusive
from components.full_backup import make_backup, make_backup_right, restoration
from components.hsm_setup import Activation, Assignment, HsmSetup, HsmSetupArgs, Role
from components.identities import Apart, Identities, make_apart, make_identities
from components.keys import outputs_of, settings_of
from components.managed_hsm import ManagedHsm, ManagedHsmArgs
from components.named_principals import named_principals
from components.pool_ends import make_ends
from components.private_path import PrivatePath, make_private_path
from components.private_proof import make_proofs
from components.protection import is_protected, protected_keys, tell_lifted
from components.resource_group import ResourceGroup, ResourceGroupArgs
from components.vault import VaultSurroundings, make_vault
from config import Settings
from config.access import Principal
from config.access import RoleAssignment as RoleAssignmentSetting
from config.certificates import read_certificate
from config.hsm import Hsm
from config.security_domain import SecurityDomain
from data_plane.exclusive_access import Present
from dynamic.security_domain import Custodian


@dataclass(frozen=True)
class Existing:
    """What the configuration asks to take over, by ARM id; None where there is nothing to take over."""

    resource_group: str | None = None
    pool: str | None = None
    deleted_at: str | None = None
    """When a soft-deleted pool that holds the name was deleted; None where none does."""
    empty: frozenset[str] = frozenset()
    """What is empty of the pool that is taken over, by ARM's names: lists and tags."""


def build(
    settings: Settings,
    deployer: Deployer,
    existing: Existing,
    object_id: Callable[[str, str], str],
    present: Present | None = None,
) -> dict[str, Any]:
    """Declares every resource of the stack and answers the stack's outputs.

    ``object_id`` finds a principal by kind (``user``, ``group``, ``servicePrincipal``) and name. ``present``: who has
    a role in the pool already, where the configuration wants others' taken away.
    """
    hsm_settings, domain = settings.hsm, settings.security_domain
    if not isinstance(hsm_settings, Hsm):
        raise TypeError("this stack makes its own pool; components.shared_pool is for the others")
    tell_lifted(settings)
    named = named_principals(settings, object_id)
    group = ResourceGroup(
        "resource-group",
        ResourceGroupArgs(
            name=settings.resource_group,
            location=settings.location,
            import_id=existing.resource_group,
            # What was there before may hold what is nobody's of this stack.
            retain_on_delete=existing.resource_group is not None
            or "retain" in (hsm_settings.on_destroy, settings.vault and settings.vault.on_destroy),
        ),
    )
    apart = make_apart(settings, group)
    hsm = _make_pool(settings, hsm_settings, deployer, group, existing, apart)
    private_path = make_private_path(settings, group, hsm)
    identities = make_identities(settings, group, private_path, apart)
    closed = hsm_settings.firewall.is_closed
    connections = make_connections(settings, private_path, hsm, after=[]) if closed else []

    def principal_id(principal: Principal) -> pulumi.Input[str]:
        return principal_id_of(principal, deployer, identities, named)

    logging = make_logging(settings, LoggingSurroundings(deployer.subscription_id, group, principal_id))
    retained = pulumi.ResourceOptions(parent=hsm, retain_on_delete=hsm_settings.on_destroy == "retain")
    own_account = make_account(settings, deployer)
    backup_right = make_backup_right(settings, hsm_settings, apart, deployer.subscription_id, own_account)
    setup = HsmSetup(
        "hsm-setup",
        HsmSetupArgs(
            hsm=hsm,
            environment=settings.environment,
            deployer=deployer.object_id,
            activation=None if domain is None else _activation(settings, domain, own_account),
            roles=[
                Role(each.name, each.description, each.data_actions, each.not_data_actions)
                for each in settings.role_definitions
            ],
            assignments=[assignment_of(each, deployer, identities, named) for each in settings.role_assignments],
            keys={
                name: settings_of(key, protect=name in protected_keys(settings)) for name, key in settings.keys.items()
            },
            protect=is_protected(settings),
            settings={str(name): value for name, value in hsm_settings.settings.items()},
            private_way=[*private_path.reachable, *connections] if closed else [],
            log=logging.of("hsm-log", hsm.id, retained),
            restoration=restoration(settings, backup_right),
            backup_right=backup_right,
        ),
    )
    given = [(each.role, principal_id(each.principal), each.scope) for each in settings.role_assignments]
    make_exclusive(settings, hsm, setup, deployer.object_id, given, present)
    backup = make_backup(settings, hsm, setup, backup_right)
    if not closed:
        connections = make_connections(settings, private_path, hsm, after=setup.everything)
    proofs = make_proofs(settings, hsm, setup, private_path, identities, connections)
    vault = make_vault(
        settings,
        VaultSurroundings(
            tenant_id=deployer.tenant_id,
            subscription_id=deployer.subscription_id,
            group=group,
            principal_id=principal_id,
            # A step that fails ends the whole run: a vault must not leave a pool behind that is not activated.
            after=setup.active,
            path=private_path,
            machines=list(identities.machines.values()),
            logging=logging,
        ),
    )
    optional = {"backup": backup, "vault": vault}
    told = {name: each for name, each in optional.items() if each}
    return {**_outputs(hsm, setup, private_path, identities), "proof": proofs, **told}


def principal_id_of(
    principal: Principal, deployer: Deployer, identities: Identities, named: dict[Principal, str]
) -> pulumi.Input[str]:
    """The object id of a principal, however the configuration names it."""
    match principal.kind:
        case "deployer":
            return deployer.object_id
        case "identity":
            return identities.principal_ids[principal.value]
        case "objectId":
            return principal.value
        case _:
            return named[principal]


def _make_pool(
    settings: Settings,
    pool: Hsm,
    deployer: Deployer,
    group: ResourceGroup,
    existing: Existing,
    apart: Mapping[str, Apart],
) -> ManagedHsm:
    return ManagedHsm(
        "managed-hsm",
        ManagedHsmArgs(
            resource_group=group.name,
            location=settings.location,
            name=pool.name,
            sku=pool.sku,
            sku_family=pool.sku_family,
            tenant_id=deployer.tenant_id,
            initial_administrators=[
                deployer.object_id if each == "deployer" else each for each in pool.initial_administrators
            ],
            retention_days=pool.retention_days,
            purge_protection=pool.purge_protection,
            public_network_access=pool.firewall.public_network_access,
            default_action=pool.firewall.default_action,
            bypass=pool.firewall.bypass,
            ip_rules=pool.firewall.ip_rules,
            protect=is_protected(settings),
            retain_on_delete=pool.on_destroy == "retain",
            tags=pool.tags,
            identities=[apart[name].id for name in pool.identities],
            second_region=pool.second_region,
            lock=pool.lock,
            import_id=existing.pool,
            left_out=existing.empty,
            deleted_before=make_ends(settings, pool, deployer, group, existing.deleted_at),
        ),
    )


def _activation(settings: Settings, domain: SecurityDomain, after: Sequence[pulumi.Resource]) -> Activation:
    return Activation(
        custodians=[
            Custodian(name=each.name, certificate=read_certificate(each.certificate).pem) for each in domain.custodians
        ],
        quorum=domain.quorum,
        destinations=destinations(domain, settings.hsm.name),
        reissue=domain.reissue,
        recover_from=None if domain.recover_from is None else str(domain.recover_from),
        after=after,
    )


def assignment_of(
    setting: RoleAssignmentSetting, deployer: Deployer, identities: Identities, named: dict[Principal, str]
) -> Assignment:
    """The assignment that a setting means."""
    principal = setting.principal
    principal_id = principal_id_of(principal, deployer, identities, named)
    who = principal.value or principal.kind
    return Assignment(
        name=f"{setting.role}: {who} at {setting.scope}",
        role=setting.role,
        principal_id=principal_id,
        scope=setting.scope,
        before_keys=principal.kind in ("deployer", "group") or principal_id == deployer.object_id,
    )


def _security_domain(setup: HsmSetup) -> dict[str, Any]:
    domain = setup.security_domain
    return {} if domain is None else {"securityDomain": {"files": domain.files, "sha256": domain.sha256}}


def _outputs(hsm: ManagedHsm, setup: HsmSetup, path: PrivatePath, identities: Identities) -> dict[str, Any]:
    return {
        "hsmId": hsm.id,
        "hsmUri": hsm.uri,
        "keys": outputs_of(setup.keys),
        "roleDefinitions": {name: role.definition_name for name, role in setup.role_definitions.items()},
        "roleAssignments": {name: assignment.assignment_name for name, assignment in setup.role_assignments.items()},
        **_security_domain(setup),
        "privateEndpoints": path.ip_addresses,
        "identities": identities.principal_ids,
        "clientIds": identities.client_ids,
    }
