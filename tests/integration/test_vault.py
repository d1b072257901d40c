"""A vault through its life (W2), by the real engine: policies, then roles and a private way, then nothing.

What the machine does is what a person does there by hand: a token from the metadata service, then one GET.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import SUBSCRIPTION, ByHand
from tests.in_machine import Answer, InMachine
from tests.integration.project import Project, Run

pytestmark = pytest.mark.engine

VAULTS = "2024-11-01"
RESOURCE = "https://vault.azure.net"
URI = "https://contosomivault.vault.azure.net/"
SECRET = f"{URI}secrets/contososecret"
FIRST, SECOND, SPARE = "the-first-of-the-values", "the-second-of-the-values", "a-value-that-nobody-needs"
BY_HAND = """
answer=$(curl --silent --show-error -H Metadata:true \
  'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net')
token=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])' <<< "$answer")
curl --silent --show-error 'https://contosomivault.vault.azure.net/secrets/contososecret?api-version=2016-10-01' \
  -H "Authorization: Bearer $token"
"""
"""W2.3 as it is written."""
POLICIES = [
    {"principal": {"identity": "testvmmhsm"}, "permissions": "Secret Management"},
    {"principal": "deployer", "permissions": ["get", "list"]},
]
TEMPLATE = {"get", "list", "set", "delete", "recover", "backup", "restore"}
"""What the portal's template "Secret Management" gives (W2.2)."""
ROLES = [
    {"role": "Key Vault Secrets User", "principal": {"identity": "testvmmhsm"}, "scope": "/secrets/contososecret"},
    {"role": "Key Vault Secrets Officer", "principal": "deployer"},
]
LOGGED = {
    "storage": {"name": "contosovaultlogs", "retentionDays": 30, "ipRules": ["203.0.113.10"]},
    "eventHub": {"name": "contosovaulthub", "hub": "audit", "retentionDays": 1},
    "logAnalytics": {"name": "contosovaultlogs", "retentionDays": 30},
    "readers": ["deployer"],
    "alerts": {"emails": ["hsm-alerts@contoso.com"]},
}
"""Every place for logs that there is (W1.2)."""
FIREWALL = {"publicNetworkAccess": "Enabled", "defaultAction": "Deny", "bypass": "None", "ipRules": ["203.0.113.10"]}


def test_a_vault_with_policies_then_with_roles_and_a_private_way_then_gone(project: Project) -> None:
    azure = ByHand(project.instance)
    empty = project.control.status()["resources"]
    machine, other = InMachine(project.instance, "testvmmhsm"), InMachine(project.instance, "other")
    project.configure(
        keys=None,
        roleAssignments=None,
        identities={"testvmmhsm": {"vm": {}}, "other": {"vm": {}}},
        vault={"name": "contosomivault", "enableRbacAuthorization": False, "accessPolicies": POLICIES},
        diagnostics=LOGGED,
    )
    set_secrets(project, contososecret=FIRST, spare=SPARE)
    runs = [project.up()]
    outputs = project.outputs()
    first = outputs["vault"]
    assert_read_by_hand(machine, FIRST, first)
    report = bound(machine)
    assert (report["tokenType"], report["boundToCertificate"], report["resource"]["status"]) == ("mtls_pop", True, 200)
    assert FIRST not in json.dumps(report)
    assert permissions_of(azure, first["id"], outputs["identities"]["testvmmhsm"]) == TEMPLATE
    assert first["uri"] == URI
    assert first["secrets"]["contososecret"]["versionlessId"] == SECRET
    assert_refused_to_others(machine, other, outputs["identities"]["other"])
    assert_logged_everywhere(project, outputs["identities"])
    assert_alerts_fire(project, "security-domain-downloaded", "firewall-changed", "logging-changed")

    # A changed value is a new version in place, beside the old one; what is taken out is deleted; roles instead of
    # policies; the machine comes privately, and nobody publicly but the deployer.
    configured = project.configured("vault")
    del configured["accessPolicies"], configured["secrets"]["spare"]
    changed = {
        "enableRbacAuthorization": True,
        "roleAssignments": ROLES,
        "firewall": FIREWALL,
        "privateEndpoints": [{"name": "vaultendpoint"}],
    }
    project.configure(vault={**configured, **changed})
    set_secrets(project, contososecret=SECOND)
    runs.append(project.up("--diff"))
    assert "~ 2 updated" in runs[-1].changes()
    assert "- 1 deleted" in runs[-1].changes()
    second = project.outputs()["vault"]
    assert second["secrets"]["contososecret"]["id"] != first["secrets"]["contososecret"]["id"]
    assert_read_by_hand(machine, SECOND, second)
    assert ask(machine, first["secrets"]["contososecret"]["id"], machine.token(RESOURCE)).json["value"] == FIRST
    assert azure.ask("GET", f"{URI}deletedsecrets/spare?api-version=7.4", RESOURCE).status_code == 200
    assert_private(azure, machine, other, second)
    assert bound(machine, "--body")["value"] == SECOND
    runs.append(project.pulumi("preview", "--refresh", "--diff", "--expect-no-changes"))
    assert_no_value_in(project, (FIRST, SECOND, SPARE), runs)

    runs.append(project.pulumi("destroy", "--yes", "--skip-preview"))
    assert "purging the soft-deleted vault contosomivault" in runs[-1].output
    assert project.control.status()["resources"] == empty
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults"
    assert azure.arm("GET", deleted, VAULTS)["value"] == []


