"""Each alert sees what it is there for, and nothing before: held against the logs of a pool that is asked for it."""

from __future__ import annotations

from typing import Any

import pytest

from components.alerts import IN_ACTIVITY, IN_THE_LOG, query_of
from local_azure.core.world import World
from local_azure.log_analytics import pipeline
from local_azure.log_analytics.tables import tables_of
from local_azure.monitor import activity
from tests.unit.local_azure.managed_hsm.conftest import _tenant_key as _tenant_key
from tests.unit.local_azure.managed_hsm.conftest import world as world
from tests.unit.local_azure.monitor.support import GROUP, POOL, SETTINGS, VAULT, WORKSPACE, Cloud

OFFICER, USER = "515eb02d-2335-4d2d-92f2-b1cbdf9c3778", "21dbd100-6940-42c2-9190-5d6cb909625b"
LOCATION = f"{GROUP.split('/resourceGroups/')[0]}/providers/Microsoft.KeyVault/locations/eastus2"


@pytest.fixture
def cloud(world: World) -> Cloud:
    """A pool that is logged to a workspace, not activated."""
    made = Cloud(world)
    made.make()
    made.log_to(workspaceId=WORKSPACE)
    return made


def seen(cloud: Cloud) -> dict[str, int]:
    """How many events each rule on the log sees."""
    customer_id: Any = cloud.arm("GET", WORKSPACE, "2023-09-01").body["properties"]["customerId"]
    tables, now = tables_of(cloud.world, customer_id), cloud.world.clock.now()
    return {rule: len(pipeline.run(query_of(rule), tables, now).rows) for rule in IN_THE_LOG}


def test_each_rule_on_the_log_sees_what_it_is_there_for_and_nothing_else(cloud: Cloud) -> None:
    cloud.activate()
    assert seen(cloud) == {"security-domain-downloaded": 1, "role-assigned": 0, "key-purged": 0}
    assert cloud.give(OFFICER).status == 201
    assert cloud.give(USER, "7c3f1e52-9a4b-4d6c-8e0f-1b2a3c4d5e6f").status == 201
    cloud.pool("GET", "/providers/Microsoft.Authorization/roleAssignments/7c3f1e52-9a4b-4d6c-8e0f-1b2a3c4d5e6f")
    assert seen(cloud) == {"security-domain-downloaded": 1, "role-assigned": 2, "key-purged": 0}
    assert cloud.pool("POST", "/keys/payments/create", {"kty": "oct-HSM", "key_size": 256}).status == 200
    assert cloud.pool("DELETE", "/keys/payments").status == 200
    assert cloud.pool("GET", "/deletedkeys/payments").status == 200
    assert seen(cloud)["key-purged"] == 0
    assert cloud.pool("DELETE", "/deletedkeys/payments").status == 204
    assert seen(cloud)["key-purged"] == 1


def test_a_refused_attempt_is_no_download(cloud: Cloud) -> None:
    assert cloud.pool("POST", "/securitydomain/download", {"certificates": [], "required": 2}).status == 400
    assert cloud.pool("GET", "/securitydomain/download/pending").status == 404
    assert seen(cloud)["security-domain-downloaded"] == 0


def test_each_alert_on_the_activity_log_names_operations_as_arm_writes_them(cloud: Cloud) -> None:
    cloud.make_vault()
    cloud.arm("DELETE", f"{POOL}/{SETTINGS}/audit", "2021-05-01-preview")
    for resource, deleted in ((POOL, "deletedManagedHSMs/az400popMHSM"), (VAULT, "deletedVaults/contosomivault")):
        assert cloud.arm("DELETE", resource, "2024-11-01").status in (200, 202)
        assert cloud.arm("POST", f"{LOCATION}/{deleted}/purge", "2024-11-01").status in (200, 202)
    done = {event["operationName"]["value"].lower() for event in activity.events(cloud.world)}
    for alert, (_, operations) in IN_ACTIVITY.items():
        assert {operation.lower() for operation in operations} <= done, alert
