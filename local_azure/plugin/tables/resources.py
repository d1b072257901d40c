"""Microsoft.Resources, api-version 2024-03-01 (resources.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import SUBSCRIPTION, ResourceType
from local_azure.plugin.shapes import Shapes

_SHAPES: Mapping[str, str] = {
    "resources:ResourceGroup": "location* managedBy tags name! properties!:ResourceGroupProperties type!",
    "ResourceGroupProperties": "provisioningState!",
}
SHAPES = Shapes(_SHAPES)

RESOURCE_TYPES = (
    ResourceType(
        "resources:ResourceGroup",
        path=SUBSCRIPTION + "/resourcegroups/{resourceGroupName}",
        api_version="2024-03-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
)
