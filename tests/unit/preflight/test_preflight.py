"""The preflight, run as its user runs it, on a local Azure; and the little it reckons by itself."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from data_plane import session
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.instance import REPOSITORY
from local_azure.stack import material
from preflight.command_line import main
from preflight.rights import allowed
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.support import Azure

GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
GRAPH = "https://graph.microsoft.com"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"

Lines = list[dict[str, str]]


class Stack:
    """The stack dev in a directory of its own."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._file, self._capsys = directory / "Pulumi.dev.yaml", capsys

    def change(self, section: str, **keys: Any) -> None:
        """Sets keys of a section."""
        content = yaml.safe_load(self._file.read_text())
        content["config"].setdefault(f"managed-hsm:{section}", {}).update(keys)
        self._file.write_text(yaml.safe_dump(content))

    def only(self, *sections: str, **keys: Any) -> None:
        """Leaves the first of these sections with these keys alone, and the others with nothing in them."""
        content = yaml.safe_load(self._file.read_text())
        kept = ("azure-native:location", "managed-hsm:environment", "managed-hsm:resourceGroup")
        config = {key: content["config"][key] for key in kept}
        config |= {f"managed-hsm:{section}": {} for section in sections} | {f"managed-hsm:{sections[0]}": keys}
        self._file.write_text(yaml.safe_dump({**content, "config": config}))

    def say(self, key: str, value: Any) -> None:
        """Sets a whole key."""
        content = yaml.safe_load(self._file.read_text())
        content["config"][key] = value
        self._file.write_text(yaml.safe_dump(content))

    def look(self, *arguments: str) -> tuple[int, Lines]:
        """Status and lines."""
        status = main(["--stack", "dev", "--json", *arguments])
        return status, json.loads(self._capsys.readouterr().out)

    def failures(self, *arguments: str) -> list[tuple[str, str, str]]:
        """What failed: what, how, and the way out; one line each."""
        status, lines = self.look(*arguments)
        failed = [line for line in lines if line["result"] == "failed"]
        assert status == (1 if failed else 0)
        for line in failed:
            assert line["found"].isprintable()
            assert line["way_out"].isprintable()
            assert line["way_out"]
        return [(line["what"], line["found"], line["way_out"]) for line in failed]


@pytest.fixture
def stack(azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stack:
    """Stack dev on a local Azure with nothing in it."""
    del azure
    shutil.copy(REPOSITORY / "Pulumi.dev.yaml", tmp_path)
    material.make(tmp_path / ".local")
    monkeypatch.chdir(tmp_path)
    return Stack(tmp_path, capsys)


@pytest.fixture
def by_hand(azure: Azure) -> ByHand:
    """The deployer's own requests."""
    return ByHand(azure.instance)


def make_pool(
    by_hand: ByHand, name: str = "az400popMHSM", group: str = GROUP, location: str = "eastus2", **properties: Any
) -> str:
    by_hand.arm("PUT", group, "2024-03-01", {"location": "eastus2"})
    pool_id = f"{group}/providers/Microsoft.KeyVault/managedHSMs/{name}"
    body = {
        "location": location,
        "sku": {"family": "B", "name": "Standard_B1"},
        "properties": {
            "tenantId": TENANT_ID,
            "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
            "enablePurgeProtection": False,
            "softDeleteRetentionInDays": 7,
            **properties,
        },
    }
    by_hand.arm("PUT", pool_id, POOLS, body)
    return pool_id


def somebody_else(
    by_hand: ByHand, monkeypatch: pytest.MonkeyPatch, role: str = READER, scope: str = SUBSCRIPTION
) -> str:
    """Signs this process in as a service principal that has a role at a scope; answers its object id."""
    application = by_hand.ask("POST", f"{GRAPH}/v1.0/applications", GRAPH, {"displayName": "contoso-preview"}).json()
    made = by_hand.ask("POST", f"{GRAPH}/v1.0/servicePrincipals", GRAPH, {"appId": application["appId"]}).json()
    secret = by_hand.ask("POST", f"{GRAPH}/v1.0/applications/{application['id']}/addPassword", GRAPH, {}).json()
    by_hand.arm(
        "PUT",
        f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}",
        "2022-04-01",
        {
            "properties": {
                "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "principalId": made["id"],
                "principalType": "ServicePrincipal",
            }
        },
    )
    for prefix in ("ARM", "AZURE"):
        monkeypatch.setenv(f"{prefix}_CLIENT_ID", application["appId"])
        monkeypatch.setenv(f"{prefix}_CLIENT_SECRET", secret["secretText"])
    return str(made["id"])


