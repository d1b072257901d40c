"""The workload's identities and machines, as the settings name them."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.private_path import PrivatePath
from components.resource_group import ResourceGroup
from components.vm_identity import (
    UserAssignedIdentity,
    UserAssignedIdentityArgs,
    VirtualMachine,
    VirtualMachineArgs,
)
from config import Settings
from config.identities import UserAssignedIdentity as UserAssignedSetting
from config.identities import VirtualMachine as MachineSetting


@dataclass(frozen=True)
class Identities:
    """Identities by the names that role assignments use, machines by their own."""

    principal_ids: dict[str, pulumi.Output[str]]
    client_ids: dict[str, pulumi.Output[str]]
    """Of user-assigned identities: a machine that has several is told by it which to use."""
    machines: dict[str, VirtualMachine]


def make_identities(settings: Settings, group: ResourceGroup, path: PrivatePath) -> Identities:
    """Declares every identity, and every machine with all the identities that name it."""
    location = settings.network.location if settings.network else settings.location
    found: dict[str, pulumi.Output[str]] = {}
    attached: dict[str, list[pulumi.Input[str]]] = {}
    client_ids: dict[str, pulumi.Output[str]] = {}
    settings_of: dict[str, MachineSetting] = {}
    made: dict[str, VirtualMachine] = {}
    for name, setting in settings.identities.items():
        if isinstance(setting, UserAssignedSetting):
            identity = UserAssignedIdentity(name, UserAssignedIdentityArgs(group.name, location, name))
            found[name] = identity.principal_id
            client_ids[name] = identity.client_id
            for vm in setting.vms:
                attached.setdefault(vm, []).append(identity.id)
        else:
            settings_of[name] = setting.vm
    for name in dict.fromkeys((*settings_of, *attached)):
        made[name] = _machine(
            name,
            settings_of.get(name, MachineSetting()),
            group,
            location,
            path,
            system_assigned=name in settings_of,
            user_assigned=attached.get(name, []),
        )
        principal_id = made[name].principal_id
        if principal_id is not None:
            found[name] = principal_id
    return Identities(found, client_ids, made)


def _machine(
    name: str,
    setting: MachineSetting,
    group: ResourceGroup,
    location: str,
    path: PrivatePath,
    *,
    system_assigned: bool,
    user_assigned: list[pulumi.Input[str]],
) -> VirtualMachine:
    subnet = setting.subnet or path.subnet_id
    if subnet is None:
        raise TypeError("a machine lies in a subnet; the configuration's reader refuses anything else")
    return VirtualMachine(
        name,
        VirtualMachineArgs(
            resource_group=group.name,
            location=location,
            name=name,
            subnet_id=subnet,
            size=setting.size,
            image=setting.image,
            admin_username=setting.admin_username,
            ssh_public_key=setting.ssh_public_key,
            system_assigned_identity=system_assigned,
            user_assigned_identities=user_assigned,
            # So the endpoints have the subnet's first addresses, and not what a race left over.
            addresses_after=[] if setting.subnet else path.endpoints,
        ),
    )
