"""Microsoft.Storage/storageAccounts/managementPolicies: rules by which an account deletes and moves its blobs.

"Azure Blob Storage lifecycle management": one policy an account, called default. Azure carries the rules out once a
day; here they are kept and checked.
"""

from __future__ import annotations

from local_azure.arm import api_versions, errors
from local_azure.arm.providers.storage import ACCOUNT
from local_azure.arm.resource_type import Change, ResourceType
from local_azure.arm.schema import ANYTHING, READ_ONLY, STRING, STRINGS, Field, array, choice, obj
from local_azure.arm.writing import milliseconds

POLICY = f"{ACCOUNT}/managementPolicies"
_MOST_RULES = 100
_ON_BLOBS = ("delete", "tierToCool", "tierToCold", "tierToArchive", "tierToHot")
_OF_APPEND_BLOBS = {"delete"}


def _prepare(change: Change) -> None:
    rules = change.properties["policy"]["rules"]
    names = [rule["name"] for rule in rules]
    if not rules or len(rules) > _MOST_RULES or len(set(names)) < len(names):
        raise errors.bad_request(
            "InvalidRequestPropertyValue", f"A policy has 1 to {_MOST_RULES} rules, each with a name of its own."
        )
    for rule in rules:
        definition = rule["definition"]
        actions = definition["actions"].get("baseBlob", {})
        if not definition["actions"]:
            raise errors.bad_request("InvalidRequestPropertyValue", f"The rule '{rule['name']}' has no action.")
        kinds = definition.get("filters", {}).get("blobTypes", [])
        if "appendBlob" in kinds and set(actions) - _OF_APPEND_BLOBS:
            raise errors.bad_request(
                "InvalidRequestPropertyValue", f"The rule '{rule['name']}': append blobs can be deleted only."
            )
        for action, condition in actions.items():
            if action in _ON_BLOBS and not condition:
                raise errors.bad_request(
                    "InvalidRequestPropertyValue", f"The action '{action}' of '{rule['name']}' says no number of days."
                )
    change.properties["lastModifiedTime"] = milliseconds(change.arm.world.clock.now())


_DAYS = Field("any")
_AFTER_CHANGE = obj(
    daysAfterModificationGreaterThan=_DAYS,
    daysAfterCreationGreaterThan=_DAYS,
    daysAfterLastAccessTimeGreaterThan=_DAYS,
    daysAfterLastTierChangeGreaterThan=_DAYS,
)
_BASE_BLOB = Field(
    "object", fields={**dict.fromkeys(_ON_BLOBS, _AFTER_CHANGE), "enableAutoTierToHotFromCool": Field("boolean")}
)
TYPES = (
    ResourceType(
        name=POLICY,
        api_versions=api_versions.STORAGE,
        properties={
            "policy": obj(
                required=True,
                rules=array(
                    obj(
                        name=Field(required=True),
                        type=choice("Lifecycle", required=True),
                        enabled=Field("boolean", default=True),
                        definition=obj(
                            required=True,
                            actions=obj(
                                required=True,
                                baseBlob=_BASE_BLOB,
                                snapshot=ANYTHING,
                                version=ANYTHING,
                            ),
                            filters=obj(
                                blobTypes=array(choice("blockBlob", "appendBlob", "pageBlob"), required=True),
                                prefixMatch=STRINGS,
                                blobIndexMatch=array(obj(name=STRING, op=STRING, value=STRING)),
                            ),
                        ),
                    ),
                    required=True,
                ),
            ),
            "lastModifiedTime": READ_ONLY,
        },
        tracked=False,
        name_pattern="default",
        name_advice="It is always called default.",
        created_status=200,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        delete_rank=55,
        prepare=_prepare,
        invalid_code="InvalidRequestPropertyValue",
    ),
)
