"""The connections of the private endpoints: approved, or waited for, or named."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components.managed_hsm import ManagedHsm
from components.private_path import PrivatePath
from components.proof_plan import plan
from config import Settings
from config.hsm import Hsm
from dynamic.endpoint_connection import EndpointConnection, EndpointConnectionArgs


def make_connections(
    settings: Settings, path: PrivatePath, hsm: ManagedHsm, after: Sequence[pulumi.Resource]
) -> list[EndpointConnection]:
    """Declares a look at the connection of each private endpoint.

    ``after``: what an approval that is not given yet must not keep from being done. An endpoint that the deployer
    approves waits for none of it.
    """
    needed = _needed(settings)
    return [
        EndpointConnection(
            f"{endpoint.name}-connection",
            EndpointConnectionArgs(
                hsm_id=hsm.id,
                hsm_created_at=hsm.created_at,
                endpoint_id=path.endpoints[endpoint.name].endpoint.id,
                endpoint_urn=path.endpoints[endpoint.name].endpoint.urn,
                approval_minutes=endpoint.approval_minutes,
                needed=endpoint.name in needed,
            ),
            opts=pulumi.ResourceOptions(
                deleted_with=hsm.pool,
                depends_on=list(after) if endpoint.approval == "manual" else [],
                # An endpoint that is made anew has the same id, and another connection.
                replace_with=[path.endpoints[endpoint.name].endpoint],
            ),
        )
        for endpoint in (settings.network.private_endpoints if settings.network else ())
    ]


def _needed(settings: Settings) -> set[str]:
    """The endpoints that something else in the stack goes through: a proof, or the set-up where no other way is."""
    found = {name for each in plan(settings) for name in each.endpoints}
    if isinstance(settings.hsm, Hsm) and settings.hsm.firewall.is_closed and settings.network is not None:
        endpoints = settings.network.private_endpoints
        # The engine runs in one of the networks; the stack's own goes first.
        found |= {each.name for each in endpoints if each.subnet is None} or {each.name for each in endpoints}
    return found
