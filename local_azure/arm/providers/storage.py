"""Microsoft.Storage: accounts, their keys and their encryption.

Source: storage.json of the API description (2025-06-01), and azure-cli's recordings of ``az storage account``.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable

from local_azure.arm import api_versions, errors, identity
from local_azure.arm.ip_rules import network
from local_azure.arm.providers import storage_encryption
from local_azure.arm.providers.storage_encryption import INVALID
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
    BOOLEAN,
    READ_ONLY,
    STRING,
    Field,
    Invalid,
    array,
    choice,
    obj,
)
from local_azure.arm.writing import milliseconds
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.storage.signing import revoke_delegation_keys

ACCOUNT = "Microsoft.Storage/storageAccounts"
SERVICE = f"{ACCOUNT}/blobServices"
CONTAINER = f"{SERVICE}/containers"
LOCKED = "Locked"
"""A policy that nobody can lift."""
_KEYS = ("key1", "key2")
_SKUS = (
    "Standard_LRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_ZRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "Premium_LRS",
    "Premium_ZRS",
)
_KINDS = {
    "StorageV2": (*_SKUS[:6], "Premium_LRS"),
    "Storage": ("Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Premium_LRS"),
    "BlobStorage": ("Standard_LRS", "Standard_GRS", "Standard_RAGRS"),
    "FileStorage": ("Premium_LRS", "Premium_ZRS"),
    "BlockBlobStorage": ("Premium_LRS", "Premium_ZRS"),
}
"""SKUs by kind ("Storage account overview")."""
_ALLOW = choice("Allow", default="Allow")
_NETWORK_RULES = obj(
    default={},
    bypass=Field(
        default="AzureServices", pattern=r"(None|(Logging|Metrics|AzureServices)(, ?(Logging|Metrics|AzureServices))*)"
    ),
    defaultAction=choice("Allow", "Deny", default="Allow"),
    ipRules=array(obj(value=Field(required=True), action=_ALLOW), default=[]),
    virtualNetworkRules=array(obj(id=Field(required=True), action=_ALLOW, state=READ_ONLY), default=[]),
    resourceAccessRules=array(obj(tenantId=STRING, resourceId=STRING)),
    ipv6Rules=array(ANYTHING),
)


def _prepare_account(change: Change) -> None:
    name, sku = change.id.name, change.stored.resource["sku"]
    if change.existing is None:
        _refuse_taken(change.arm, name)
        for number in _KEYS:
            _renew_key(change.arm, change.stored, number)
        change.properties["creationTime"] = milliseconds(change.arm.world.clock.now())
    elif change.existing.resource["kind"] != change.stored.resource["kind"]:
        raise errors.conflict("StorageAccountPropertyCannotBeUpdated", "The property 'kind' cannot be changed.")
    if sku["name"] not in _KINDS[change.stored.resource["kind"]]:
        kind = change.stored.resource["kind"]
        raise errors.bad_request(
            "InvalidSkuForKind", f"The SKU '{sku['name']}' is not supported for storage accounts of kind '{kind}'."
        )
    sku["tier"] = sku["name"].partition("_")[0]
    identity.prepare(change)
    _check_network(change.properties["networkAcls"])
    storage_encryption.prepare(change)
    change.properties.update(
        {
            "primaryLocation": change.stored.location,
            "statusOfPrimary": "available",
            "primaryEndpoints": {
                service: f"https://{name}.{service}.core.windows.net/"
                for service in ("blob", "dfs", "file", "queue", "table")
            },
            "privateEndpointConnections": [],
            "keyCreationTime": dict(change.stored.hidden["made"]),
        }
    )


def _refuse_taken(arm: Arm, name: str) -> None:
    if any(each.name == name for each in arm.resources.of_type(ACCOUNT)):
        raise errors.conflict("StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")


def _renew_key(arm: Arm, stored: Stored, name: str) -> None:
    stored.hidden[name] = base64.b64encode(secrets.token_bytes(64)).decode()
    stored.hidden.setdefault("made", {})[name] = milliseconds(arm.world.clock.now())


def _check_network(rules: JsonObject) -> None:
    """IP rules: public IPv4 addresses, and ranges that are no smaller than /30 ("Grant access from an IP range")."""
    for rule in rules["ipRules"]:
        try:
            found = network(rule["value"], "networkAcls.ipRules")
        except Invalid as problem:
            raise errors.bad_request(INVALID, problem.message) from None
        if found.prefixlen == 31 or ("/" in rule["value"] and found.prefixlen == 32):
            raise errors.bad_request(
                INVALID, f"The IP rule '{rule['value']}' is invalid: /31 and /32 ranges are given as addresses."
            )


def _finished_account(arm: Arm, stored: Stored) -> None:
    service_id = f"{stored.id}/blobServices/default"
    if arm.find(service_id) is None:
        service = {
            "id": service_id,
            "name": "default",
            "type": SERVICE,
            "properties": {"deleteRetentionPolicy": {"enabled": False}, "cors": {"corsRules": []}},
        }
        arm.resources.put(Stored(service))


def _check_account_delete(arm: Arm, stored: Stored) -> None:
    """A locked policy, or a hold, in any of its containers keeps the account."""
    for container in arm.resources.of_type(CONTAINER, stored.id):
        policy = container.hidden.get("policy") or {}
        if container.hidden.get("holds") or policy.get("state") == LOCKED:
            raise errors.conflict(
                "StorageAccountCannotBeDeleted",
                f"The storage account '{stored.name}' has a container '{container.name}' that is immutable.",
            )


def _deleted_account(arm: Arm, stored: Stored) -> None:
    revoke_delegation_keys(arm.world, stored.id)
    identity.remove(arm, stored)


def _account(arm_request: ArmRequest) -> Stored:
    stored = arm_request.arm.find(arm_request.request.path.rpartition("/")[0])
    if stored is None:
        raise errors.not_found("ResourceNotFound", f"The storage account '{arm_request['account']}' was not found.")
    return stored


def _list_keys(arm_request: ArmRequest) -> Response:
    return _keys(_account(arm_request))


def _regenerate_key(arm_request: ArmRequest) -> Response:
    name = arm_request.body({"keyName": Field(required=True)}, INVALID)["keyName"].lower()
    if name not in _KEYS:
        raise errors.bad_request("InvalidKeyName", f"'{name}' is not the name of a key: key1 or key2.")
    stored = _account(arm_request)
    _renew_key(arm_request.arm, stored, name)
    stored.properties["keyCreationTime"] = dict(stored.hidden["made"])
    arm_request.arm.resources.put(stored)
    return _keys(stored)


def _keys(stored: Stored) -> Response:
    made = stored.hidden["made"]
    return json_response(
        {
            "keys": [
                {"keyName": name, "value": stored.hidden[name], "permissions": "FULL", "creationTime": made[name]}
                for name in _KEYS
            ]
        }
    )


def _revoke_delegation(arm_request: ArmRequest) -> Response:
    revoke_delegation_keys(arm_request.arm.world, _account(arm_request).id)
    return Response(200)


def _check_name(arm_request: ArmRequest) -> Response:
    fields = {"name": Field(required=True), "type": choice(ACCOUNT, required=True)}
    name = arm_request.body(fields, INVALID)["name"]
    if not (3 <= len(name) <= 24 and name.isascii() and name.isalnum() and name == name.lower()):
        message = (
            f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in "
            "length and use numbers and lower-case letters only."
        )
        return json_response({"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    try:
        _refuse_taken(arm_request.arm, name)
    except ServiceError as taken:
        return json_response({"nameAvailable": False, "reason": "AlreadyExists", "message": taken.message})
    return json_response({"nameAvailable": True})


TYPES = (
    ResourceType(
        name=ACCOUNT,
        api_versions=api_versions.STORAGE,
        properties={
            "accessTier": choice("Hot", "Cool", "Cold", "Premium", default="Hot"),
            "allowBlobPublicAccess": Field("boolean", default=False),
            "allowCrossTenantReplication": Field("boolean", default=False),
            "allowSharedKeyAccess": BOOLEAN,
            "allowedCopyScope": STRING,
            "azureFilesIdentityBasedAuthentication": ANYTHING,
            "customDomain": ANYTHING,
            "defaultToOAuthAuthentication": BOOLEAN,
            "dnsEndpointType": STRING,
            "dualStackEndpointPreference": ANYTHING,
            "enableExtendedGroups": BOOLEAN,
            "encryption": storage_encryption.ENCRYPTION,
            "immutableStorageWithVersioning": ANYTHING,
            "isHnsEnabled": Field("boolean", immutable=True),
            "isLocalUserEnabled": BOOLEAN,
            "isNfsV3Enabled": BOOLEAN,
            "isSftpEnabled": BOOLEAN,
            "keyPolicy": ANYTHING,
            "largeFileSharesState": STRING,
            "minimumTlsVersion": choice("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3", default="TLS1_2"),
            "networkAcls": _NETWORK_RULES,
            "publicNetworkAccess": choice("Enabled", "Disabled", "SecuredByPerimeter"),
            "routingPreference": ANYTHING,
            "sasPolicy": ANYTHING,
            "supportsHttpsTrafficOnly": Field("boolean", default=True),
            "creationTime": READ_ONLY,
            "keyCreationTime": READ_ONLY,
            "primaryEndpoints": READ_ONLY,
            "primaryLocation": READ_ONLY,
            "privateEndpointConnections": READ_ONLY,
            "provisioningState": READ_ONLY,
            "secondaryEndpoints": READ_ONLY,
            "secondaryLocation": READ_ONLY,
            "statusOfPrimary": READ_ONLY,
            "statusOfSecondary": READ_ONLY,
        },
        envelope={
            "sku": obj(required=True, name=choice(*_SKUS, required=True), tier=STRING),
            "kind": choice(*_KINDS, required=True),
            "identity": identity.IDENTITY,
            "extendedLocation": ANYTHING,
            "zones": ANYTHING,
        },
        name_pattern=r"[0-9a-z]{3,24}",
        name_advice="Storage account names have 3 to 24 lower-case letters and digits.",
        name_error="AccountNameInvalid",
        write=LongRunning(
            figure="storage_account.create",
            update_figure="resource.create",
            poll=Poll.LOCATION,
            status=202,
            update_status=200,
            body="none",
            update_body="resource",
            state="ResolvingDNS",
            update_state="Succeeded",
            results="/subscriptions/{subscription}/providers/Microsoft.Storage/locations/{location}/asyncoperations/{operation}",
        ),
        system_data=False,
        delete_rank=58,
        prepare=_prepare_account,
        finished=_finished_account,
        check_delete=_check_account_delete,
        deleted=_deleted_account,
        invalid_code=INVALID,
    ),
)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_PATH = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/Microsoft.Storage/storageAccounts/{{account}}"


def _action(name: str, handler: Callable[[ArmRequest], Response]) -> ArmRoute:
    return ArmRoute("POST", f"{_PATH}/{name}", handler, api_versions.STORAGE, f"{ACCOUNT}/{name}/action", _PATH)


ROUTES = (
    _action("listKeys", _list_keys),
    _action("regenerateKey", _regenerate_key),
    _action("revokeUserDelegationKeys", _revoke_delegation),
    ArmRoute(
        "POST", f"{_SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability", _check_name, api_versions.STORAGE
    ),
)
