from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from local_azure.core.http import Origin
from local_azure.core.world import TENANT_ID
from local_azure.entra.directory import DEPLOYER_CLIENT_ID, DEPLOYER_OBJECT_ID, USER_OBJECT_ID
from local_azure.key_vault.routes import secret_routes
from local_azure.log_analytics.tables import tables_of
from local_azure.managed_hsm.keys.routes import key_routes
from local_azure.managed_hsm.role_assignments import role_assignment_routes
from local_azure.managed_hsm.role_definitions import role_definition_routes
from local_azure.managed_hsm.security_domain.routes import security_domain_routes
from local_azure.monitor import destinations
from local_azure.monitor.operations import name_of
from local_azure.storage import blobs
from tests.unit.local_azure.managed_hsm.support import download_body
from tests.unit.local_azure.monitor.support import ACCOUNT, POOL, RULE, VAULT, WORKSPACE, Cloud

STORAGE: dict[str, Any] = {"storageAccountId": ACCOUNT}
HUB: dict[str, Any] = {"eventHubAuthorizationRuleId": RULE, "eventHubName": "audit"}
LOGS: dict[str, Any] = {"workspaceId": WORKSPACE}


def customer_id(cloud: Cloud) -> str:
    return str(cloud.arm("GET", WORKSPACE, "2023-09-01").body["properties"]["customerId"])


def identity(record: dict[str, Any]) -> dict[str, Any]:
    claim = json.loads(record["identity"])["claim"]
    return {"oid": claim["http_schemas_microsoft_com_identity"]["claims"]["objectidentifier"], "appid": claim["appid"]}


def test_the_log_says_who_activated_the_pool_when_and_from_where(cloud: Cloud) -> None:
    assert cloud.log_to(**STORAGE).status == 200
    before = cloud.world.clock.now()
    cloud.activate()
    activation = next(each for each in cloud.stored() if each["operationName"] == "SecurityDomainBackup")
    assert identity(activation) == {"oid": DEPLOYER_OBJECT_ID, "appid": DEPLOYER_CLIENT_ID}
    assert activation["callerIpAddress"] == "203.0.113.10"
    assert before <= datetime.fromisoformat(activation["time"]) <= cloud.world.clock.now()


