"""The workload's identities and machines, as the settings name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.private_path import PrivatePath
from components.resource_group import ResourceGroup
from components.vm_identity import (
    UserAssignedIdentity,
    UserAssignedIdentityArgs,
    VirtualMachine,
    VirtualMachineArgs,
    existing_identity,
)
from config import Settings
from config.identities import AttachedIdentity, ExistingIdentity
from config.machines import Machine, machines_of


@dataclass(frozen=True)
class Identities:
    """Identities by the names that role assignments use, machines by their own."""

    principal_ids: dict[str, pulumi.Output[str]]
    client_ids: dict[str, pulumi.Output[str]]
    """Of user-assigned identities: a machine that has several is told by it which to use."""
    machines: dict[str, VirtualMachine]


@dataclass(frozen=True)
class Apart:
    """An identity that stands by itself, whoever made it."""

    id: pulumi.Input[str]
    principal_id: pulumi.Output[str]
    client_id: pulumi.Output[str]


def make_apart(settings: Settings, group: ResourceGroup | None) -> dict[str, Apart]:
    """Declares every identity that stands by itself, by name. They wait for nothing but the group.

    ``group`` may be None where all of them are somebody else's.
    """
    location = _location(settings)
    return {
        name: _made_apart(name, setting, group, location)
        for name, setting in settings.identities.items()
        if isinstance(setting, AttachedIdentity)
    }


def make_identities(
    settings: Settings, group: ResourceGroup, path: PrivatePath, apart: Mapping[str, Apart]
) -> Identities:
    """Declares every machine with all the identities that name it.

    An identity that stands by itself waits for no machine, so its roles do not either.
    """
    location = _location(settings)
    machines = {
        name: _machine(name, machine, group, location, path, [apart[each].id for each in machine.attached])
        for name, machine in machines_of(settings.identities).items()
    }
    own = {name: made.principal_id for name, made in machines.items() if made.principal_id is not None}
    return Identities(
        principal_ids={**{name: each.principal_id for name, each in apart.items()}, **own},
        client_ids={name: each.client_id for name, each in apart.items()},
        machines=machines,
    )


def _location(settings: Settings) -> str:
    return settings.network.location if settings.network else settings.location


def _made_apart(name: str, setting: AttachedIdentity, group: ResourceGroup | None, location: str) -> Apart:
    if isinstance(setting, ExistingIdentity):
        found = existing_identity(name, setting.id)
        # Not the id that was read: in previews the engine does not know it.
        return Apart(setting.id, found.principal_id, found.client_id)
    if group is None:
        raise TypeError("an identity that is made lies in a group")
    made = UserAssignedIdentity(name, UserAssignedIdentityArgs(group.name, location, name))
    return Apart(made.id, made.principal_id, made.client_id)


def _machine(
    name: str,
    machine: Machine,
    group: ResourceGroup,
    location: str,
    path: PrivatePath,
    attached: list[pulumi.Input[str]],
) -> VirtualMachine:
    made_from = machine.made_from
    subnet = made_from.subnet or path.subnet_id
    if subnet is None:
        raise TypeError("a machine lies in a subnet; the configuration's reader refuses anything else")
    return VirtualMachine(
        name,
        VirtualMachineArgs(
            resource_group=group.name,
            location=made_from.location or location,
            name=name,
            subnet_id=subnet,
            size=made_from.size,
            image=made_from.image,
            admin_username=made_from.admin_username,
            ssh_public_key=made_from.ssh_public_key,
            system_assigned_identity=machine.system_assigned,
            user_assigned_identities=attached,
            # So the endpoints have the subnet's first addresses, and not what a race left over.
            addresses_after=[] if made_from.subnet else [each.endpoint for each in path.endpoints.values()],
        ),
    )
