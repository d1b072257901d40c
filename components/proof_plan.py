"""Which machine proves the private path, and with which key: what the settings promise, without asking anybody."""

from __future__ import annotations

from dataclasses import dataclass

from config import Settings
from config.access import RoleAssignment
from config.identities import AttachedIdentity
from config.keys import Key
from config.machines import machines_of
from config.network import ExistingResource, PrivateNetwork, network_of
from data_plane.built_in_roles import guid_of

_CRYPTO_USER = guid_of("Managed HSM Crypto User")
_SERVICE_ENCRYPTION_USER = guid_of("Managed HSM Crypto Service Encryption User")
_WRAP = frozenset({"wrapKey", "unwrapKey"})
_THERE_AND_BACK = {
    "RSA-HSM": (_WRAP, frozenset({"encrypt", "decrypt"}), frozenset({"sign", "verify"})),
    "EC-HSM": (frozenset({"sign", "verify"}),),
    "oct-HSM": (_WRAP,),
}
"""Pairs of operations that can be tried without knowing anything but the key."""


@dataclass(frozen=True)
class Plan:
    """One identity proves with one key on one machine."""

    identity: str
    machine: str
    key: str
    lists: bool
    """Whether the identity may list keys: not with a role at a single key."""
    endpoints: tuple[str, ...]
    """Names of the private endpoints in the machine's network."""


def plan(settings: Settings) -> list[Plan]:
    """A proof for each identity that has a machine beside a private endpoint, and a role at a key of the stack."""
    if settings.network is None or not settings.proof.run:
        return []
    found = []
    made = machines_of(settings.identities)
    for identity, setting in settings.identities.items():
        named = setting.vms if isinstance(setting, AttachedIdentity) else (identity,)
        beside = {each: endpoints_beside(settings.network, made[each].made_from.subnet) for each in named}
        machine = next((each for each in named if beside[each]), None)
        usable = _usable_key(settings, identity)
        if machine is not None and usable is not None:
            found.append(Plan(identity, machine, *usable, beside[machine]))
    return found


def nothing_to_prove(settings: Settings) -> str | None:
    """Why no identity proves the private path, where one looks as if it were to; None where all is as it seems."""
    network, proof = settings.network, settings.proof
    endpoints = network.private_endpoints if network is not None else ()
    meant = "run" in proof.model_fields_set or (endpoints and settings.identities)
    if not proof.run or not meant or plan(settings):
        return None
    if not endpoints:
        cause = "managed-hsm:network.privateEndpoints has none"
    elif not any(_is_beside(settings, each) for each in machines_of(settings.identities)):
        cause = "managed-hsm:identities has no machine in the network of a private endpoint"
    else:
        cause = (
            "no identity of such a machine has a role in managed-hsm:roleAssignments at a key that can be tried "
            "(enabled, and for wrapping, signing or RSA encryption)"
        )
    return f"managed-hsm:proof.run: nothing proves the private path: {cause}; add that, or say run: false"


def _is_beside(settings: Settings, machine: str) -> bool:
    subnet = machines_of(settings.identities)[machine].made_from.subnet
    return settings.network is not None and bool(endpoints_beside(settings.network, subnet))


def endpoints_beside(network: PrivateNetwork, subnet_id: str | None) -> tuple[str, ...]:
    """The names of the private endpoints that a machine in this subnet goes through; None is the stack's own subnet."""
    own = network.vnet.id if isinstance(network.vnet, ExistingResource) else None
    wanted = own if subnet_id is None else network_of(subnet_id)
    return tuple(
        endpoint.name
        for endpoint in network.private_endpoints
        if _same(own if endpoint.subnet is None else network_of(endpoint.subnet), wanted)
    )


def _same(one: str | None, other: str | None) -> bool:
    """Whether both are the same network; None is the one that the stack makes."""
    return one == other or (one is not None and other is not None and one.lower() == other.lower())


def _usable_key(settings: Settings, identity: str) -> tuple[str, bool] | None:
    assignments = [
        each
        for each in settings.role_assignments
        if each.principal.kind == "identity" and each.principal.value == identity
    ]
    # A role at every key first: with it the list can be tried too.
    for assignment in sorted(assignments, key=_is_at_a_key):
        for name, key in settings.keys.items():
            if _covers(assignment, name) and _can_use(assignment, key):
                return name, not _is_at_a_key(assignment)
    return None


def _is_at_a_key(assignment: RoleAssignment) -> bool:
    return assignment.scope.startswith("/keys/")


def _covers(assignment: RoleAssignment, key: str) -> bool:
    return assignment.scope in ("/", "/keys", f"/keys/{key}")


def _can_use(assignment: RoleAssignment, key: Key) -> bool:
    operations = set(key.effective_operations)
    if not key.enabled:
        return False
    role = guid_of(assignment.role)
    if role == _SERVICE_ENCRYPTION_USER:
        return operations >= _WRAP and key.type != "EC-HSM"
    return role == _CRYPTO_USER and any(operations >= pair for pair in _THERE_AND_BACK[key.type])
