"""Microsoft.Storage: blob services, containers, and encryption scopes.

Source: blob.json of the API description (2025-06-01); "Immutable storage for blob data".
"""

from __future__ import annotations

from local_azure.arm import api_versions, errors, ids
from local_azure.arm.providers.immutability import told
from local_azure.arm.providers.storage import ACCOUNT, CONTAINER, SERVICE
from local_azure.arm.providers.storage_encryption import INVALID
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import ANYTHING, BOOLEAN, READ_ONLY, STRING, STRING_MAP, Field, choice, obj
from local_azure.arm.writing import milliseconds
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject
from local_azure.core.world import TENANT_ID
from local_azure.storage.state import BlobStore

_ONE_YEAR, _LONGEST = 365, 146_000
_DAYS = Field("integer", minimum=1, maximum=_ONE_YEAR)
_RETENTION = obj(enabled=BOOLEAN, days=_DAYS, allowPermanentDelete=BOOLEAN)


def _prepare_service(change: Change) -> None:
    kept = change.properties.get("deleteRetentionPolicy") or {}
    if kept.get("enabled") and "days" not in kept:
        raise errors.bad_request(INVALID, "deleteRetentionPolicy: days is required where it is enabled.")
    if (change.properties.get("containerDeleteRetentionPolicy") or {}).get("enabled"):
        raise NotPlayed("soft deletion of containers")
    for name, what in (("changeFeed", "the change feed"), ("restorePolicy", "point-in-time restore")):
        if (change.properties.get(name) or {}).get("enabled"):
            raise NotPlayed(f"{what} of blobs")
    change.properties.setdefault("deleteRetentionPolicy", {"enabled": False})
    change.properties.setdefault("cors", {"corsRules": []})


def _prepare_container(change: Change) -> None:
    account = change.arm.find(change.id.scope + "/providers/" + ACCOUNT + "/" + change.id.names[0])
    if (
        account is not None
        and change.properties["publicAccess"] != "None"
        and not account.properties.get("allowBlobPublicAccess")
    ):
        raise errors.conflict("PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    service = change.arm.find(str(change.id.parent))
    versioned = (change.properties.get("immutableStorageWithVersioning") or {}).get("enabled")
    if versioned and not (service is not None and service.properties.get("isVersioningEnabled")):
        raise errors.conflict(
            "ContainerImmutableStorageWithVersioningNotAllowed",
            "Versioning must be enabled on the storage account for immutable storage with versioning.",
        )
    change.properties.update(
        {
            "lastModifiedTime": milliseconds(change.arm.world.clock.now()),
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "deleted": False,
            "hasImmutabilityPolicy": "policy" in change.stored.hidden,
            "hasLegalHold": bool(change.stored.hidden.get("holds")),
        }
    )


def _prepare_scope(change: Change) -> None:
    """Kept, and told of containers; what lies in them is encrypted no other way for it."""
    if change.properties["source"] == "Microsoft.KeyVault":
        if not (change.properties.get("keyVaultProperties") or {}).get("keyUri"):
            raise errors.bad_request(INVALID, "keyVaultProperties.keyUri is required where the source is a key vault.")
    else:
        change.properties.pop("keyVaultProperties", None)
    now = milliseconds(change.arm.world.clock.now())
    change.properties.setdefault("creationTime", now)
    change.properties["lastModifiedTime"] = now


def _check_container_delete(arm: Arm, stored: Stored) -> None:
    """A hold, or a policy on what is not empty, keeps a container."""
    if stored.hidden.get("holds"):
        raise errors.conflict(
            "ContainerHasLegalHold", f"The container '{stored.name}' has legal holds and cannot be deleted."
        )
    kept = BlobStore(arm.world.store).within(_account_name(stored), stored.name)
    if kept and ("policy" in stored.hidden or any(blob.policy or blob.legal_hold for blob in kept)):
        raise errors.conflict(
            "ContainerHasImmutabilityPolicy",
            f"The container '{stored.name}' has blobs under an immutability policy and cannot be deleted.",
        )


def _container_deleted(arm: Arm, stored: Stored) -> None:
    BlobStore(arm.world.store).forget(_account_name(stored), stored.name)


def _account_name(stored: Stored) -> str:
    parsed = ids.parse(stored.id)
    return parsed.names[0] if parsed is not None else ""


def _present_container(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del arm, api_version
    shown: JsonObject = {**stored.resource, "properties": dict(stored.properties)}
    policy, holds = stored.hidden.get("policy"), stored.hidden.get("holds", [])
    if policy:
        shown["properties"]["immutabilityPolicy"] = {"properties": told(policy), "etag": policy["etag"]}
    if holds:
        tags = [{"tag": tag, "tenantId": TENANT_ID} for tag in holds]
        shown["properties"]["legalHold"] = {"hasLegalHold": True, "tags": tags}
    shown["properties"] |= {"hasImmutabilityPolicy": bool(policy), "hasLegalHold": bool(holds)}
    return shown


TYPES = (
    ResourceType(
        name=SERVICE,
        api_versions=api_versions.STORAGE,
        properties={
            "automaticSnapshotPolicyEnabled": BOOLEAN,
            "changeFeed": obj(enabled=BOOLEAN, retentionInDays=Field("integer", minimum=1, maximum=_LONGEST)),
            "containerDeleteRetentionPolicy": _RETENTION,
            "cors": ANYTHING,
            "defaultServiceVersion": STRING,
            "deleteRetentionPolicy": _RETENTION,
            "isVersioningEnabled": BOOLEAN,
            "lastAccessTimeTrackingPolicy": ANYTHING,
            "restorePolicy": obj(enabled=BOOLEAN, days=_DAYS, lastEnabledTime=READ_ONLY, minRestoreTime=READ_ONLY),
        },
        envelope={"sku": READ_ONLY},
        tracked=False,
        name_pattern="default",
        created_status=200,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT"}),
        delete_rank=57,
        prepare=_prepare_service,
        invalid_code=INVALID,
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
            "immutableStorageWithVersioning": obj(enabled=BOOLEAN, timeStamp=READ_ONLY, migrationState=READ_ONLY),
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
        check_delete=_check_container_delete,
        deleted=_container_deleted,
        present=_present_container,
        missing_read=lambda resource: errors.not_found(
            "ContainerNotFound", f"The specified container '{resource.name}' does not exist."
        ),
        invalid_code=INVALID,
    ),
    ResourceType(
        name=f"{ACCOUNT}/encryptionScopes",
        api_versions=api_versions.STORAGE,
        properties={
            "source": choice("Microsoft.Storage", "Microsoft.KeyVault", default="Microsoft.Storage"),
            "state": choice("Enabled", "Disabled", default="Enabled"),
            "keyVaultProperties": obj(
                keyUri=STRING, currentVersionedKeyIdentifier=READ_ONLY, lastKeyRotationTimestamp=READ_ONLY
            ),
            "requireInfrastructureEncryption": BOOLEAN,
            "creationTime": READ_ONLY,
            "lastModifiedTime": READ_ONLY,
        },
        tracked=False,
        name_pattern="(?!.*--)[0-9A-Za-z][0-9A-Za-z-]{1,61}[0-9A-Za-z]",
        name_advice="Encryption scopes have 3 to 63 letters, digits and single hyphens.",
        has_state=False,
        methods=frozenset({"GET", "PUT", "PATCH"}),
        delete_rank=57,
        prepare=_prepare_scope,
        invalid_code=INVALID,
    ),
)
