"""Azure roles, given by role assignments in ARM: not the local roles of a pool."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import authorization

from config.access import Principal

PRINCIPAL_TYPES: Final[Mapping[str, str]] = {
    "identity": "ServicePrincipal",
    "servicePrincipal": "ServicePrincipal",
    "group": "Group",
    "user": "User",
}
"""What ARM is told, so that it takes a principal that has not spread through the directory yet. Of the deployer and of
an object id only the directory knows it."""


@dataclass(frozen=True)
class AzureRole:
    """A role, given to a principal at a scope."""

    role_guid: str
    principal: Principal
    principal_id: pulumi.Input[str]
    scope: pulumi.Output[str]
    """ARM id of what the role is at."""
    subscription_id: str


def assign(name: str, role: AzureRole, opts: pulumi.ResourceOptions) -> authorization.RoleAssignment:
    """Declares the role assignment."""
    kind, guid = role.principal.kind, role.role_guid
    named = pulumi.Output.all(role.scope, role.principal_id).apply(lambda both: assignment_name(both[0], guid, both[1]))
    definitions = f"/subscriptions/{role.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
    told = pulumi.ResourceOptions(transformations=None if kind in PRINCIPAL_TYPES else [_without_principal_type])
    return authorization.RoleAssignment(
        name,
        role_assignment_name=named,
        scope=role.scope,
        principal_id=role.principal_id,
        principal_type=PRINCIPAL_TYPES.get(kind),
        role_definition_id=f"{definitions}/{guid}",
        opts=pulumi.ResourceOptions.merge(opts, told),
    )


def assignment_name(scope: str, role_guid: str, principal_id: str) -> str:
    """The GUID of a role assignment, which is the same in every run: what a killed run has made is found again."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope}|{role_guid}|{principal_id}".lower()))


def _without_principal_type(made: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """The SDK says ``User`` where the program says nothing, and ARM refuses that for everybody else."""
    return pulumi.ResourceTransformationResult({**made.props, "principal_type": None}, made.opts)
