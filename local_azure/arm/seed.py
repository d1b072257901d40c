"""What stands in the subscription on the first day: the deployer owns it."""

from __future__ import annotations

import uuid

from local_azure.arm.builtin_roles import OWNER
from local_azure.arm.rbac import ROLE_ASSIGNMENTS, ROLE_DEFINITIONS
from local_azure.arm.resources import Resources, Stored
from local_azure.core.clock import iso
from local_azure.core.world import SUBSCRIPTION_ID, World
from local_azure.entra.directory import DEPLOYER_OBJECT_ID

_COLLECTION, _KEY = "arm.seed", "done"


def seed(world: World) -> None:
    """Gives the deployer the role Owner at the subscription, once in the life of a world."""
    if world.store.get(_COLLECTION, _KEY) is not None:
        return
    subscription = f"/subscriptions/{SUBSCRIPTION_ID}"
    name = str(uuid.uuid5(uuid.UUID(SUBSCRIPTION_ID), "the deployer owns the subscription"))
    now = iso(world.clock.now())
    assignment = {
        "id": f"{subscription}/providers/{ROLE_ASSIGNMENTS}/{name}",
        "name": name,
        "type": ROLE_ASSIGNMENTS,
        "properties": {
            "roleDefinitionId": f"{subscription}/providers/{ROLE_DEFINITIONS}/{OWNER.guid}",
            "principalId": DEPLOYER_OBJECT_ID,
            "principalType": "ServicePrincipal",
            "scope": subscription,
            "condition": None,
            "conditionVersion": None,
            "createdOn": now,
            "updatedOn": now,
            "createdBy": "",
            "updatedBy": "",
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
    }
    with world.store.transaction():
        Resources(world).put(Stored(assignment))
        world.store.put(_COLLECTION, _KEY, {})