def test_a_record_of_a_pool_has_the_published_shape(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    cloud.activate()
    record = cloud.stored()[0]
    assert {name: record[name] for name in ("category", "operationVersion", "resultType", "httpStatusCode")} == {
        "category": "AuditEvent",
        "operationVersion": "7.5",
        "resultType": "Success",
        "httpStatusCode": 202,
    }
    assert record["resourceId"] == POOL.upper()
    assert record["TenantId"] == TENANT_ID
    assert record["requestUri"] == "https://az400popmhsm.managedhsm.azure.net/securitydomain/download"
    assert record["properties"] == {"PoolType": "M-HSM", "sku_Family": "B", "sku_Name": "Standard_B1"}
    assert (record["resource"], record["resourceType"]) == ("az400popMHSM", "managedHSMs")


def test_logs_go_to_a_storage_account_alone(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    cloud.activate()
    assert [bool(each) for each in (cloud.stored(), cloud.sent(), cloud.rows())] == [True, False, False]


def test_logs_go_to_an_event_hub_alone(cloud: Cloud) -> None:
    cloud.log_to(**HUB)
    cloud.activate()
    assert [bool(each) for each in (cloud.stored(), cloud.sent(), cloud.rows())] == [False, True, False]


def test_logs_go_to_a_workspace_alone(cloud: Cloud) -> None:
    cloud.log_to(**LOGS)
    cloud.activate()
    assert [bool(each) for each in (cloud.stored(), cloud.sent(), cloud.rows())] == [False, False, True]


def test_the_same_logs_go_to_all_three(cloud: Cloud) -> None:
    assert cloud.log_to(**STORAGE, **HUB, **LOGS).status == 200
    cloud.activate()
    assert cloud.stored() == cloud.sent() == cloud.rows()
    assert [each["operationName"] for each in cloud.stored()] == [
        "SecurityDomainBackup",
        "SecurityDomainBackupStatusGet",
    ]


def test_a_blob_holds_the_lines_of_an_hour(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    cloud.activate()
    cloud.stored()
    now = cloud.world.clock.now()
    assert blobs.list_blobs(cloud.world, "contosohsmlogs", "insights-logs-auditevent") == [
        f"resourceId={POOL.upper()}/y={now:%Y}/m={now:%m}/d={now:%d}/h={now:%H}/m=00/PT1H.json"
    ]


def test_what_is_refused_is_logged_with_its_reason(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    cloud.activate()
    assert replace(cloud, object_id=USER_OBJECT_ID).pool("GET", "/keys").status == 403
    record = cloud.stored()[-1]
    assert (record["operationName"], record["httpStatusCode"], record["resultType"]) == ("KeyList", 403, "Failure")
    assert json.loads(record["identity"])["claim"]["http_schemas_microsoft_com_identity"]["claims"] == {
        "objectidentifier": USER_OBJECT_ID
    }


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer no.token.atall"}])
def test_who_proves_nothing_is_logged_without_a_name(cloud: Cloud, headers: dict[str, str]) -> None:
    cloud.log_to(**STORAGE)
    assert cloud.pool("GET", "/keys", headers=headers).status == 401
    record = cloud.stored()[-1]
    assert (record["operationName"], record["httpStatusCode"]) == ("Authentication", 401)
    assert json.loads(record["identity"]) == {"claim": {}}


def test_a_caller_through_a_private_endpoint_is_logged_with_its_private_address(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    inside = Origin("vm", "192.0.2.1", "/subscriptions/s/endpoint", "10.0.1.5")
    replace(cloud, origin=inside).pool("GET", "/keys")
    assert cloud.stored()[-1]["callerIpAddress"] == "10.0.1.5"


def test_nothing_secret_reaches_the_log(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    cloud.make_vault()
    cloud.log_to(VAULT, **STORAGE)
    domain = cloud.pool("POST", "/securitydomain/download", download_body()).body["value"]
    cloud.vault("PUT", "/secrets/contososecret", {"value": "a value that nobody may read"})
    cloud.vault("GET", "/secrets/contososecret")
    text = json.dumps(cloud.stored())
    assert "nobody may read" not in text
    assert "Bearer" not in text
    assert "eyJ" not in text
    assert all(datum["compact_jwe"][-40:] not in text for datum in json.loads(domain)["EncData"]["data"])


def test_a_vault_logs_in_its_own_shape(cloud: Cloud) -> None:
    cloud.make_vault()
    cloud.log_to(VAULT, **STORAGE)
    cloud.vault("PUT", "/secrets/contososecret", {"value": "x"})
    record = cloud.stored()[-1]
    assert (record["operationName"], record["resultSignature"]) == ("SecretSet", "OK")
    assert record["properties"]["httpStatusCode"] == 200
    assert record["properties"]["id"] == "https://contosomivault.vault.azure.net/secrets/contososecret"
    claim = record["identity"]["claim"]
    assert claim["http://schemas.microsoft.com/identity/claims/objectidentifier"] == DEPLOYER_OBJECT_ID


def test_nothing_is_logged_once_the_setting_is_gone(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE)
    cloud.pool("GET", "/keys")
    before = len(cloud.stored())
    cloud.arm("DELETE", f"{POOL}/providers/Microsoft.Insights/diagnosticSettings/audit", "2021-05-01-preview")
    cloud.pool("GET", "/keys")
    assert len(cloud.stored()) == before == 1


def test_a_destination_that_is_gone_harms_no_request(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE, **HUB, **LOGS)
    for resource, version in ((ACCOUNT, "2024-01-01"), (WORKSPACE, "2023-09-01"), (RULE, "2024-01-01")):
        assert cloud.arm("DELETE", resource, version).status in (200, 202)
    cloud.activate()
    destinations.settle(cloud.world)


def test_every_operation_has_a_name() -> None:
    routes = [*key_routes(), *role_assignment_routes(), *role_definition_routes(), *security_domain_routes()]
    names = {(route.method, route.path): name_of(route.method, route.path) for route in routes}
    assert names["DELETE", "/deletedkeys/{key_name}"] == "KeyPurge"
    assert names["PUT", "/keys/providers/Microsoft.Authorization/roleAssignments/{name}"] == "RoleAssignmentCreate"
    assert all(name.isalpha() for name in names.values())
    assert {name_of(route.method, route.path) for route in secret_routes()} >= {"SecretGet", "SecretPurge"}


def test_metrics_of_a_minute_go_to_all_three_once_it_is_over(cloud: Cloud) -> None:
    cloud.log_to(**STORAGE, **HUB, **LOGS)
    cloud.activate()
    assert cloud.stored("insights-metrics-pt1m") == []
    cloud.world.clock.move(timedelta(minutes=1))
    measured = cloud.stored("insights-metrics-pt1m")
    assert {each["metricName"]: each["count"] for each in measured} == {
        "ServiceApiHit": 2,
        "ServiceApiLatency": 2,
        "Availability": 1,
    }
    assert [each for each in cloud.sent() if "metricName" in each] == measured
    workspace = tables_of(cloud.world, customer_id(cloud))["AzureMetrics"]()
    assert [row["MetricName"] for row in workspace.rows] == [each["metricName"] for each in measured]
    assert measured[0]["resourceId"] == POOL.upper()


def test_metrics_are_sent_only_where_a_setting_wants_them(cloud: Cloud) -> None:
    cloud.log_to(metrics=False, **STORAGE)
    cloud.activate()
    cloud.world.clock.move(timedelta(minutes=1))
    assert cloud.stored()
    assert cloud.stored("insights-metrics-pt1m") == []
