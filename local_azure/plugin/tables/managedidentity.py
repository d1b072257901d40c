"""Microsoft.ManagedIdentity, api-version 2023-01-31 (ManagedIdentity.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "managedidentity:UserAssignedIdentity": (
        "location* tags name! systemData!:SystemData type! properties> clientId! principalId! tenantId!"
    ),
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.ManagedIdentity"

RESOURCE_TYPES = (
    ResourceType(
        "managedidentity:UserAssignedIdentity",
        path=_PROVIDER + "/userAssignedIdentities/{resourceName}",
        api_version="2023-01-31",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
)
