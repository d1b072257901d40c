"""Access policies of vaults: what one holds, and changing them one by one.

Source: the REST description of Microsoft.KeyVault, ``AccessPolicyEntry`` and ``Vaults_UpdateAccessPolicy``.
"""

from __future__ import annotations

from local_azure.arm import errors
from local_azure.arm.ids import group_id
from local_azure.arm.resource_type import ArmRequest
from local_azure.arm.resources import Stored
from local_azure.arm.schema import READ_ONLY, STRING, STRINGS, Field, array, choice, obj
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.core.world import TENANT_ID

_KEYS = (
    "encrypt", "decrypt", "wrapKey", "unwrapKey", "sign", "verify", "get", "list", "create", "update", "import",
    "delete", "backup", "restore", "recover", "purge", "release", "rotate", "getrotationpolicy", "setrotationpolicy",
    "all",
)  # fmt: skip
_SECRETS = ("get", "list", "set", "delete", "backup", "restore", "recover", "purge", "all")
_MOST = 1024

ACCESS_POLICY = obj(
    tenantId=Field(required=True),
    objectId=Field(required=True),
    applicationId=STRING,
    permissions=obj(
        required=True,
        keys=array(choice(*_KEYS)),
        secrets=array(choice(*_SECRETS)),
        certificates=STRINGS,
        storage=STRINGS,
    ),
)
_BODY = {
    "id": READ_ONLY,
    "name": READ_ONLY,
    "type": READ_ONLY,
    "location": READ_ONLY,
    "properties": obj(required=True, accessPolicies=array(ACCESS_POLICY, required=True)),
}


def check_policies(policies: list[JsonObject]) -> None:
    """Raises 400 for too many policies, for those of another tenant, and for two of the same principal."""
    if len(policies) > _MOST:
        raise errors.bad_request("BadRequest", f"A vault has at most {_MOST} access policies.")
    seen: set[tuple[str, str]] = set()
    for policy in policies:
        if policy["tenantId"].lower() != TENANT_ID:
            raise errors.bad_request("BadRequest", "An access policy is of another tenant than the vault.")
        if _holder(policy) in seen:
            raise errors.bad_request(
                "BadRequest", f"There are two access policies of the principal '{policy['objectId']}'."
            )
        seen.add(_holder(policy))


def change_policies(arm_request: ArmRequest) -> Response:
    """``add``, ``replace`` or ``remove`` access policies; those of other principals stay as they are."""
    arm, operation = arm_request.arm, arm_request["operation"].lower()
    if operation not in ("add", "replace", "remove"):
        raise errors.bad_request("BadRequest", f"'{operation}' is none of add, replace, remove.")
    group = group_id(arm_request["subscription"], arm_request["group"])
    stored = arm.find(f"{group}/providers/Microsoft.KeyVault/vaults/{arm_request['vault']}")
    if stored is None:
        raise errors.not_found("ResourceNotFound", f"The vault '{arm_request['vault']}' was not found.")
    given = arm_request.body(_BODY, "BadRequest")["properties"]["accessPolicies"]
    check_policies(given)
    merged = _merged(operation, stored, given)
    check_policies(merged)
    stored.properties["accessPolicies"] = merged
    arm.resources.put(stored)
    return json_response(
        {
            "id": f"{stored.id}/accessPolicies/",
            "type": "Microsoft.KeyVault/vaults/accessPolicies",
            "properties": {"accessPolicies": merged},
        }
    )


def _merged(operation: str, stored: Stored, given: list[JsonObject]) -> list[JsonObject]:
    policies = {_holder(each): each for each in stored.properties.get("accessPolicies", [])}
    for policy in given:
        holder = _holder(policy)
        if operation == "remove":
            policies.pop(holder, None)
        elif operation == "replace" or holder not in policies:
            policies[holder] = policy
        else:
            policies[holder] = {**policy, "permissions": _joined(policies[holder], policy)}
    return list(policies.values())


def _joined(old: JsonObject, new: JsonObject) -> JsonObject:
    kinds = {*old["permissions"], *new["permissions"]}
    return {
        kind: list(dict.fromkeys([*old["permissions"].get(kind, []), *new["permissions"].get(kind, [])]))
        for kind in sorted(kinds)
    }


def _holder(policy: JsonObject) -> tuple[str, str]:
    """Whom it is for: a principal, or an application in a principal's name."""
    return policy["objectId"].lower(), policy.get("applicationId", "").lower()
