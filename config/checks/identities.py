"""Identities that exist only once, and the virtual machines that have them."""

from __future__ import annotations

from collections.abc import Iterator

from config.checks.network import SUBNET, is_type
from config.identities import AttachedIdentity, ExistingIdentity, UserAssignedIdentity, VirtualMachine, VmIdentity
from config.machines import machines_of
from config.problems import Problem, not_accepted
from config.settings import Settings

_NETWORK = "managed-hsm:network"
_IDENTITIES = "managed-hsm:identities"
_USER_ASSIGNED = "Microsoft.ManagedIdentity/userAssignedIdentities"
_SHORTEST_NAME = 3
"""Of a user-assigned identity ("Naming rules and restrictions for Azure resources")."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of identities and machines."""
    yield from _identity_problems(settings)
    yield from _machine_problems(settings)
    yield from _description_problems(settings)


def _identity_problems(settings: Settings) -> Iterator[Problem]:
    ids: dict[str, str] = {}
    for name, identity in settings.identities.items():
        path = f"{_IDENTITIES}.{name}"
        if isinstance(identity, UserAssignedIdentity) and len(name) < _SHORTEST_NAME:
            yield not_accepted(path, name, f"a name of {_SHORTEST_NAME} characters or more, as userAssigned is set")
        if not isinstance(identity, ExistingIdentity):
            continue
        if not is_type(identity.id, _USER_ASSIGNED):
            yield not_accepted(f"{path}.id", identity.id, "the ARM id of a user-assigned identity")
        earlier = ids.setdefault(identity.id.lower(), name)
        if earlier != name:
            involved = (f"{_IDENTITIES}.{earlier}.id",)
            yield not_accepted(f"{path}.id", identity.id, f"an identity that {earlier} is not", involved)


def _machine_problems(settings: Settings) -> Iterator[Problem]:
    """Problems of machines. One machine may have several identities, so it may be named more than once."""
    spellings: dict[str, str] = {}
    for name, identity in settings.identities.items():
        path = f"{_IDENTITIES}.{name}"
        machines = {path: name}
        if isinstance(identity, AttachedIdentity):
            machines = {f"{path}.vms[{index}]": machine for index, machine in enumerate(identity.vms)}
        for index, (place, machine) in enumerate(machines.items()):
            spelling = spellings.setdefault(machine.lower(), machine)
            if spelling != machine:
                yield not_accepted(place, machine, f"{spelling}, as the machine is called elsewhere, or another name")
            if machine in list(machines.values())[:index]:
                yield not_accepted(place, machine, "each machine once")
            if settings.network is None and machines_of(settings.identities)[machine].made_from.subnet is None:
                text = f"the machine {machine} has no network; the section network, or a subnet of its own"
                yield Problem(place, text, (_NETWORK,))


def _description_problems(settings: Settings) -> Iterator[Problem]:
    """Problems of what machines are made from: several entries may say it of one machine, but not differently."""
    described: dict[str, tuple[str, VirtualMachine]] = {}
    for name, identity in settings.identities.items():
        if not isinstance(identity, AttachedIdentity):
            yield from _subnet_problems(f"{_IDENTITIES}.{name}.vm", identity.vm)
            continue
        if identity.vm_settings is None:
            continue
        path = f"{_IDENTITIES}.{name}.vmSettings"
        yield from _subnet_problems(path, identity.vm_settings)
        if not identity.vms:
            yield Problem(path, "describes no machine; none without vms")
        for machine in identity.vms:
            earlier, made_from = described.setdefault(machine, (name, identity.vm_settings))
            if made_from != identity.vm_settings and not isinstance(settings.identities.get(machine), VmIdentity):
                involved = (f"{_IDENTITIES}.{earlier}.vmSettings",)
                yield Problem(path, f"differs from vmSettings of {earlier}, for the same machine {machine}", involved)


def _subnet_problems(path: str, made_from: VirtualMachine) -> Iterator[Problem]:
    if made_from.subnet is not None and not is_type(made_from.subnet, SUBNET):
        yield not_accepted(f"{path}.subnet", made_from.subnet, "the ARM id of a subnet")
    if made_from.location is not None and made_from.subnet is None:
        accepted = "none without subnet, as the stack's own lies in the network's region"
        yield not_accepted(f"{path}.location", made_from.location, accepted)
