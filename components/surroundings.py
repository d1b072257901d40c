"""What the program has to know before it declares anything: who deploys, where, and what is there already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pulumi
from pulumi_azure_native import authorization, keyvault, network, resources

from components.deployer import Deployer
from components.pool_ends import pool_id
from components.present_pool import is_active
from components.stack import Existing
from config import Settings
from config.hsm import Hsm
from config.network import ExistingResource, PrivateNetwork
from data_plane import deleted_pool, deleted_vault, pool_name
from data_plane.credentials import Identity
from data_plane.deleted_pool import DeletedPool
from data_plane.errors import ConflictError, ForbiddenError
from data_plane.session import Session, current

_FIREWALL = "managed-hsm:hsm.firewall"
_NO_SUBSCRIPTION = ("SubscriptionNotFound", "InvalidSubscriptionId")
_SIGN_IN = ("AADSTS", "access token", "credential", "az login")
"""What azure-native's words hold where nobody is signed in, or the sign-in was refused."""
_SIGN_IN_WAY_OUT = "sign in with az login, or check ARM_TENANT_ID, ARM_CLIENT_ID and the secret, certificate or token"


def deployer(settings: Settings, signing_in: Identity) -> Deployer:
    """Who azure-native is signed in as, and on which subscription.

    ``signing_in`` is who the program itself signs in as. Raises pulumi.RunError where azure-native is signed in as
    nobody, as somebody else, or on another subscription than the settings allow.
    """
    client = _invoke("finding out who deploys", authorization.get_client_config)
    _check_same(client.client_id, client.object_id, signing_in)
    found = Deployer(client.tenant_id, client.subscription_id, _object_id(settings, client.object_id))
    wanted = settings.subscription_id
    if wanted is not None and wanted.lower() != found.subscription_id.lower():
        raise pulumi.RunError(
            f"managed-hsm:subscriptionId: signed in on subscription {found.subscription_id}, but the stack is for"
            f" {wanted}; set ARM_SUBSCRIPTION_ID (or az account set), or change the key"
        )
    pulumi.log.info(
        f"signed in by {signing_in.kind} ({signing_in.source}) as {client.client_id or client.object_id}, on"
        f" subscription {found.subscription_id}"
    )
    return found


def _object_id(settings: Settings, signed_in: str) -> str:
    """Who deploys: a preview may be somebody else's, who only reads. Raises pulumi.RunError for an ``up`` that is."""
    named = settings.deployer
    if named is None or named.lower() == signed_in.lower():
        return signed_in
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(
            f"managed-hsm:deployer: {named} deploys this stack, but {signed_in} is signed in; sign in as the deployer,"
            " or change the key (others may preview)"
        )
    return named


def _check_same(client_id: str, object_id: str, signing_in: Identity) -> None:
    """One principal would make the pool, and another that is no administrator of it would have to activate it."""
    if signing_in.client_id and signing_in.client_id.lower() != client_id.lower():
        raise pulumi.RunError(
            f"{signing_in.source}: names {signing_in.client_id}, but azure-native is signed in as {client_id}; set"
            " ARM_CLIENT_ID with its secret, certificate or token (azure-native reads no AZURE_CLIENT_ID), or unset it"
        )
    if signing_in.kind != "default":
        return
    # Both walk the chain by themselves, and neither says before where it ends.
    own = current().principal()
    if own.object_id != object_id:
        raise pulumi.RunError(
            f"{signing_in.source}: the default chain leads the program to {own} and azure-native to {object_id}; set"
            " AZURE_TOKEN_CREDENTIALS to the one link that is meant"
        )


def present_pool(settings: Settings) -> Any | None:
    """The pool as it is there already, whoever made it; None where there is none. Raises pulumi.RunError."""
    if not isinstance(settings.hsm, Hsm):
        return None
    name = settings.hsm.name
    return _found_or_none(
        "looking for the pool",
        lambda: keyvault.get_managed_hsm(resource_group_name=settings.resource_group, name=name),
    )