def assert_logged_everywhere(project: Project, principals: dict[str, str]) -> None:
    """Storage account, workspace and event hub say the same: who read the secret, and who was refused."""
    found = {place: audit(project, "contosomivault", place) for place in ("--storage", "--workspace")}
    assert found["--storage"] == found["--workspace"]
    seen = {(event["operation"], event["result"], event["objectId"]) for event in found["--storage"]}
    assert seen >= {("SecretGet", "ok", principals["testvmmhsm"]), ("SecretGet", "refused", principals["other"])}
    messages = project.control.messages("contosovaulthub", "audit")
    records = [record for message in messages for record in message["records"] if "operationName" in record]
    sent = [record["operationName"] for record in records if "/VAULTS/" in record["resourceId"]]
    assert sent == [event["operation"] for event in found["--storage"]]
    assert any(record["operationName"] == "SecurityDomainBackup" for record in records)
    assert FIRST not in json.dumps(records)


def audit(project: Project, name: str, place: str) -> list[dict[str, Any]]:
    """Its log from one place, as an auditor asks for it."""
    command = [sys.executable, "-m", "audit", name, place, "--all", "--limit", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=project.environment)
    events: list[dict[str, Any]] = json.loads(done.stdout)
    return events


def assert_alerts_fire(project: Project, *names: str) -> None:
    """Those and no others, each with the stack's own action group."""
    fired = {each["rule"]: each["actionGroups"] for each in project.control.alerts()}
    assert set(fired) == {f"az400popMHSM-{name}" for name in names}
    assert all(group.endswith("/actionGroups/az400popMHSM-alerts") for groups in fired.values() for group in groups)


def set_secrets(project: Project, **values: str) -> None:
    """As a person does: the values are encrypted in the stack's file."""
    entries = [f"managed-hsm:vault.secrets.{name}={value}" for name, value in values.items()]
    project.pulumi("config", "set-all", "--path", *(word for entry in entries for word in ("--secret", entry)))


def permissions_of(azure: ByHand, vault_id: str, principal: str) -> set[str]:
    """What the vault's one policy for a principal lets it do with secrets."""
    policies = azure.arm("GET", vault_id, VAULTS)["properties"]["accessPolicies"]
    (policy,) = [each for each in policies if each["objectId"] == principal]
    return set(policy["permissions"]["secrets"])


