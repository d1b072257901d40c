"""Microsoft.OperationalInsights/workspaces: Log Analytics."""

from __future__ import annotations

import base64
import secrets
import uuid

from local_azure.arm import api_versions, errors
from local_azure.arm.resource_type import ArmRequest, ArmRoute, Change, ResourceType
from local_azure.arm.schema import ANYTHING, BOOLEAN, INTEGER, READ_ONLY, STRING, Field, choice, obj
from local_azure.core.clock import iso
from local_azure.core.http import Response, json_response

WORKSPACE = "Microsoft.OperationalInsights/workspaces"


def _prepare(change: Change) -> None:
    now = iso(change.arm.world.clock.now())
    sku = change.properties.setdefault("sku", {"name": "pergb2018"})
    sku["lastSkuUpdate"] = now
    change.properties.setdefault("customerId", str(uuid.uuid4()))
    change.properties.setdefault("createdDate", now)
    change.properties["modifiedDate"] = now
    change.properties.setdefault(
        "features", {"legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": True}
    )
    change.properties.setdefault("workspaceCapping", {"dailyQuotaGb": -1.0, "dataIngestionStatus": "RespectQuota"})
    for name in ("primary", "secondary"):
        change.stored.hidden.setdefault(name, base64.b64encode(secrets.token_bytes(64)).decode())


def _shared_keys(arm_request: ArmRequest) -> Response:
    stored = arm_request.arm.find(arm_request.request.path.rpartition("/")[0])
    if stored is None:
        raise errors.not_found("ResourceNotFound", f"The workspace '{arm_request['workspace']}' was not found.")
    return json_response(
        {"primarySharedKey": stored.hidden["primary"], "secondarySharedKey": stored.hidden["secondary"]}
    )


TYPES = (
    ResourceType(
        name=WORKSPACE,
        api_versions=api_versions.OPERATIONAL_INSIGHTS,
        properties={
            "sku": obj(
                name=choice(
                    "Free",
                    "Standard",
                    "Premium",
                    "PerNode",
                    "PerGB2018",
                    "Standalone",
                    "CapacityReservation",
                    "LACluster",
                    required=True,
                ),
                capacityReservationLevel=INTEGER,
                lastSkuUpdate=STRING,
            ),
            "retentionInDays": Field("integer", default=30, minimum=7, maximum=730),
            "workspaceCapping": obj(dailyQuotaGb=ANYTHING, quotaNextResetTime=STRING, dataIngestionStatus=STRING),
            "publicNetworkAccessForIngestion": choice("Enabled", "Disabled", "SecuredByPerimeter", default="Enabled"),
            "publicNetworkAccessForQuery": choice("Enabled", "Disabled", "SecuredByPerimeter", default="Enabled"),
            "forceCmkForQuery": BOOLEAN,
            "features": ANYTHING,
            "defaultDataCollectionRuleResourceId": STRING,
            "customerId": READ_ONLY,
            "createdDate": READ_ONLY,
            "modifiedDate": READ_ONLY,
            "privateLinkScopedResources": READ_ONLY,
            "provisioningState": READ_ONLY,
        },
        envelope={"identity": ANYTHING, "eTag": STRING},
        name_pattern=r"[0-9A-Za-z][0-9A-Za-z-]{2,61}[0-9A-Za-z]",
        name_advice="It has 4 to 63 letters, digits and hyphens and neither begins nor ends with a hyphen.",
        system_data=True,
        delete_rank=55,
        prepare=_prepare,
        invalid_code="InvalidParameter",
    ),
)
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_PATH = f"{_GROUP}/providers/Microsoft.OperationalInsights/workspaces/{{workspace}}"
ROUTES = (
    ArmRoute(
        "POST",
        f"{_PATH}/sharedKeys",
        _shared_keys,
        api_versions.OPERATIONAL_INSIGHTS,
        f"{WORKSPACE}/sharedKeys/action",
        _PATH,
    ),
)
