"""What managed HSMs and vaults have in common beside their life: free names, reading deleted ones, purging them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local_azure.arm import operations
from local_azure.arm.resource_type import Arm, ArmRequest, LongRunning
from local_azure.arm.soft_delete import SoftDelete
from local_azure.core.http import JsonObject, Response, json_response


@dataclass(frozen=True)
class NameRule:
    """Which names a kind of resource can have."""

    type: str
    title: str
    """As messages call it: ``vault``."""
    pattern: re.Pattern[str]
    advice: str
    """The pattern in words."""


def availability(arm: Arm, rule: NameRule, deleted: SoftDelete, name: str) -> Response:
    """Whether a new resource can have the name: those of live and deleted ones are taken, in the whole world."""
    if not rule.pattern.fullmatch(name):
        message = f"The {rule.title} name '{name}' is invalid: {rule.advice}."
        return json_response({"nameAvailable": False, "reason": "AccountNameInvalid", "message": message})
    live = any(each.name.lower() == name.lower() for each in arm.resources.of_type(rule.type))
    if live or deleted.by_name(arm, name) is not None:
        message = f"The {rule.title} name '{name}' is already in use."
        return json_response({"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return json_response({"nameAvailable": True})


@dataclass(frozen=True)
class Purging:
    """Reading and purging of one kind of deleted resource."""

    deleted: SoftDelete
    action: str
    """The name of the long-running operation."""
    polling: LongRunning

    def read(self, arm_request: ArmRequest) -> Response:
        """The deleted one of that name and region."""
        found = self.deleted.required(arm_request.arm, arm_request["location"], arm_request["name"])
        return json_response(found.resource)

    def begin(self, arm_request: ArmRequest) -> Response:
        """Begins to purge it, unless purge protection forbids that."""
        arm = arm_request.arm
        found = self.deleted.required(arm, arm_request["location"], arm_request["name"])
        self.deleted.refuse_protected(found)
        document = operations.start(
            arm,
            self.action,
            found.id,
            self.polling,
            api_version=arm_request.api_version,
            location=str(found.properties["location"]),
        )
        return Response(202, operations.headers(arm.world, arm_request.request, document))

    def finish(self, arm: Arm, document: JsonObject) -> None:
        """It and all that was in it has gone for good."""
        found = arm.find(document["resource_id"])
        if found is not None:
            self.deleted.purge(arm, found)
