"""Which virtual machines the identities ask for, and what each is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from config.identities import AttachedIdentity, Identity, VirtualMachine


@dataclass(frozen=True)
class Machine:
    """A virtual machine that the stack makes."""

    made_from: VirtualMachine
    system_assigned: bool
    """Whether it has an identity of its own."""
    attached: tuple[str, ...]
    """The entries of ``identities`` that stand by themselves and name it."""


def machines_of(identities: Mapping[str, Identity]) -> dict[str, Machine]:
    """Every machine by its name. What it is made from its own entry says, else an identity that names it."""
    own = {name: each.vm for name, each in identities.items() if not isinstance(each, AttachedIdentity)}
    attached: dict[str, list[str]] = {}
    described: dict[str, VirtualMachine] = {}
    for name, identity in identities.items():
        if not isinstance(identity, AttachedIdentity):
            continue
        for machine in identity.vms:
            attached.setdefault(machine, []).append(name)
            if identity.vm_settings is not None:
                described.setdefault(machine, identity.vm_settings)
    return {
        name: Machine(
            made_from=own.get(name) or described.get(name) or VirtualMachine(),
            system_assigned=name in own,
            attached=tuple(attached.get(name, ())),
        )
        for name in dict.fromkeys((*own, *attached))
    }
