"""Microsoft.Network/networkSecurityGroups: kept, and held while something uses them; their rules are not enforced."""

from __future__ import annotations

from local_azure.arm import api_versions, ids
from local_azure.arm.providers import network_common as common
from local_azure.arm.providers.network_common import INTERFACE, SECURITY_GROUP, SUBNET
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import ANYTHING, BOOLEAN, READ_ONLY, array


def _prepare_security_group(change: Change) -> None:
    change.properties.setdefault("resourceGuid", common.resource_guid())


def _check_delete_security_group(arm: Arm, stored: Stored) -> None:
    users = [*arm.resources.of_type(SUBNET), *arm.resources.of_type(INTERFACE)]
    for user in users:
        if ids.same(user.properties.get("networkSecurityGroup", {}).get("id"), stored.id):
            raise common.in_use(
                f"Network security group {stored.name}", user.id, "InUseNetworkSecurityGroupCannotBeDeleted"
            )


TYPES = (
    ResourceType(
        name=SECURITY_GROUP,
        api_versions=api_versions.NETWORK,
        properties={
            "securityRules": array(ANYTHING, default=[]),
            "defaultSecurityRules": READ_ONLY,
            "flushConnection": BOOLEAN,
            "networkInterfaces": READ_ONLY,
            "subnets": READ_ONLY,
            "resourceGuid": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,78}[0-9A-Za-z_])?",
        write=common.write("network.create"),
        delete=common.delete("network.delete"),
        patch="tags",
        etag="weak",
        delete_rank=35,
        prepare=_prepare_security_group,
        check_delete=_check_delete_security_group,
        invalid_code="InvalidRequestFormat",
    ),
)
