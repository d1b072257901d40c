"""Microsoft.Storage: blob services, containers, and what makes containers immutable.

Source: blob.json of the API description (2025-06-01); "Immutable storage for blob data".
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from local_azure.arm import api_versions, errors, ids
from local_azure.arm.providers.storage import ACCOUNT, SERVICE
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import ANYTHING, BOOLEAN, READ_ONLY, STRING, STRING_MAP, Field, choice, obj
from local_azure.arm.writing import milliseconds
from local_azure.core.errors import NotPlayed
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.world import TENANT_ID
from local_azure.storage.state import BlobStore

CONTAINER = f"{SERVICE}/containers"
_POLICY = f"{CONTAINER}/immutabilityPolicies"
_INVALID = "InvalidRequestPropertyValue"
_ONE_YEAR, _LONGEST = 365, 146_000
_DAYS = Field("integer", minimum=1, maximum=_ONE_YEAR)
_RETENTION = obj(enabled=BOOLEAN, days=_DAYS, allowPermanentDelete=BOOLEAN)
_LOCKED, _UNLOCKED = "Locked", "Unlocked"


def _prepare_service(change: Change) -> None:
    kept = change.properties.get("deleteRetentionPolicy") or {}
    if kept.get("enabled") and "days" not in kept:
        raise errors.bad_request(_INVALID, "deleteRetentionPolicy: days is required where it is enabled.")
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
            raise errors.bad_request(_INVALID, "keyVaultProperties.keyUri is required where the source is a key vault.")
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
        shown["properties"]["immutabilityPolicy"] = {"properties": _told(policy), "etag": policy["etag"]}
    if holds:
        tags = [{"tag": tag, "tenantId": TENANT_ID} for tag in holds]
        shown["properties"]["legalHold"] = {"hasLegalHold": True, "tags": tags}
    shown["properties"] |= {"hasImmutabilityPolicy": bool(policy), "hasLegalHold": bool(holds)}
    return shown


def _container(arm_request: ArmRequest) -> Stored:
    path = arm_request.request.path
    place = path[: path.lower().index("/containers/")] + f"/containers/{arm_request['container']}"
    stored = arm_request.arm.find(place)
    if stored is None:
        raise errors.not_found("ContainerNotFound", "The specified container does not exist.")
    return stored


def _get_policy(arm_request: ArmRequest) -> Response:
    stored = _container(arm_request)
    return _policy_answer(stored, stored.hidden.get("policy") or _new_policy({}, 0))


def _put_policy(arm_request: ArmRequest) -> Response:
    stored, body = _container(arm_request), _policy_body(arm_request)
    present = stored.hidden.get("policy")
    if present is not None and present["state"] == _LOCKED:
        raise errors.conflict(
            "ContainerImmutabilityPolicyLocked", "The immutability policy is locked: it can only be extended."
        )
    if present is not None:
        _check_match(arm_request.request, present, required=False)
    policy = _new_policy(body, body.get("immutabilityPeriodSinceCreationInDays", (present or {}).get("days", 0)))
    return _save(arm_request, stored, policy)


def _delete_policy(arm_request: ArmRequest) -> Response:
    stored, policy = _with_policy(arm_request)
    if policy["state"] == _LOCKED:
        raise errors.conflict(
            "ContainerImmutabilityPolicyLocked", "The immutability policy is locked and cannot be deleted."
        )
    del stored.hidden["policy"]
    arm_request.arm.resources.put(stored)
    return _policy_answer(stored, _new_policy({}, 0))


def _lock_policy(arm_request: ArmRequest) -> Response:
    stored, policy = _with_policy(arm_request)
    return _save(arm_request, stored, {**policy, "state": _LOCKED, "etag": _etag()})


def _extend_policy(arm_request: ArmRequest) -> Response:
    stored, policy = _with_policy(arm_request)
    if policy["state"] != _LOCKED:
        raise errors.conflict("ContainerImmutabilityPolicyNotLocked", "Only a locked immutability policy is extended.")
    days = _policy_body(arm_request).get("immutabilityPeriodSinceCreationInDays", policy["days"])
    if days < policy["days"]:
        raise errors.bad_request(_INVALID, "The immutability period of a locked policy can only be made longer.")
    return _save(arm_request, stored, {**policy, "days": days, "etag": _etag()})


def _with_policy(arm_request: ArmRequest) -> tuple[Stored, JsonObject]:
    stored = _container(arm_request)
    policy = stored.hidden.get("policy")
    if policy is None:
        raise errors.not_found("ContainerImmutabilityPolicyNotFound", "The container has no immutability policy.")
    _check_match(arm_request.request, policy, required=True)
    return stored, dict(policy)


def _policy_body(arm_request: ArmRequest) -> JsonObject:
    properties = obj(
        immutabilityPeriodSinceCreationInDays=Field("integer", minimum=1, maximum=_LONGEST),
        allowProtectedAppendWrites=BOOLEAN,
        allowProtectedAppendWritesAll=BOOLEAN,
        state=READ_ONLY,
    )
    fields = {"properties": properties, **dict.fromkeys(("id", "name", "type", "etag"), READ_ONLY)}
    found: JsonObject = arm_request.body(fields, _INVALID).get("properties", {})
    return found


def _new_policy(body: JsonObject, days: int) -> JsonObject:
    return {
        "days": days,
        "appends": bool(body.get("allowProtectedAppendWrites") or body.get("allowProtectedAppendWritesAll")),
        "state": _UNLOCKED,
        "etag": _etag(),
    }


def _save(arm_request: ArmRequest, stored: Stored, policy: JsonObject) -> Response:
    stored.hidden["policy"] = policy
    arm_request.arm.resources.put(stored)
    return _policy_answer(stored, policy)


def _policy_answer(stored: Stored, policy: JsonObject) -> Response:
    document = {
        "id": f"{stored.id}/immutabilityPolicies/default",
        "name": "default",
        "type": _POLICY,
        "etag": policy["etag"],
        "properties": _told(policy),
    }
    return json_response(document, headers={"ETag": policy["etag"]})


def _told(policy: JsonObject) -> JsonObject:
    return {
        "immutabilityPeriodSinceCreationInDays": policy["days"],
        "allowProtectedAppendWrites": policy["appends"],
        "state": policy["state"],
    }


def _etag() -> str:
    return f'"{uuid.uuid4().hex[:16]}"'


def _check_match(request: Request, policy: JsonObject, *, required: bool) -> None:
    given = request.headers.get("if-match")
    if given is None and required:
        raise errors.bad_request("MissingRequiredHeader", "The header If-Match is required.")
    if given not in (None, "*", policy["etag"], policy["etag"].strip('"')):
        raise errors.precondition_failed("The condition specified by If-Match is not met.")


def _set_hold(arm_request: ArmRequest) -> Response:
    return _hold(arm_request, lambda present, given: [*present, *(tag for tag in given if tag not in present)])


def _clear_hold(arm_request: ArmRequest) -> Response:
    return _hold(arm_request, lambda present, given: [tag for tag in present if tag not in given])


def _hold(arm_request: ArmRequest, change: Callable[[list[str], list[str]], list[str]]) -> Response:
    fields = {
        "tags": Field("array", required=True, items=Field(pattern="[0-9A-Za-z]{3,23}")),
        "hasLegalHold": READ_ONLY,
        "allowProtectedAppendWritesAll": BOOLEAN,
    }
    given = [tag.lower() for tag in arm_request.body(fields, _INVALID)["tags"]]
    stored = _container(arm_request)
    stored.hidden["holds"] = change(list(stored.hidden.get("holds", [])), given)
    arm_request.arm.resources.put(stored)
    return json_response({"hasLegalHold": bool(stored.hidden["holds"]), "tags": stored.hidden["holds"]})


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
        invalid_code=_INVALID,
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
        invalid_code=_INVALID,
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
        invalid_code=_INVALID,
    ),
)

_ROOT = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{account}"
_PATH = f"{_ROOT}/blobServices/default/containers/{{container}}"


def _route(method: str, rest: str, handler: Callable[[ArmRequest], Response], action: str) -> ArmRoute:
    return ArmRoute(method, f"{_PATH}/{rest}", handler, api_versions.STORAGE, action, _PATH)


ROUTES = (
    _route("GET", "immutabilityPolicies/default", _get_policy, f"{_POLICY}/read"),
    _route("PUT", "immutabilityPolicies/default", _put_policy, f"{_POLICY}/write"),
    _route("DELETE", "immutabilityPolicies/default", _delete_policy, f"{_POLICY}/delete"),
    _route("POST", "immutabilityPolicies/default/lock", _lock_policy, f"{_POLICY}/lock/action"),
    _route("POST", "immutabilityPolicies/default/extend", _extend_policy, f"{_POLICY}/extend/action"),
    _route("POST", "setLegalHold", _set_hold, f"{CONTAINER}/setLegalHold/action"),
    _route("POST", "clearLegalHold", _clear_hold, f"{CONTAINER}/clearLegalHold/action"),
)