def test_before_a_first_up_everything_is_looked_at_and_nothing_is_changed(stack: Stack, azure: Azure) -> None:
    status, lines = stack.look("--register")
    assert status == 0
    found = {line["what"]: line for line in lines if line["result"] == "passed"}
    assert set(found) == {
        "configuration",
        "signed in",
        "subscription",
        "resource providers",
        "rights in ARM",
        "rights in the pool",
        "name of the pool",
        "name of the vault",
        "region",
        "quota",
        "custodians",
        "destinations",
    }
    assert "by secret, as ARM_CLIENT_ID says" in found["signed in"]["found"]
    assert found["name of the pool"]["found"] == "az400popMHSM is free"
    notices = {line["what"]: line["found"] for line in lines if line["result"] == "notice"}
    assert "203.0.113.10" in notices["way to the pool"]
    assert "US$ an hour" in notices["cost"]
    registrations = [each for each in azure.control.log() if each["method"] not in ("GET", "HEAD")]
    assert all(
        "register" in each["path"] or "check" in each["path"].lower() or "token" in each["path"]
        for each in registrations
    )


def test_the_table_has_each_way_out(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    stack.say("managed-hsm:subscriptionId", "9d4c64a1-7d58-4c7a-8f7a-a8a2f6f7b6c1")
    assert main(["--stack", "dev"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "but the stack is for 9d4c64a1-7d58-4c7a-8f7a-a8a2f6f7b6c1 → set ARM_SUBSCRIPTION_ID" in shown
    assert shown.endswith("1 failed")


def test_every_mistake_of_the_configuration_is_a_line_and_nobody_is_asked(stack: Stack, azure: Azure) -> None:
    stack.change("hsm", retentionDays=3, sku="Tiny")
    failures = stack.failures()
    assert [what for what, _, _ in failures] == ["configuration"] * 2
    assert {found.partition(":")[0] for _, found, _ in failures} == {"managed-hsm"}
    assert not azure.control.log()


def test_a_stack_that_is_not_there_is_one_line(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    del stack
    assert main(["--stack", "nowhere", "--json"]) == 1
    (line,) = json.loads(capsys.readouterr().out)
    assert "Pulumi.nowhere.yaml: No such file or directory" in line["found"]


def test_a_wrong_secret_ends_it_with_what_to_set(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET", "wrong")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    ((what, found, way_out),) = stack.failures()
    assert what == "signed in"
    assert "wrong" not in found
    assert "ARM_CLIENT_ID" in way_out


def test_a_provider_that_is_not_registered_is_named_and_registered_when_allowed(stack: Stack, by_hand: ByHand) -> None:
    address = f"https://management.azure.com{SUBSCRIPTION}/providers/Microsoft.Network/unregister"
    assert by_hand.ask("POST", f"{address}?api-version=2021-04-01", "https://management.azure.com").ok
    ((what, found, way_out),) = stack.failures()
    assert what == "resource providers"
    assert found.startswith("Microsoft.Network is ")
    assert "az provider register --namespace Microsoft.Network" in way_out
    assert stack.failures("--register") == []
    assert stack.failures() == []


def test_whoever_may_only_read_is_told_what_is_missing(
    stack: Stack, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.change("hsm", initialAdministrators=[DEPLOYER_OBJECT_ID])
    somebody_else(by_hand, monkeypatch, READER)
    status, lines = stack.look()
    assert status == 1
    rights = next(line for line in lines if line["what"] == "rights in ARM")
    assert rights["result"] == "failed"
    assert (
        "Microsoft.Resources/subscriptions/resourceGroups/write, Microsoft.KeyVault/managedHSMs/write"
        in rights["found"]
    )
    way_out = "give the deployer Contributor and Role Based Access Control Administrator at the subscription"
    assert rights["way_out"] == way_out
    pool = next(line for line in lines if line["what"] == "rights in the pool")
    assert pool["result"] == "notice"
    assert "is no initial administrator by itself" in pool["found"]


def test_rights_at_the_group_are_not_enough_to_purge_nor_a_contributors_to_give_roles(
    stack: Stack, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand.arm("PUT", GROUP, "2024-03-01", {"location": "eastus2"})
    somebody_else(by_hand, monkeypatch, CONTRIBUTOR, GROUP)
    found = {line: way_out for what, line, way_out in stack.failures() if what == "rights in ARM"}
    assert found == {
        "at the resource group ContosoResourceGroup there is no Microsoft.Authorization/roleAssignments/write": (
            "give the deployer Role Based Access Control Administrator at the resource group ContosoResourceGroup"
        ),
        "at the subscription there is no Microsoft.KeyVault/locations/deletedManagedHsms/purge/action,"
        " Microsoft.KeyVault/locations/deletedVaults/purge/action": "give the deployer Contributor at the subscription",
    }


def test_a_stack_on_somebody_elses_pool_needs_to_make_nothing_in_arm(
    stack: Stack, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = f"{SUBSCRIPTION}/resourceGroups/ContosoPlatform"
    pool = make_pool(by_hand, group=elsewhere)
    stack.only("hsm", "keys", existing=pool, owner="payments-dev")
    somebody_else(by_hand, monkeypatch)
    _, lines = stack.look()
    found = {line["what"]: (line["result"], line["found"]) for line in lines}
    assert found["name of the pool"] == ("passed", "az400popMHSM is there already (NotActivated)")
    assert found["rights in ARM"] == ("passed", "the stack makes nothing in ARM")
    assert found["way to the pool"][0] == "passed"


def test_the_administrators_of_a_pool_that_is_there_are_those_it_was_made_with(stack: Stack, by_hand: ByHand) -> None:
    somebody = "0a7d1c52-9be4-4f7c-8a44-4f1f5f0e6d20"
    make_pool(by_hand, initialAdminObjectIds=[somebody])
    _, lines = stack.look()
    line = next(line for line in lines if line["what"] == "rights in the pool")
    assert "is no initial administrator by itself" in line["found"]


def test_a_member_of_a_group_of_administrators_is_an_administrator(stack: Stack, by_hand: ByHand) -> None:
    body = {"displayName": "hsm-administrators", "mailEnabled": False, "mailNickname": "hsm", "securityEnabled": True}
    group = by_hand.ask("POST", f"{GRAPH}/v1.0/groups", GRAPH, body).json()["id"]
    stack.change("hsm", initialAdministrators=[group])
    assert [what for what, _, _ in stack.failures()] == ["rights in the pool"]
    member = {"@odata.id": f"{GRAPH}/v1.0/directoryObjects/{DEPLOYER_OBJECT_ID}"}
    assert by_hand.ask("POST", f"{GRAPH}/v1.0/groups/{group}/members/$ref", GRAPH, member).ok
    assert stack.failures() == []


def test_a_soft_deleted_pool_holds_its_name_with_the_date_and_what_the_stack_would_do(
    stack: Stack, by_hand: ByHand
) -> None:
    by_hand.arm("DELETE", make_pool(by_hand), POOLS)
    ((what, found, way_out),) = stack.failures()
    assert what == "name of the pool"
    assert "holds the name until 20" in found
    assert "az keyvault recover" in way_out
    stack.change("hsm", onSoftDeleted="recover")
    assert stack.failures() == []


def test_a_soft_deleted_pool_that_nobody_can_purge_is_no_free_name(stack: Stack, by_hand: ByHand) -> None:
    by_hand.arm("DELETE", make_pool(by_hand, enablePurgeProtection=True), POOLS)
    stack.change("hsm", onSoftDeleted="purge")
    ((_, found, way_out),) = stack.failures()
    assert "has purge protection until 20" in found
    assert "onSoftDeleted: recover" in way_out


def test_a_pool_that_is_there_is_knocked_at(stack: Stack, by_hand: ByHand) -> None:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    make_pool(by_hand, publicNetworkAccess="Enabled", networkAcls=acls)
    ((what, found, way_out),) = stack.failures()
    assert what == "way to the pool"
    assert "203.0.113.10" in found
    assert "managed-hsm:hsm.firewall.ipRules" in way_out


def test_a_new_pool_that_nobody_could_activate_is_found(stack: Stack) -> None:
    stack.change(
        "hsm", firewall={"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None", "ipRules": []}
    )
    stack.change("network", privateEndpoints=[])
    assert (
        "way to the pool",
        "closed to the public, and no private endpoint leads to it: nobody could activate it",
    ) in [(what, found) for what, found, _ in stack.failures()]


def test_a_region_without_managed_hsms_is_found_with_those_that_have_them(stack: Stack) -> None:
    stack.change("hsm", secondRegion="antarctica")
    assert [(what, "eastus" in way_out) for what, _, way_out in stack.failures() if what == "region"] == [
        ("region", True)
    ]


def test_the_sixth_pool_of_a_region_is_one_too_many(stack: Stack, by_hand: ByHand) -> None:
    for number in range(5):
        make_pool(by_hand, f"contosopool{number}")
    ((what, found, _),) = stack.failures()
    assert (what, found) == ("quota", "5 pools of this subscription are in eastus2, the limit")


def test_a_destination_that_nothing_can_be_written_to_is_found(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".local" / "vault").mkdir()
    # Root, as which tests may run, may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != tmp_path / ".local" / "vault")
    stack.change(
        "securityDomain", destinations=[{"path": ".local/vault/new/sd.json"}, {"path": ".local/elsewhere/sd.json"}]
    )
    ((what, found, _),) = stack.failures()
    assert what == "destinations"
    assert found == f"{tmp_path}/.local/vault/new/sd.json: nothing can be written in {tmp_path}/.local/vault"
    stack.change(
        "securityDomain",
        destinations=[{"path": ".local/vault/new/sd.json", "optional": True}, {"path": ".local/elsewhere/sd.json"}],
    )
    assert stack.failures() == []


def test_a_second_region_needs_room_too(stack: Stack, by_hand: ByHand) -> None:
    for number in range(5):
        make_pool(by_hand, f"contosopool{number}", location="westus")
    stack.change("hsm", secondRegion="westus")
    assert [(what, found) for what, found, _ in stack.failures()] == [
        ("quota", "5 pools of this subscription are in westus, the limit")
    ]


def test_every_page_of_a_list_is_read(azure: Azure, by_hand: ByHand) -> None:
    del azure
    for number in range(3):
        make_pool(by_hand, f"contosopool{number}")
    path = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/managedHSMs?$top=1"
    assert len(session.Session().resource_manager_list(path, POOLS)) == 3


def test_a_storage_account_that_is_not_there_is_found(stack: Stack) -> None:
    blob = {"blob": "https://contosonowhere.blob.core.windows.net/security-domains"}
    stack.change("securityDomain", destinations=[{"path": ".local/sd.json"}, blob])
    ((what, found, _),) = stack.failures()
    assert what == "destinations"
    assert "there is no account contosonowhere" in found


def test_a_switch_in_the_stacks_file_counts_as_for_the_engine(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    stack.say("azure-native:useDefaultAzureCredential", True)
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
    ((what, found, _),) = stack.failures()
    assert what == "signed in"
    assert "EnvironmentCredential" in found


def test_a_subscription_must_be_said_as_azure_native_wants_it(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARM_SUBSCRIPTION_ID", raising=False)
    ((what, found, way_out),) = stack.failures()
    assert (what, found) == ("subscription", "azure-native needs it said, where it signs in by secret")
    assert way_out == "set ARM_SUBSCRIPTION_ID or azure-native:subscriptionId"
    stack.say("azure-native:subscriptionId", SUBSCRIPTION_ID)
    assert stack.failures() == []


@given(action=st.from_regex(r"[A-Z][a-z]{1,8}\.[A-Z][a-z]{1,8}/[a-z]{1,8}/(read|write)", fullmatch=True))
def test_an_action_is_allowed_by_a_role_that_has_it_and_does_not_take_it_away(action: str) -> None:
    assert allowed(action, [{"actions": ["*"]}])
    assert allowed(action.upper(), [{"actions": [action]}])
    assert allowed(action, [{"actions": ["*/read", "*/write"]}])
    assert not allowed(action, [{"actions": ["*"], "notActions": [action]}])
    assert allowed(action, [{"actions": ["*"], "notActions": [action]}, {"actions": [action]}])
    assert not allowed(action, [{"actions": [f"{action}/more"]}, {"actions": ["Other.*"]}])
    assert not allowed(action, [])
