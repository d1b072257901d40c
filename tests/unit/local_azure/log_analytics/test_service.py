from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from local_azure.entra.directory import DEPLOYER_OBJECT_ID, USER_OBJECT_ID
from tests.unit.local_azure.monitor.support import POOL, VAULT, WORKSPACE, Answer, Cloud

_OBJECT_ID = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"
_LOG_READER = "73c42c96-874c-492b-b04d-ab87d138a893"


def customer_id(cloud: Cloud) -> str:
    return str(cloud.arm("GET", WORKSPACE, "2023-09-01").body["properties"]["customerId"])


def ask(cloud: Cloud, query: str, owner: Cloud | None = None, **more: Any) -> Answer:
    url = f"https://api.loganalytics.io/v1/workspaces/{customer_id(owner or cloud)}/query"
    return cloud.ask("POST", url, {"query": query, **more})


def rows(cloud: Cloud, query: str, **more: Any) -> list[dict[str, Any]]:
    answer = ask(cloud, query, **more)
    assert answer.status == 200, answer
    table = answer.body["tables"][0]
    return [dict(zip([each["name"] for each in table["columns"]], row, strict=True)) for row in table["rows"]]


def test_a_workspace_says_who_activated_the_pool(cloud: Cloud) -> None:
    cloud.log_to(workspaceId=WORKSPACE)
    cloud.activate()
    query = (
        'AzureDiagnostics | where ResourceProvider == "MICROSOFT.KEYVAULT" and ResourceType == "MANAGEDHSMS"'
        ' | where OperationName == "SecurityDomainBackup" and httpStatusCode_d < 300'
    )
    (row,) = rows(cloud, query)
    assert (row[_OBJECT_ID], row["CallerIPAddress"]) == (DEPLOYER_OBJECT_ID, "203.0.113.10")
    assert row["_ResourceId"] == POOL.lower()
    assert row["requestUri_s"].endswith("/securitydomain/download")


def test_a_vault_is_asked_in_the_same_words(cloud: Cloud) -> None:
    cloud.make_vault()
    cloud.log_to(VAULT, workspaceId=WORKSPACE)
    cloud.vault("PUT", "/secrets/contososecret", {"value": "x"})
    (row,) = rows(cloud, 'AzureDiagnostics | where ResourceType == "VAULTS" and httpStatusCode_d == 200')
    assert (row["OperationName"], row[_OBJECT_ID]) == ("SecretSet", DEPLOYER_OBJECT_ID)


def test_a_setting_that_says_dedicated_fills_the_other_table(cloud: Cloud) -> None:
    cloud.log_to(workspaceId=WORKSPACE, logAnalyticsDestinationType="Dedicated")
    cloud.activate()
    assert rows(cloud, "AzureDiagnostics") == []
    row = rows(cloud, 'AZKVAuditLogs | where OperationName == "SecurityDomainBackup"')[0]
    assert (row["HttpStatusCode"], row["CallerIpAddress"]) == (202, "203.0.113.10")
    assert row["Identity"]["claim"]["appid"]


def test_a_timespan_leaves_out_what_is_older(cloud: Cloud) -> None:
    cloud.log_to(workspaceId=WORKSPACE)
    cloud.activate()
    assert len(rows(cloud, "AzureDiagnostics", timespan="PT1H")) == 2
    assert rows(cloud, "AzureDiagnostics", timespan="2020-01-01T00:00:00Z/P1D") == []
    assert ask(cloud, "AzureDiagnostics", timespan="yesterday").status == 400


def test_a_query_takes_the_right_to_read_the_workspace(cloud: Cloud) -> None:
    stranger = replace(cloud, object_id=USER_OBJECT_ID)
    refused = ask(stranger, "AzureDiagnostics", owner=cloud)
    assert (refused.status, refused.body["error"]["code"]) == (403, "InsufficientAccessError")
    subscription = WORKSPACE.split("/resourceGroups/")[0]
    definition = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{_LOG_READER}"
    name = "0d5b5a3e-7c49-4f0e-9b1c-2a6d3e4f5a6c"
    path = f"{WORKSPACE}/providers/Microsoft.Authorization/roleAssignments/{name}"
    given = {"properties": {"principalId": USER_OBJECT_ID, "principalType": "User", "roleDefinitionId": definition}}
    assert cloud.arm("PUT", path, "2022-04-01", given).status == 201
    assert ask(stranger, "AzureDiagnostics", owner=cloud).status == 200


@pytest.mark.parametrize(
    ("query", "inner"),
    [("AzureDiagnostics | where", "SyntaxError"), ("AzureDiagnostics | where No_s == 1", "SemanticError")],
)
def test_a_query_that_means_nothing_gets_the_services_error(cloud: Cloud, query: str, inner: str) -> None:
    answer = ask(cloud, query)
    assert (answer.status, answer.body["error"]["code"]) == (400, "BadArgumentError")
    assert answer.body["error"]["innererror"]["code"] == inner


def test_nobody_asks_without_a_token_for_the_query_api(cloud: Cloud) -> None:
    url = f"https://api.loganalytics.io/v1/workspaces/{customer_id(cloud)}/query"
    assert cloud.ask("POST", url, {"query": "AzureDiagnostics"}, {}).status == 401
    assert cloud.ask("POST", url, {"query": "AzureDiagnostics"}, {"authorization": "Bearer a.b.c"}).status == 401
