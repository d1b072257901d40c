"""The regions of a managed HSM: the one it was made in, and at most one that it is extended into.

Rules: the page "Enable multi-region replication on Azure Managed HSM" (June 2025); what a client sends: ``az keyvault
region add`` and ``remove`` of azure-cli, which write ``properties.regions`` of the pool. It is empty while the pool is
in one region (recordings of azure-cli); which code and words refuse is nowhere published.
"""

from __future__ import annotations

from local_azure.arm import errors, locations
from local_azure.arm.resource_type import Arm, Change
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, Field, array, obj
from local_azure.core.http import JsonObject

REGIONS = array(obj(name=STRING, isPrimary=Field("boolean"), provisioningState=READ_ONLY), default=[])
NOT_EXTENDED_INTO = frozenset(
    {
        "eastus",
        "southcentralus",
        "westus2",
        "switzerlandnorth",
        "westeurope",
        "centralindia",
        "canadacentral",
        "canadaeast",
        "japanwest",
        "qatarcentral",
        "polandcentral",
        "westcentralus",
    }
)


def prepare(change: Change) -> None:
    """Checks the regions and writes down those that the pool is extended into. Raises 400."""
    home = locations.normal(change.stored.location)
    wanted: list[JsonObject] = change.properties["regions"]
    extended: list[str] = []
    for each in wanted:
        name = locations.normal(str(each.get("name", "")))
        if name not in locations.REGIONS:
            raise errors.bad_request("BadRequest", f"The region '{each.get('name', '')}' is not valid.")
        if each.get("isPrimary", name == home) != (name == home):
            raise errors.bad_request(
                "BadRequest", f"The primary region of a managed HSM is the one it was created in, '{home}'."
            )
        if name == home:
            continue
        if name in NOT_EXTENDED_INTO:
            raise errors.bad_request("BadRequest", f"A managed HSM cannot be extended into the region '{name}'.")
        if name in extended:
            raise errors.bad_request("BadRequest", f"The region '{name}' is named twice.")
        extended.append(name)
    if len(extended) > 1:
        raise errors.bad_request("BadRequest", "A managed HSM can be extended into one additional region only.")
    change.properties["regions"] = [
        {"name": name, "isPrimary": False, "provisioningState": "Succeeded"} for name in extended
    ]


def check_delete(arm: Arm, stored: Stored) -> None:
    """An extended region goes before the pool. Raises 409."""
    del arm
    names = [each["name"] for each in stored.properties["regions"]]
    if names:
        raise errors.conflict(
            "Conflict",
            f"The managed HSM '{stored.name}' is extended into '{names[0]}'. Remove the extended region before you "
            "delete the managed HSM.",
        )


def listed(stored: Stored) -> list[JsonObject]:
    """All regions, the primary first."""
    primary = {"name": stored.location, "provisioningState": "Succeeded", "isPrimary": True}
    return [primary, *stored.properties["regions"]]
