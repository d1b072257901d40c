"""Events, from each of the published shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.events import Event, key_of, of_record, of_row
from audit.table import lines

OBJECT_ID, APPLICATION = "b1c52bf0-59e2-4d4c-8f53-6c1d1d0a9e11", "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
POOL_RECORD: dict[str, Any] = {
    "time": "2020-08-31T19:52:39.763Z",
    "operationName": "BackupCreate",
    "resultType": "Success",
    "properties": {"PoolType": "M-HSM"},
    "callerIpAddress": "203.0.113.10",
    "identity": json.dumps(
        {
            "claim": {
                "appid": APPLICATION,
                "http_schemas_microsoft_com_identity": {"claims": {"objectidentifier": OBJECT_ID}},
                "http_schemas_xmlsoap_org_ws_2005_05_identity": {"claims": {"upn": "admin@contoso.com"}},
            }
        }
    ),
    "httpStatusCode": 202,
    "requestUri": "https://ContosoMHSM.managedhsm.azure.net/backup",
}
VAULT_RECORD: dict[str, Any] = {
    "time": "2016-01-05T01:32:01.2691226Z",
    "operationName": "SecretGet",
    "resultDescription": "",
    "callerIpAddress": "203.0.113.10",
    "identity": {
        "claim": {
            "http://schemas.microsoft.com/identity/claims/objectidentifier": OBJECT_ID,
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "admin@contoso.com",
            "appid": APPLICATION,
        }
    },
    "properties": {
        "requestUri": "https://contosokeyvault.vault.azure.net/secrets/database/?api-version=7.4",
        "httpStatusCode": 200,
    },
}
ROW: dict[str, Any] = {
    "TimeGenerated": "2026-11-21T12:00:00Z",
    "OperationName": "KeySign",
    "CallerIPAddress": "10.0.1.4",
    "httpStatusCode_d": 200.0,
    "requestUri_s": "https://contoso.managedhsm.azure.net/keys/signing/0123456789abcdef0123456789abcdef/sign",
    "identity_claim_appid_g": APPLICATION,
    "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g": OBJECT_ID,
    "identity_claim_http_schemas_xmlsoap_org_ws_2005_05_identity_claims_upn_s": "admin@contoso.com",
}


@pytest.mark.parametrize(
    ("event", "operation", "status", "key"),
    [
        (of_record(POOL_RECORD), "BackupCreate", 202, ""),
        (of_record(VAULT_RECORD), "SecretGet", 200, "database"),
        (of_row(ROW), "KeySign", 200, "signing/0123456789abcdef0123456789abcdef"),
    ],
)
def test_every_published_shape_is_read(event: Event, operation: str, status: int, key: str) -> None:
    assert (event.operation, event.status, event.key) == (operation, status, key)
    assert (event.object_id, event.application, event.user) == (OBJECT_ID, APPLICATION, "admin@contoso.com")
    assert event.result == "ok"


def test_a_row_of_the_dedicated_table_has_its_identity_in_one_column() -> None:
    row = {
        "TimeGenerated": "2026-11-21T12:00:00Z",
        "OperationName": "KeyGet",
        "CallerIpAddress": "10.0.1.4",
        "HttpStatusCode": 403,
        "Identity": {"claim": {"oid": OBJECT_ID}},
    }
    event = of_row(row)
    assert (event.object_id, event.status, event.result) == (OBJECT_ID, 403, "refused")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://x/keys/a", "a"),
        ("https://x/keys/a/create", "a"),
        ("https://x/deletedkeys/a", "a"),
        ("https://x/keys", ""),
        ("https://x/keys/restore", ""),
        ("https://x/keys/providers/Microsoft.Authorization/roleAssignments/1", ""),
        ("https://x/securitydomain/download", ""),
        ("", ""),
    ],
)
def test_the_key_is_found_in_the_address(address: str, key: str) -> None:
    assert key_of(address) == key


@pytest.mark.parametrize("record", [[], 5, None, {**VAULT_RECORD, "properties": "x"}])
def test_what_is_no_record_is_refused_as_such(record: Any) -> None:
    with pytest.raises(TypeError, match="instead of an object"):
        of_record(record)


@given(st.text())
def test_what_a_caller_sends_does_not_steer_the_terminal(text: str) -> None:
    event = of_record({**VAULT_RECORD, "operationName": text, "callerIpAddress": text, "resultDescription": text})
    assert all(letter.isprintable() for line in lines([event]) for letter in line)
