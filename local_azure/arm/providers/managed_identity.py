"""Microsoft.ManagedIdentity/userAssignedIdentities: identities that outlive what they are attached to."""

from __future__ import annotations

from local_azure.arm import api_versions
from local_azure.arm.identity import USER_ASSIGNED
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING
from local_azure.core.world import TENANT_ID
from local_azure.entra import directory


def _prepare(change: Change) -> None:
    if change.existing is not None:
        return
    made = directory.create_managed_identity(
        change.arm.world, display_name=change.id.name, resource_id=change.stored.id
    )
    change.properties.update({"tenantId": TENANT_ID, "principalId": made.object_id, "clientId": made.app_id})


def _deleted(arm: Arm, stored: Stored) -> None:
    directory.delete_principal(arm.world, stored.properties["principalId"])


TYPES = (
    ResourceType(
        name=USER_ASSIGNED,
        api_versions=api_versions.MANAGED_IDENTITY,
        properties={
            "tenantId": READ_ONLY,
            "principalId": READ_ONLY,
            "clientId": READ_ONLY,
            "isolationScope": STRING,
        },
        name_pattern=r"[0-9A-Za-z][0-9A-Za-z_-]{2,127}",
        name_advice="It has 3 to 128 letters, digits, hyphens and underscores and begins with a letter or digit.",
        has_state=False,
        system_data=True,
        delete_rank=60,
        prepare=_prepare,
        deleted=_deleted,
    ),
)