def existing(settings: Settings, pool: Any | None, who: Deployer, deleted: DeletedPool | None) -> Existing:
    """The group and the pool that are taken over, as far as they exist.

    ``pool`` is the one that is there, for ``hsm.adopt``; ``deleted`` the soft-deleted one that ``hsm.onSoftDeleted``
    deals with.
    """
    if not isinstance(settings.hsm, Hsm):
        return Existing()
    deleted_at = None if deleted is None else deleted.deleted_at
    recovered = deleted is not None and settings.hsm.on_soft_deleted == "recover"
    if not (settings.hsm.adopt or recovered):
        return Existing(deleted_at=deleted_at)
    group = _found_or_none(
        "looking for the resource group to adopt",
        lambda: resources.get_resource_group(resource_group_name=settings.resource_group),
    )
    if recovered:
        # A preview would look for it now, when nobody has recovered it yet.
        back = None if pulumi.runtime.is_dry_run() else pool_id(settings, who)
        return Existing(_id_or_none(group), back, deleted_at)
    return Existing(_id_or_none(group), _id_or_none(pool), deleted_at, _empty(pool))


def check_way_in(settings: Settings, present: Any | None) -> None:
    """Thinks of the activation before the pool is made, which takes a quarter of an hour and cannot be done halfway.

    ``present`` is the pool that is there, as azure-native found it. Says where a pool that is closed to the public has
    to be set up from, until it is active. Raises pulumi.RunError where it could be from nowhere.
    """
    pool, private = settings.hsm, settings.network
    if not isinstance(pool, Hsm) or not pool.firewall.is_closed or is_active(present):
        return
    disabled = pool.firewall.public_network_access == "Disabled"
    rule = "publicNetworkAccess is Disabled" if disabled else "defaultAction is Deny and there are no ipRules"
    address = f"this machine's public address in {_FIREWALL}.ipRules{' (publicNetworkAccess: Enabled)' * disabled}"
    openly = "set it up openly first (publicNetworkAccess: Enabled, defaultAction: Allow) and close it by a second up"
    if private is None or not private.private_endpoints:
        raise pulumi.RunError(
            f"{_FIREWALL}: nobody could activate {pool.name}: {rule}, and managed-hsm:network.privateEndpoints has"
            f" none; declare {address}, or a private endpoint and run inside its network, or {openly}"
        )
    if _is_only_made_here(settings.resource_group, private):
        raise pulumi.RunError(
            f"{_FIREWALL}: nobody could activate {pool.name}: {rule}, and the network of its private endpoint is only"
            " made by this stack, so that nothing can run in it yet; name a network that is there"
            f" (managed-hsm:network.vnet.id) and run inside it, or declare {address}, or {openly}"
        )
    pulumi.log.warn(
        f"{_FIREWALL}: {rule}, so {pool.name} can be activated only from inside the network of its private endpoint:"
        f" run this there, or declare {address}, or {openly}"
    )


def _is_only_made_here(resource_group: str, private: PrivateNetwork) -> bool:
    """Whether every private endpoint is to lie in a network that this stack makes and that is not there yet."""
    made = private.vnet
    if isinstance(made, ExistingResource) or any(each.subnet is not None for each in private.private_endpoints):
        return False
    found = _found_or_none(
        "looking for the network",
        lambda: network.get_virtual_network(resource_group_name=resource_group, virtual_network_name=made.name),
    )
    return found is None


def check_pool_name(settings: Settings, present: Any | None, who: Deployer, session: Session) -> DeletedPool | None:
    """Looks for whoever has the pool's name before anything is made, unless the pool is there already.

    Answers the soft-deleted pool that this run recovers or purges, if it is to. Raises ConflictError where the name is
    taken. Whether it is may be nothing that the deployer is allowed to ask at the subscription: then ARM says so itself
    when the pool is made.
    """
    pool = settings.hsm
    if not isinstance(pool, Hsm) or present is not None:
        return None
    with suppress(ForbiddenError):
        found = deleted_pool.find(session, deleted_pool.path_of(who.subscription_id, settings.location, pool.name))
        if found is not None and pool.on_soft_deleted != "fail":
            _check_deleted(pool, found, pool_id(settings, who))
            return found
        pool_name.refuse_taken(session, who.subscription_id, settings.location, pool.name)
    return None


