"""What a person reads after ``make up``."""

from __future__ import annotations

from typing import Any

from local_azure.stack.summary import summary

EVIDENCE = {
    "machine": "testvmmhsm",
    "host": "az400pophsm.managedhsm.azure.net",
    "finishedAt": "2026-11-21T12:00:01Z",
    "passed": True,
    "steps": {
        "name": {"passed": True, "found": "10.0.1.4"},
        "publicWay": {"passed": True, "found": "refused at 198.51.100.7: ForbiddenByFirewall"},
    },
}


def outputs(**changes: Any) -> dict[str, Any]:
    return {
        "hsmUri": "https://az400pophsm.managedhsm.azure.net",
        "securityDomain": {"files": ["/sd/one.json", "/sd/two.json"], "sha256": "ab" * 32},
        "keys": {"myrsakey": {"id": "https://az400pophsm.managedhsm.azure.net/keys/myrsakey/1"}},
        "roleAssignments": {"Managed HSM Crypto User: deployer at /keys": "44e5e247-6a65-5675-ae16-53384abe5f1d"},
        "privateEndpoints": {"privateendpointmainsubnet": "10.0.1.4"},
        "identities": {"testvmmhsm": "1596ab7f-bc47-4305-9c24-bfdba4e99af7"},
        "proof": {"testvmmhsm": EVIDENCE},
        **changes,
    }


def test_every_copy_of_the_security_domain_is_named() -> None:
    lines = summary(outputs(), 12).splitlines()
    assert {"/sd/one.json", "/sd/two.json"} <= {line.strip() for line in lines}


def test_a_security_domain_that_was_handed_over_is_said_to_be_in_custody() -> None:
    text = summary(outputs(securityDomain={"files": [], "sha256": "ab" * 32}), 12)
    assert "custody: it is at no destination any more" in text


def test_the_evidence_of_the_private_path_is_told_step_by_step() -> None:
    lines = [" ".join(line.split()) for line in summary(outputs(), 12).splitlines()]
    start = lines.index("proved as testvmmhsm, on its machine testvmmhsm, 2026-11-21T12:00:01Z")
    assert lines[start + 1] == "its name 10.0.1.4"
    assert lines[start + 2] == "public way refused at 198.51.100.7: ForbiddenByFirewall"


def test_a_stack_that_proves_nothing_says_nothing_of_a_proof() -> None:
    assert "proved" not in summary(outputs(proof={}), 12)


def test_the_audit_log_names_who_activated_the_pool_when_and_from_where() -> None:
    event = {
        "time": "2026-11-21T12:00:00.5Z",
        "operation": "SecurityDomainBackup",
        "objectId": "b81d6e0c-49f7-4a35-8c2e-1d7f0a9e6b42",
        "user": "",
        "caller": "203.0.113.10",
    }
    pool = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
    lines = [" ".join(line.split()) for line in summary(outputs(hsmId=pool), 12, event).splitlines()]
    start = lines.index("in the audit log SecurityDomainBackup on 2026-11-21T12:00:00.5Z")
    assert lines[start + 1] == "by principal b81d6e0c-49f7-4a35-8c2e-1d7f0a9e6b42, from 203.0.113.10"
    assert any(line.endswith("python -m audit az400popMHSM") for line in lines)


def test_a_pool_without_a_log_says_nothing_of_one() -> None:
    assert "audit" not in summary(outputs(), 12)


def test_the_time_and_the_price_are_said() -> None:
    text = summary(outputs(), 12.4)
    assert "took 12 s" in text
    assert "an hour" in text


def test_a_secret_is_named_by_its_address() -> None:
    url = "https://contosomivault.vault.azure.net/secrets/contososecret"
    vault = {"uri": "https://contosomivault.vault.azure.net/", "secrets": {"contososecret": {"id": f"{url}/1"}}}
    lines = [" ".join(line.split()) for line in summary(outputs(vault=vault), 12).splitlines()]
    assert f"vault contososecret {url}/1" in lines
    assert "vault" not in summary(outputs(), 12)
