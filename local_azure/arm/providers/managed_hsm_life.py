"""Managed HSMs before and after their life: names, deleted ones, purging; and what is read beside a pool."""

from __future__ import annotations

import re

from local_azure.arm import api_versions, errors, lists, rbac
from local_azure.arm.providers import managed_hsm_regions
from local_azure.arm.purging import NameRule, Purging, availability
from local_azure.arm.resource_type import ArmRequest, ArmRoute, LongRunning, Poll
from local_azure.arm.soft_delete import SoftDelete
from local_azure.core.http import Response
from local_azure.managed_hsm import pools

PURGE = "managedHSMs.purge"
RESULTS = (
    "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}"
    "/managedHsmOperationResults/{operation}"
)
_PURGING = LongRunning(figure="managed_hsm.purge", poll=Poll.LOCATION, status=202, body="none", results=RESULTS)
_NAME = NameRule(
    "Microsoft.KeyVault/managedHSMs",
    "managed HSM",
    re.compile(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]"),
    "3 to 24 letters, digits and hyphens, beginning with a letter and ending with a letter or digit",
)

DELETED = SoftDelete(
    collection="deletedManagedHSMs",
    id_property="mhsmId",
    operation="DeletedManagedHsmPurge",
    purged=lambda arm, name: pools.purge(arm.world, name),
)


PURGING = Purging(DELETED, PURGE, _PURGING)


def _check_name(arm_request: ArmRequest) -> Response:
    name = arm_request.request.json().get("name")
    if not isinstance(name, str):
        raise errors.bad_request("BadRequest", "The property 'name' is required.")
    return availability(arm_request.arm, _NAME, DELETED, name)


def _list_deleted(arm_request: ArmRequest) -> Response:
    scope = f"/subscriptions/{arm_request['subscription']}"
    rbac.require(arm_request.arm.resources, arm_request.caller, "Microsoft.KeyVault/deletedManagedHsms/read", scope)
    return lists.page(arm_request.request, [each.resource for each in DELETED.all(arm_request.arm)])


def _list_regions(arm_request: ArmRequest) -> Response:
    found = arm_request.arm.find(arm_request.request.path.rpartition("/")[0])
    if found is None:
        raise errors.not_found("ResourceNotFound", f"The managed HSM '{arm_request['name']}' was not found.")
    return lists.page(arm_request.request, managed_hsm_regions.listed(found))


_SUBSCRIPTION = "/subscriptions/{subscription}"
_PROVIDER = f"{_SUBSCRIPTION}/providers/Microsoft.KeyVault"
_DELETED = f"{_PROVIDER}/locations/{{location}}/deletedManagedHSMs/{{name}}"
_POOL = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/Microsoft.KeyVault/managedHSMs/{{name}}"
_ACTION = "Microsoft.KeyVault/locations/deletedManagedHsms/"

ROUTES = (
    ArmRoute("POST", f"{_PROVIDER}/checkMhsmNameAvailability", _check_name, api_versions.KEY_VAULT),
    ArmRoute("GET", f"{_PROVIDER}/deletedManagedHSMs", _list_deleted, api_versions.KEY_VAULT),
    ArmRoute("GET", _DELETED, PURGING.read, api_versions.KEY_VAULT, f"{_ACTION}read", _SUBSCRIPTION),
    ArmRoute(
        "POST", f"{_DELETED}/purge", PURGING.begin, api_versions.KEY_VAULT, f"{_ACTION}purge/action", _SUBSCRIPTION
    ),
    ArmRoute(
        "GET", f"{_POOL}/regions", _list_regions, api_versions.KEY_VAULT, "Microsoft.KeyVault/managedHSMs/read", _POOL
    ),
)
