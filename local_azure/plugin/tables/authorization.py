"""Microsoft.Authorization: role assignments and locks, put upon any scope."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "authorization:RoleAssignment": (
        "name! systemData!:SystemData type! properties> principalId* roleDefinitionId* scope! condition "
        "conditionVersion delegatedManagedIdentityResourceId description principalType createdBy! createdOn! "
        "updatedBy! updatedOn!"
    ),
    "authorization:ManagementLockByScope": (
        "name! systemData!:SystemData type! properties> level* notes owners:[ManagementLockOwner]"
    ),
    "ManagementLockOwner": "applicationId",
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

RESOURCE_TYPES = (
    ResourceType(
        "authorization:RoleAssignment",
        path="/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
        api_version="2022-04-01",
        shapes=SHAPES,
        force_new=frozenset({"principalId"}),
    ),
    ResourceType(
        "authorization:ManagementLockByScope",
        path="/{scope}/providers/Microsoft.Authorization/locks/{lockName}",
        api_version="2020-05-01",
        shapes=SHAPES,
    ),
)