def _check_deleted(pool: Hsm, found: DeletedPool, wanted_id: str) -> None:
    """Says what ``hsm.onSoftDeleted`` will do; raises ConflictError where it cannot be done."""
    key = "managed-hsm:hsm.onSoftDeleted"
    if pool.on_soft_deleted == "purge" and found.purge_protected:
        raise ConflictError(
            f"{key}: {pool.name} has purge protection, so nobody can purge it before {found.scheduled_purge}; recover"
            " it, or choose another managed-hsm:hsm.name"
        )
    if found.hsm_id.lower() != wanted_id.lower():
        why = "comes back there only" if pool.on_soft_deleted == "recover" else "is not for this stack to purge"
        raise ConflictError(
            f"{key}: the soft-deleted pool was {found.hsm_id} and {why}; change"
            " managed-hsm:resourceGroup, or choose another managed-hsm:hsm.name"
        )
    if pool.on_soft_deleted == "purge":
        pulumi.log.warn(f"{key}: the soft-deleted pool {pool.name} is purged, with every key that was in it, for good")
        return
    pulumi.log.warn(
        f"{key}: the soft-deleted pool {pool.name} comes back with its keys, roles and security domain, and is changed"
        " to what the configuration says; a security-domain file of before cannot be proved to be its own: set"
        f" managed-hsm:securityDomain.reissue to {pool.name} for this run"
    )


def check_vault_name(settings: Settings, who: Deployer, session: Session) -> None:
    """Looks for whoever has the vault's name before anything is made, unless the vault is there already.

    Raises ConflictError where the name is taken. Whether it is may be nothing that the deployer is allowed to ask at
    the subscription: then ARM says so itself when the vault is made.
    """
    vault = settings.vault
    if vault is None:
        return
    found = _found_or_none(
        "looking for the vault",
        lambda: keyvault.get_vault(resource_group_name=settings.resource_group, vault_name=vault.name),
    )
    if found is None:
        with suppress(ForbiddenError):
            deleted_vault.refuse_taken(session, who.subscription_id, settings.location, vault.name)


def _empty(pool: Any | None) -> frozenset[str]:
    if pool is None:
        return frozenset()
    acls = pool.properties.network_acls
    parts = {
        "ipRules": acls and acls.ip_rules,
        "virtualNetworkRules": acls and acls.virtual_network_rules,
        "regions": pool.properties.regions,
        "tags": pool.tags,
    }
    return frozenset(name for name, values in parts.items() if not values)


def _id_or_none(found: Any | None) -> str | None:
    return None if found is None else str(found.id)


def _found_or_none(doing: str, look_up: Callable[[], Any]) -> Any | None:
    try:
        return _invoke(doing, look_up)
    except pulumi.RunError as error:
        if any(code in str(error) for code in _NO_SUBSCRIPTION):
            raise pulumi.RunError(
                f"{error} — set ARM_SUBSCRIPTION_ID (or azure-native:subscriptionId, or az account set) to a"
                " subscription of the tenant that whoever is signed in may read"
            ) from None
        if "NotFound" in str(error):
            return None
        raise


def _invoke(doing: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # the engine's refusals have no class of their own
        cause = " ".join(str(error).split()).removeprefix("invoke of ").rpartition(" returned an error: ")[2]
        raise pulumi.RunError(f"{doing}: {_with_way_out(cause)}") from None


def _with_way_out(cause: str) -> str:
    """The cause with what to check: the proxy, or the sign-in, then without Entra ID's numbers for its support."""
    if "proxy" in cause and "refused" in cause.lower() and " — " not in cause:
        return f"{cause} — check HTTPS_PROXY, and that what listens there runs"
    if not any(word in cause for word in _SIGN_IN):
        return cause
    return f"{cause.split(' Trace ID:')[0].rstrip('.')} — {_SIGN_IN_WAY_OUT}"
