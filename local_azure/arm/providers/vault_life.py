"""Vaults before and after their life: names, deleted ones, purging."""

from __future__ import annotations

import re

from local_azure.arm import api_versions, lists
from local_azure.arm.providers.access_policies import change_policies
from local_azure.arm.purging import NameRule, Purging, availability
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, LongRunning, Poll
from local_azure.arm.schema import Field, choice
from local_azure.arm.soft_delete import SoftDelete
from local_azure.core.http import Response
from local_azure.key_vault.state import SecretStore

VAULT = "Microsoft.KeyVault/vaults"
PURGE = "vaults.purge"
_NAME = NameRule(
    VAULT,
    "vault",
    re.compile(r"(?!.*--)[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]"),
    "3 to 24 letters, digits and single hyphens",
)
_NAME_AND_TYPE = {"name": Field(required=True), "type": choice(VAULT, "Microsoft.KeyVault/managedHSMs", required=True)}
_PURGING = LongRunning(
    figure="vault.purge",
    poll=Poll.LOCATION,
    status=202,
    body="none",
    results="/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}/operationResults/{operation}",
)


def _forget_secrets(arm: Arm, name: str) -> None:
    SecretStore(arm.world, name).forget()


DELETED = SoftDelete(
    collection="deletedVaults", id_property="vaultId", operation="DeletedVaultPurge", purged=_forget_secrets
)


PURGING = Purging(DELETED, PURGE, _PURGING)


def _check_name(arm_request: ArmRequest) -> Response:
    name = arm_request.body(_NAME_AND_TYPE, "BadRequest")["name"]
    return availability(arm_request.arm, _NAME, DELETED, name)


def _list_deleted(arm_request: ArmRequest) -> Response:
    return lists.page(arm_request.request, [each.resource for each in DELETED.all(arm_request.arm)])


_SUBSCRIPTION = "/subscriptions/{subscription}"
_PROVIDER = f"{_SUBSCRIPTION}/providers/Microsoft.KeyVault"
_DELETED = f"{_PROVIDER}/locations/{{location}}/deletedVaults/{{name}}"
_VAULT = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/Microsoft.KeyVault/vaults/{{vault}}"
_ACTION = "Microsoft.KeyVault/locations/deletedVaults/"

ROUTES = (
    ArmRoute("POST", f"{_PROVIDER}/checkNameAvailability", _check_name, api_versions.KEY_VAULT),
    ArmRoute(
        "GET",
        f"{_PROVIDER}/deletedVaults",
        _list_deleted,
        api_versions.KEY_VAULT,
        "Microsoft.KeyVault/deletedVaults/read",
        _SUBSCRIPTION,
    ),
    ArmRoute("GET", _DELETED, PURGING.read, api_versions.KEY_VAULT, f"{_ACTION}read", _SUBSCRIPTION),
    ArmRoute(
        "POST", f"{_DELETED}/purge", PURGING.begin, api_versions.KEY_VAULT, f"{_ACTION}purge/action", _SUBSCRIPTION
    ),
    ArmRoute(
        "PUT",
        f"{_VAULT}/accessPolicies/{{operation}}",
        change_policies,
        api_versions.KEY_VAULT,
        f"{VAULT}/accessPolicies/write",
        _VAULT,
    ),
)
