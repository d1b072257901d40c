"""The regions that the subscription sees ("Azure regions list")."""

from __future__ import annotations

from local_azure.arm.errors import bad_request, conflict
from local_azure.core.http import JsonObject

REGIONS: dict[str, tuple[str, str]] = {
    "eastus": ("East US", "US"),
    "eastus2": ("East US 2", "US"),
    "centralus": ("Central US", "US"),
    "northcentralus": ("North Central US", "US"),
    "southcentralus": ("South Central US", "US"),
    "westus": ("West US", "US"),
    "westus2": ("West US 2", "US"),
    "westus3": ("West US 3", "US"),
    "canadacentral": ("Canada Central", "Canada"),
    "canadaeast": ("Canada East", "Canada"),
    "brazilsouth": ("Brazil South", "South America"),
    "northeurope": ("North Europe", "Europe"),
    "westeurope": ("West Europe", "Europe"),
    "uksouth": ("UK South", "UK"),
    "ukwest": ("UK West", "UK"),
    "francecentral": ("France Central", "Europe"),
    "germanywestcentral": ("Germany West Central", "Europe"),
    "italynorth": ("Italy North", "Europe"),
    "norwayeast": ("Norway East", "Europe"),
    "swedencentral": ("Sweden Central", "Europe"),
    "switzerlandnorth": ("Switzerland North", "Europe"),
    "eastasia": ("East Asia", "Asia Pacific"),
    "southeastasia": ("Southeast Asia", "Asia Pacific"),
    "japaneast": ("Japan East", "Asia Pacific"),
    "japanwest": ("Japan West", "Asia Pacific"),
    "koreacentral": ("Korea Central", "Asia Pacific"),
    "centralindia": ("Central India", "Asia Pacific"),
    "southindia": ("South India", "Asia Pacific"),
    "australiaeast": ("Australia East", "Asia Pacific"),
    "australiasoutheast": ("Australia Southeast", "Asia Pacific"),
    "southafricanorth": ("South Africa North", "Africa"),
    "uaenorth": ("UAE North", "Middle East"),
}
"""Display name and geography by name."""


def normal(location: str) -> str:
    """``East US 2`` and ``eastus2`` are the same region: lower case, without blanks."""
    return location.replace(" ", "").lower()


def required(location: str, type_name: str, only: str | None) -> str:
    """The location's normal form. Raises 400 where the type does not exist there."""
    found = normal(location)
    regions = (only,) if only is not None else tuple(REGIONS)
    if found not in regions:
        raise bad_request(
            "LocationNotAvailableForResourceType",
            f"The provided location '{location}' is not available for resource type '{type_name}'. "
            f"List of available regions for the resource type is '{','.join(regions)}'.",
        )
    return found


def refuse_move(name: str, group: str | None, old: str, new: str) -> None:
    """Raises 409 where a resource would change its region."""
    if old != new:
        raise conflict(
            "InvalidResourceLocation",
            f"The resource '{name}' already exists in location '{old}' in resource group '{group}'. A resource with "
            f"the same name cannot be created in location '{new}'. Please select a new resource name.",
        )


def described(name: str, subscription: str) -> JsonObject:
    """The region as the list of locations has it."""
    display, geography = REGIONS[name]
    return {
        "id": f"/subscriptions/{subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": display,
        "regionalDisplayName": f"({geography}) {display}",
        "metadata": {
            "regionType": "Physical",
            "regionCategory": "Recommended",
            "geography": geography,
            "geographyGroup": geography,
        },
    }