def ask(machine: InMachine, url: str, token: str | None) -> Answer:
    return machine.ask("GET", f"{url}?api-version=2016-10-01", token)


def assert_read_by_hand(machine: InMachine, value: str, outputs: dict[str, Any]) -> None:
    """The walkthrough's commands answer value, id and attributes."""
    done = machine.run("bash", "-c", BY_HAND)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {"value", "id", "attributes"}
    assert (answer["value"], answer["id"]) == (value, outputs["secrets"]["contososecret"]["id"])
    assert answer["attributes"]["enabled"] is True


def bound(machine: InMachine, *options: str) -> Any:
    """W4 as its user does it: a token that is good with the machine's key only, and one call with it."""
    url = f"{SECRET}?api-version=7.4"
    done = machine.run("python", "-m", "workload.managed_identity_v2", "--resource-url", url, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_refused_to_others(machine: InMachine, other: InMachine, principal: str) -> None:
    """403 to a machine without a policy, 401 to a token that is for something else or not there."""
    no_policy = ask(other, SECRET, other.token(RESOURCE))
    assert no_policy.status == 403
    assert no_policy.error["innererror"] == {"code": "AccessDenied"}
    assert f";oid={principal};" in no_policy.error["message"]
    assert (
        "does not have secrets get permission on key vault 'contosomivault;location=eastus2'"
        in (no_policy.error["message"])
    )
    for_something_else = ask(machine, SECRET, machine.token("https://management.azure.com/"))
    assert for_something_else.status == 401
    assert for_something_else.error["message"].startswith("AKV10022: Invalid audience.")
    unsaid = ask(machine, SECRET, None)
    assert unsaid.status == 401
    assert unsaid.headers["WWW-Authenticate"].startswith('Bearer authorization="https://login.microsoftonline.com/')
    assert unsaid.headers["WWW-Authenticate"].endswith(', resource="https://vault.azure.net"')


def assert_private(azure: ByHand, machine: InMachine, other: InMachine, outputs: dict[str, Any]) -> None:
    """The machine comes through the endpoint, by its role; others have none, and no rule names who is outside."""
    address = outputs["privateEndpoints"]["vaultendpoint"]
    assert address.startswith("10.0.1.")
    resolved = machine.run("nslookup", "contosomivault.vault.azure.net").stdout
    assert "contosomivault.privatelink.vaultcore.azure.net" in resolved
    assert f"Address: {address}" in resolved
    no_role = ask(other, SECRET, other.token(RESOURCE))
    assert no_role.status == 403
    assert no_role.error["innererror"] == {"code": "ForbiddenByRbac"}
    assert "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'" in no_role.error["message"]
    outside = ask(InMachine(machine.instance, "internet"), SECRET, azure.token(RESOURCE))
    assert outside.status == 403
    assert outside.error["innererror"] == {"code": "ForbiddenByFirewall"}
    assert outside.error["message"].startswith("Client address is not authorized and caller is not a trusted service.")
    assigned = f"{outputs['id']}/providers/Microsoft.Authorization/roleAssignments"
    found = azure.arm("GET", assigned, "2022-04-01")["value"]
    deployers = [each for each in found if each["properties"]["principalId"] == DEPLOYER_OBJECT_ID]
    assert outputs["id"] in [each["properties"]["scope"] for each in deployers]


def assert_no_value_in(project: Project, values: Iterable[str], runs: Iterable[Run]) -> None:
    """Neither the state and its history nor anything that a person or a log gets to see."""
    kept = [path for path in project.instance.pulumi_backend.rglob("*") if path.is_file()]
    kept += [path for path in (project.instance.home / "pulumi").rglob("*") if path.is_file()]
    shown = "\n".join(run.output for run in runs)
    log = json.dumps(project.control.log())
    assert len(kept) > 3
    for value in values:
        assert value not in shown
        assert value not in log
        assert not [path for path in kept if _holds(path, value)]


def _holds(path: Path, value: str) -> bool:
    return value.encode() in path.read_bytes()
