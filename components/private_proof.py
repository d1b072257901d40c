"""The proof of the private path, wired to what it proves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

from components.hsm_setup import HsmSetup
from components.identities import Identities
from components.managed_hsm import ManagedHsm
from components.private_path import PrivatePath
from components.proof_plan import nothing_to_prove, plan
from config import Settings
from config.hsm import Hsm
from dynamic.proof import Proof, ProofArgs


def make_proofs(
    settings: Settings,
    hsm: ManagedHsm,
    setup: HsmSetup,
    path: PrivatePath,
    identities: Identities,
    connections: Sequence[pulumi.Resource],
) -> dict[str, pulumi.Output[Any]]:
    """Declares a proof for each identity that can prove something; answers the evidence by identity.

    ``connections``: what says that the private endpoints carry traffic.
    """
    if (line := nothing_to_prove(settings)) is not None:
        pulumi.log.warn(line)
    found: dict[str, pulumi.Output[Any]] = {}
    for each in plan(settings):
        machine = identities.machines[each.machine]
        key = setup.keys[each.key]
        roles = setup.roles_of(identities.principal_ids[each.identity])
        found[each.identity] = Proof(
            f"{each.identity}-proof",
            ProofArgs(
                vm_id=machine.id,
                machine_instance=machine.instance,
                location=machine.location,
                host=hsm.uri.apply(_host),
                private_addresses=[path.endpoints[name].ip_address for name in each.endpoints],
                principal_id=identities.principal_ids[each.identity],
                client_id=identities.client_ids.get(each.identity, ""),
                key=each.key,
                key_version=key.version,
                lists=each.lists,
                public_way=_public_way(settings),
                firewall=_firewall(settings),
                role_assignments=[role.assignment_name for role in roles],
                patience_seconds=settings.proof.patience_seconds,
                again=settings.proof.again,
            ),
            opts=pulumi.ResourceOptions(
                depends_on=[*_before(path, setup, roles), *connections],
                replace_with=[path.endpoints[name].endpoint for name in each.endpoints],
            ),
        ).evidence
    return found


def _before(path: PrivatePath, setup: HsmSetup, roles: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
    # Every key: what is listed should be all that the stack has.
    return [*setup.active, *setup.keys.values(), *path.reachable, *roles]


def _host(uri: str) -> str:
    return uri.split("://", 1)[1].strip("/")


def _public_way(settings: Settings) -> str:
    firewall = _pool(settings).firewall
    shut = firewall.public_network_access == "Disabled" or firewall.default_action == "Deny"
    return "closed" if shut else "open"


def _firewall(settings: Settings) -> str:
    return _pool(settings).firewall.model_dump_json(by_alias=True)


def _pool(settings: Settings) -> Hsm:
    if not isinstance(settings.hsm, Hsm):
        raise TypeError("a stack makes its own pool; the configuration's reader refuses anything else")
    return settings.hsm
