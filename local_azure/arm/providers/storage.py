"""Microsoft.Storage: accounts, blob services, containers, keys."""

from __future__ import annotations

import base64
import secrets

from local_azure.arm import api_versions, errors, identity, ids
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import ANYTHING, BOOLEAN, READ_ONLY, STRING, STRING_MAP, Field, array, choice, obj
from local_azure.arm.writing import milliseconds
from local_azure.core.http import Response, json_response
from local_azure.storage.state import BlobStore

ACCOUNT = "Microsoft.Storage/storageAccounts"
SERVICE = f"{ACCOUNT}/blobServices"
CONTAINER = f"{SERVICE}/containers"
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


def _prepare_account(change: Change) -> None:
    name = change.id.name
    if change.existing is None:
        if any(each.name == name for each in change.arm.resources.of_type(ACCOUNT)):
            raise errors.conflict("StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
        for number in (1, 2):
            change.stored.hidden[f"key{number}"] = base64.b64encode(secrets.token_bytes(64)).decode()
        change.properties["creationTime"] = milliseconds(change.arm.world.clock.now())
    elif change.existing.resource["kind"] != change.stored.resource["kind"]:
        raise errors.conflict("StorageAccountPropertyCannotBeUpdated", "The property 'kind' cannot be changed.")
    sku = change.stored.resource["sku"]
    sku["tier"] = sku["name"].partition("_")[0]
    identity.prepare(change)
    change.properties.update(
        {
            "primaryLocation": change.stored.location,
            "statusOfPrimary": "available",
            "primaryEndpoints": {
                service: f"https://{name}.{service}.core.windows.net/"
                for service in ("blob", "dfs", "file", "queue", "table")
            },
            "privateEndpointConnections": [],
        }
    )
    change.properties.setdefault("encryption", {"keySource": "Microsoft.Storage"})


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


def _prepare_container(change: Change) -> None:
    now = milliseconds(change.arm.world.clock.now())
    change.properties.update(
        {
            "lastModifiedTime": now,
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "deleted": False,
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
        }
    )


def _container_deleted(arm: Arm, stored: Stored) -> None:
    account = ids.parse(stored.id)
    if account is not None:
        BlobStore(arm.world.store).forget(account.names[0], stored.name)


def _list_keys(arm_request: ArmRequest) -> Response:
    stored = arm_request.arm.find(arm_request.request.path.rpartition("/")[0])
    if stored is None:
        raise errors.not_found("ResourceNotFound", f"The storage account '{arm_request['account']}' was not found.")
    created = stored.properties["creationTime"]
    return json_response(
        {
            "keys": [
                {"keyName": name, "value": stored.hidden[name], "permissions": "FULL", "creationTime": created}
                for name in ("key1", "key2")
            ]
        }
    )


def _check_name(arm_request: ArmRequest) -> Response:
    name = str(arm_request.request.json().get("name", ""))
    if not (3 <= len(name) <= 24 and name.isascii() and name.isalnum() and name == name.lower()):
        message = f"{name} is not a valid storage account name: 3 to 24 lower-case letters and digits."
        return json_response({"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    if any(each.name == name for each in arm_request.arm.resources.of_type(ACCOUNT)):
        message = f"The storage account named {name} is already taken."
        return json_response({"nameAvailable": False, "reason": "AlreadyExists", "message": message})
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
            "encryption": ANYTHING,
            "immutableStorageWithVersioning": ANYTHING,
            "isHnsEnabled": Field("boolean", immutable=True),
            "isLocalUserEnabled": BOOLEAN,
            "isNfsV3Enabled": BOOLEAN,
            "isSftpEnabled": BOOLEAN,
            "keyPolicy": ANYTHING,
            "largeFileSharesState": STRING,
            "minimumTlsVersion": choice("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3", default="TLS1_2"),
            "networkAcls": obj(
                default={},
                bypass=Field(default="AzureServices"),
                defaultAction=choice("Allow", "Deny", default="Allow"),
                ipRules=array(ANYTHING, default=[]),
                virtualNetworkRules=array(ANYTHING, default=[]),
                resourceAccessRules=array(ANYTHING),
            ),
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
            "kind": choice("StorageV2", "Storage", "BlobStorage", "FileStorage", "BlockBlobStorage", required=True),
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
            state="ResolvingDNS",
            results="/subscriptions/{subscription}/providers/Microsoft.Storage/locations/{location}/asyncoperations/{operation}",
        ),
        system_data=False,
        delete_rank=58,
        prepare=_prepare_account,
        finished=_finished_account,
        deleted=identity.remove,
        invalid_code="InvalidRequestPropertyValue",
    ),
    ResourceType(
        name=SERVICE,
        api_versions=api_versions.STORAGE,
        properties={
            "automaticSnapshotPolicyEnabled": BOOLEAN,
            "changeFeed": ANYTHING,
            "containerDeleteRetentionPolicy": ANYTHING,
            "cors": ANYTHING,
            "defaultServiceVersion": STRING,
            "deleteRetentionPolicy": ANYTHING,
            "isVersioningEnabled": BOOLEAN,
            "lastAccessTimeTrackingPolicy": ANYTHING,
            "restorePolicy": ANYTHING,
        },
        envelope={"sku": READ_ONLY},
        tracked=False,
        name_pattern="default",
        created_status=200,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT"}),
        delete_rank=57,
        invalid_code="InvalidRequestPropertyValue",
    ),
    ResourceType(
        name=CONTAINER,
        api_versions=api_versions.STORAGE,
        properties={
            "publicAccess": choice("None", "Blob", "Container", default="None"),
            "metadata": STRING_MAP,
            "defaultEncryptionScope": STRING,
            "denyEncryptionScopeOverride": BOOLEAN,
            "enableNfsV3AllSquash": BOOLEAN,
            "enableNfsV3RootSquash": BOOLEAN,
            "immutableStorageWithVersioning": ANYTHING,
            "deleted": READ_ONLY,
            "deletedTime": READ_ONLY,
            "hasImmutabilityPolicy": READ_ONLY,
            "hasLegalHold": READ_ONLY,
            "immutabilityPolicy": READ_ONLY,
            "lastModifiedTime": READ_ONLY,
            "leaseDuration": READ_ONLY,
            "leaseState": READ_ONLY,
            "leaseStatus": READ_ONLY,
            "legalHold": READ_ONLY,
            "remainingRetentionDays": READ_ONLY,
            "version": READ_ONLY,
        },
        tracked=False,
        name_pattern=r"(?!.*--)[0-9a-z][0-9a-z-]{1,61}[0-9a-z]",
        name_advice="Container names have 3 to 63 lower-case letters, digits and single hyphens.",
        name_error="InvalidResourceName",
        etag="weak",
        has_state=False,
        delete_rank=56,
        prepare=_prepare_container,
        deleted=_container_deleted,
        missing_read=lambda resource: errors.not_found(
            "ContainerNotFound", f"The specified container '{resource.name}' does not exist."
        ),
        invalid_code="InvalidRequestPropertyValue",
    ),
)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_PATH = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/Microsoft.Storage/storageAccounts/{{account}}"
ROUTES = (
    ArmRoute("POST", f"{_PATH}/listKeys", _list_keys, api_versions.STORAGE, f"{ACCOUNT}/listKeys/action", _PATH),
    ArmRoute(
        "POST", f"{_SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability", _check_name, api_versions.STORAGE
    ),
)
