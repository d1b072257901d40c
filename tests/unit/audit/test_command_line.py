"""``python -m audit`` against the daemon, as an auditor runs it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from audit.command_line import main
from local_azure.entra.directory import DEPLOYER_CLIENT_ID, DEPLOYER_OBJECT_ID
from tests.by_hand import ByHand
from tests.support import Azure
from tests.unit.local_azure.monitor.daemon import URI, activate, let_read_blobs, log_to, make
from tests.unit.local_azure.monitor.support import ACCOUNT, POOL, SETTINGS, WORKSPACE

pytestmark = pytest.mark.daemon
HSM = "https://managedhsm.azure.net"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def hand(azure: Azure) -> ByHand:
    """A pool that is logged to storage and workspace, activated, and asked for what nobody may."""
    made = make(azure)
    log_to(made, "storage", "workspace")
    let_read_blobs(made)
    activate(made)
    assert made.ask("GET", f"{URI}/keys/payments?api-version=7.5", HSM).status_code == 403
    return made


def events(capsys: Capture, *arguments: str) -> list[dict[str, Any]]:
    assert main([*arguments, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def told(capsys: Capture, status: int, *arguments: str) -> str:
    assert main(arguments) == status
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_the_log_says_who_activated_the_pool_and_from_where(hand: ByHand, capsys: Capture) -> None:
    assert hand
    first, *_ = events(capsys, "az400popMHSM")
    assert {name: first[name] for name in ("operation", "result", "objectId", "application", "caller")} == {
        "operation": "SecurityDomainBackup",
        "result": "ok",
        "objectId": DEPLOYER_OBJECT_ID,
        "application": DEPLOYER_CLIENT_ID,
        "caller": "203.0.113.10",
    }


def test_storage_and_workspace_say_the_same(hand: ByHand, capsys: Capture) -> None:
    assert hand
    stored = events(capsys, POOL, "--storage")
    assert stored == events(capsys, "AZ400POPMHSM", "--workspace") == events(capsys, POOL, "--workspace", WORKSPACE)
    assert stored == events(capsys, POOL, "--storage", "contosohsmlogs")
    assert [event["operation"] for event in stored] == [
        "SecurityDomainBackup",
        "SecurityDomainBackupStatusGet",
        "KeyGet",
    ]


QUESTIONS: tuple[tuple[tuple[str, ...], list[str]], ...] = (
    (("--operation", "securitydomainbackup"), ["SecurityDomainBackup"]),
    (("--operation", "Key*,SecurityDomainBackup"), ["SecurityDomainBackup", "KeyGet"]),
    (("--result", "refused"), ["KeyGet"]),
    (("--result", "403"), ["KeyGet"]),
    (("--result", "ok", "--result", "failed", "--limit", "1"), ["SecurityDomainBackupStatusGet"]),
    (("--key", "pay*"), ["KeyGet"]),
    (("--who", "b81d6e0c-49f7-4a35-8c2e-1d7f0a9e6b42", "--key", "payments"), ["KeyGet"]),
    (("--who", "somebody@contoso.com"), []),
    (("--from", "203.0.113.0/24", "--operation", "KeyGet"), ["KeyGet"]),
    (("--from", "198.51.100.7"), []),
    (("--until", "1h"), []),
    (("--since", "2020-01-01", "--until", "2020-01-02T00:00:00Z"), []),
)


def test_a_question_shows_what_was_asked_for(hand: ByHand, capsys: Capture) -> None:
    assert hand
    for arguments, operations in QUESTIONS:
        found = [event["operation"] for event in events(capsys, "az400popMHSM", *arguments)]
        assert found == operations, arguments


def test_people_read_a_table(hand: ByHand, capsys: Capture) -> None:
    assert hand
    assert main(["az400popMHSM"]) == 0
    heading, first, _, refused, reason = capsys.readouterr().out.splitlines()
    assert heading.split() == ["time", "(UTC)", "operation", "key", "result", "who", "from"]
    assert first.split()[2:] == ["SecurityDomainBackup", "ok", DEPLOYER_OBJECT_ID, "203.0.113.10"]
    assert refused.split()[2:6] == ["KeyGet", "payments", "refused", "403"]
    assert reason.strip().startswith("AccessDenied: Not authorized to access")


def test_requests_without_a_token_are_shown_when_they_are_asked_for(hand: ByHand, capsys: Capture) -> None:
    hand.ask("GET", f"{URI}/keys?api-version=7.5", HSM)
    assert [each["operation"] for each in events(capsys, "az400popMHSM")].count("Authentication") == 0
    requests.get(f"{URI}/keys?api-version=7.5", timeout=10)
    assert [each["operation"] for each in events(capsys, "az400popMHSM")].count("Authentication") == 0
    assert [each["operation"] for each in events(capsys, "az400popMHSM", "--all")].count("Authentication") == 1


def test_a_log_that_has_not_begun_says_so(azure: Azure, capsys: Capture) -> None:
    hand = make(azure)
    log_to(hand, "storage")
    let_read_blobs(hand)
    assert "has no log yet, no container insights-logs-auditevent" in told(capsys, 3, "az400popMHSM")


def test_a_pool_that_is_not_logged_says_so(azure: Azure, capsys: Capture) -> None:
    hand = make(azure)
    assert "no diagnostic setting sends its log" in told(capsys, 3, "az400popMHSM")
    log_to(hand, "eventHub")
    assert "to an event hub alone" in told(capsys, 3, "az400popMHSM")


def test_who_may_not_read_the_log_is_told_which_role_it_takes(azure: Azure, capsys: Capture) -> None:
    hand = make(azure)
    log_to(hand, "storage", "workspace")
    activate(hand)
    assert "Storage Blob Data Reader" in told(capsys, 1, "az400popMHSM", "--storage")


def test_who_comes_from_elsewhere_is_told_where_the_account_lets_in(hand: ByHand, capsys: Capture) -> None:
    closed = {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}
    body = {"location": "eastus2", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": closed}
    hand.arm("PUT", ACCOUNT, "2024-01-01", body)
    assert "managed-hsm:diagnostics.storage.ipRules" in told(capsys, 1, "az400popMHSM")


def test_a_setting_that_says_dedicated_is_asked_for_in_its_own_table(azure: Azure, capsys: Capture) -> None:
    hand = make(azure)
    where = {
        "workspaceId": WORKSPACE,
        "logAnalyticsDestinationType": "Dedicated",
        "logs": [{"categoryGroup": "audit", "enabled": True}],
    }
    hand.arm("PUT", f"{POOL}/{SETTINGS}/audit", "2021-05-01-preview", {"properties": where})
    activate(hand)
    first, *_ = events(capsys, "az400popMHSM")
    assert (first["operation"], first["objectId"]) == ("SecurityDomainBackup", DEPLOYER_OBJECT_ID)


MISTAKES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("nobody",), "there is no Managed HSM and no vault of that name"),
    (("not a name",), "the name of a Managed HSM or a vault, or its ARM id"),
    (("az400popMHSM", "--since", "yesterday"), "--since yesterday: 30m, 2h or 7d ago"),
    (("az400popMHSM", "--since", "1h", "--until", "2h"), "is not before"),
    (("az400popMHSM", "--since", "9999-12-31T23:00:00-14:00"), "30m, 2h or 7d ago, or 2026-01-31"),
    ((f'{POOL}" or true or "" == "',), "the name of a Managed HSM or a vault, or its ARM id"),
    (("az400popMHSM", "--from", "here"), "--from here: an address or a network"),
    (("az400popMHSM", "--result", "fine"), "--result fine: ok, refused, failed"),
    (("az400popMHSM", "--workspace", "mine"), "--workspace mine: the ARM id of a workspace"),
    (("az400popMHSM", "--storage", "Not_One"), "--storage Not_One: the name of a storage account"),
    (("az400popMHSM", "--limit", "-1"), "--limit -1: a number"),
    (("az400popMHSM", "--workspace", "0b1f6471-1bf0-4dda-aec3-cb9272f09590"), "there is no such workspace"),
)


def test_what_cannot_be_answered_is_told_in_one_line(azure: Azure, capsys: Capture) -> None:
    make(azure)
    for arguments, part in MISTAKES:
        assert part in told(capsys, 1, *arguments), arguments
