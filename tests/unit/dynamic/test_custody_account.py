"""The program's own storage account: made, taken over, kept as it should be, and never deleted."""

from __future__ import annotations

from typing import Any

import pytest

from data_plane import session
from data_plane.blobs import Blob
from data_plane.errors import CustodyError, DataPlaneError
from dynamic.custody_account import CustodyAccountProvider
from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import ByHand
from tests.support import Azure

pytestmark = pytest.mark.daemon

PROVIDER = CustodyAccountProvider()
STORAGE = "2024-01-01"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoCustody"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contosocustody"
URL = "https://contosocustody.blob.core.windows.net"


def props(**changes: Any) -> dict[str, Any]:
    return {
        "subscription_id": SUBSCRIPTION_ID,
        "resource_group": "ContosoCustody",
        "location": "westus",
        "name": "contosocustody",
        "replication": "Standard_GRS",
        "retention_days": 90.0,
        "containers": ["domains"],
        "principal_id": DEPLOYER_OBJECT_ID,
        "public_network_access": "Enabled",
        "default_action": "Allow",
        "bypass": "None",
        "ip_rules": [],
        "tags": {},
        **changes,
    }


@pytest.fixture
def hand(signed_in: Azure) -> ByHand:
    return ByHand(signed_in.instance)


def create(**changes: Any) -> tuple[str, dict[str, Any]]:
    made = PROVIDER.create(props(**changes))
    assert made.outs is not None
    return str(made.id), made.outs


def read(id_: str, outs: dict[str, Any]) -> dict[str, Any]:
    found = PROVIDER.read(id_, outs).outs
    assert found is not None
    return found


def writes(container: str = "domains") -> bool:
    return Blob(f"{URL}/{container}/probe", session.current()).create(b"{}")


def test_it_is_made_so_that_the_deployer_can_write_there_and_nobody_has_a_key(hand: ByHand) -> None:
    id_, _ = create()
    assert id_ == ACCOUNT
    assert writes()
    account = hand.arm("GET", ACCOUNT, STORAGE)
    assert (account["kind"], account["sku"]["name"], account["location"]) == ("StorageV2", "Standard_GRS", "westus")
    told = account["properties"]
    assert (told["allowSharedKeyAccess"], told["allowBlobPublicAccess"]) == (False, False)
    assert (told["minimumTlsVersion"], told["supportsHttpsTrafficOnly"]) == ("TLS1_2", True)
    assert told["encryption"]["keySource"] == "Microsoft.Storage"
    service = hand.arm("GET", f"{ACCOUNT}/blobServices/default", STORAGE)["properties"]
    assert (service["isVersioningEnabled"], service["deleteRetentionPolicy"]["days"]) == (True, 90)


def test_what_is_there_is_taken_over_with_what_lies_in_it(hand: ByHand, capsys: pytest.CaptureFixture[str]) -> None:
    PROVIDER.create(props(containers=["earlier"]))
    assert writes("earlier")
    hand.arm("PATCH", ACCOUNT, STORAGE, {"properties": {"allowSharedKeyAccess": True}})
    PROVIDER.create(props())
    assert "contosocustody is there already: it is taken over, with what lies in it" in capsys.readouterr().out
    assert hand.arm("GET", ACCOUNT, STORAGE)["properties"]["allowSharedKeyAccess"] is False
    found = Blob(f"{URL}/earlier/probe", session.current()).read()
    assert found is not None


def test_it_is_changed_in_place_and_a_container_stays(hand: ByHand, capsys: pytest.CaptureFixture[str]) -> None:
    id_, outs = create()
    news = props(containers=["others"], retention_days=365, replication="Standard_ZRS", tags={"keeps": "custody"})
    assert PROVIDER.diff(id_, outs, news).replaces == []
    PROVIDER.update(id_, outs, news)
    assert "contosocustody: the container domains stays, with what lies in it" in capsys.readouterr().out
    assert writes("others")
    assert writes("domains")
    account = hand.arm("GET", ACCOUNT, STORAGE)
    assert (account["sku"]["name"], account["tags"]) == ("Standard_ZRS", {"keeps": "custody"})


def test_a_refresh_shows_what_somebody_changed(hand: ByHand) -> None:
    id_, outs = create()
    assert not PROVIDER.diff(id_, read(id_, outs), props()).changes
    closed = {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}
    hand.arm("PATCH", ACCOUNT, STORAGE, {"properties": closed})
    hand.arm("DELETE", f"{ACCOUNT}/blobServices/default/containers/domains", STORAGE)
    drifted = read(id_, outs)
    assert drifted["default_action"] == "Deny"
    assert PROVIDER.diff(id_, drifted, props()).changes
    hand.arm("DELETE", ACCOUNT, STORAGE)
    assert read(id_, outs) == {}


def test_a_delete_leaves_all_of_it_and_says_so(hand: ByHand, capsys: pytest.CaptureFixture[str]) -> None:
    id_, outs = create()
    writes()
    PROVIDER.delete(id_, outs)
    assert f"{ACCOUNT} stays, with every security domain in it" in capsys.readouterr().out
    assert hand.arm("GET", ACCOUNT, STORAGE) is not None


def test_another_place_is_another_account_and_the_order_of_lists_is_none() -> None:
    olds = props(containers=["a", "b"], ip_rules=["203.0.113.10", "203.0.113.11"])
    news = props(containers=["b", "a"], ip_rules=["203.0.113.11", "203.0.113.10"])
    assert not PROVIDER.diff("id", olds, news).changes
    for field in ("subscription_id", "resource_group", "location", "name"):
        assert PROVIDER.diff("id", olds, {**olds, field: "another"}).replaces == [field]


def test_it_ends_when_the_new_role_is_known(signed_in: Azure, capsys: pytest.CaptureFixture[str]) -> None:
    signed_in.control.set_latency(0.03)
    PROVIDER.create(props())
    signed_in.control.set_latency(0)
    assert "contosocustody: waiting until role and network rules are known there" in capsys.readouterr().out
    assert writes()


def test_an_account_that_keeps_this_computer_out_is_told_at_once(hand: ByHand) -> None:
    with pytest.raises(CustodyError, match="the network rules of the storage account do not let this computer in"):
        PROVIDER.create(props(default_action="Deny"))
    PROVIDER.create(props(default_action="Deny", ip_rules=["203.0.113.10"]))
    assert writes()
    assert hand.arm("GET", ACCOUNT, STORAGE)["properties"]["networkAcls"]["defaultAction"] == "Deny"


def test_a_name_that_somebody_else_has_is_one_line(hand: ByHand) -> None:
    other = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/Others"
    hand.arm("PUT", other, "2024-03-01", {"location": "westus"})
    body = {"location": "westus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
    hand.arm("PUT", f"{other}/providers/Microsoft.Storage/storageAccounts/contosocustody", STORAGE, body)
    with pytest.raises(DataPlaneError, match="already taken") as refused:
        PROVIDER.create(props())
    assert "\n" not in str(refused.value)
