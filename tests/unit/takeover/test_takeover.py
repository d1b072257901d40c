"""``python -m takeover`` against a local Azure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient, KeyRotationLifetimeAction, KeyRotationPolicy, KeyRotationPolicyAction

from config import parse
from config.hsm import Hsm
from data_plane import session
from data_plane.ownership import OWNER_TAG
from data_plane.pool import Pool
from local_azure.core.world import SUBSCRIPTION_ID
from takeover import description, inventory
from takeover.command_line import main
from takeover.inventory import Inventory
from tests.support import Azure

pytestmark = pytest.mark.daemon

NAMED = ["--hsm-name", "az400popMHSM", "--subscription", SUBSCRIPTION_ID]


def described(path: Path, *arguments: str) -> dict[str, Any]:
    assert main([*NAMED, *arguments, "--output", str(path)]) == 0
    config: dict[str, Any] = yaml.safe_load(path.read_text())["config"]
    return config


def remarks(path: Path) -> str:
    return " ".join(line.strip("# ") for line in path.read_text().splitlines() if line.startswith("#"))


def test_what_it_writes_is_a_configuration_that_the_program_takes(usable_pool: Pool, tmp_path: Path) -> None:
    keys = KeyClient(usable_pool.uri, DefaultAzureCredential())
    keys.create_rsa_key("myrsakey", size=2048, hardware_protected=True, tags={"owner": "payments"})
    keys.create_oct_key("myaeskey", size=128, hardware_protected=True)
    policy = KeyRotationPolicy(
        lifetime_actions=[KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P90D")],
        expires_in="P1Y",
    )
    keys.update_key_rotation_policy("myrsakey", policy)
    settings = parse(described(tmp_path / "Pulumi.taken.yaml"), tmp_path)
    pool = settings.hsm
    assert isinstance(pool, Hsm)
    assert (pool.adopt, pool.activated_elsewhere, pool.on_destroy, settings.environment) == (
        True,
        True,
        "retain",
        "prod",
    )
    assert set(settings.keys) == {"myrsakey", "myaeskey"}
    assert settings.keys["myaeskey"].size == 128
    assert settings.keys["myrsakey"].tags == {"owner": "payments"}
    rotation = settings.keys["myrsakey"].rotation
    assert rotation is not None
    assert (rotation.after_creation, rotation.expires_after) == ("P90D", "P1Y")
    assert {each.role for each in settings.role_assignments} == {
        "Managed HSM Administrator",
        "Managed HSM Crypto User",
        "Managed HSM Crypto Officer",
    }


def test_keys_of_other_stacks_are_theirs(usable_pool: Pool, tmp_path: Path) -> None:
    keys = KeyClient(usable_pool.uri, DefaultAzureCredential())
    keys.create_oct_key("theirs", size=256, hardware_protected=True, tags={OWNER_TAG: "payments"})
    path = tmp_path / "Pulumi.taken.yaml"
    assert "managed-hsm:keys" not in described(path)
    assert f"Keys of other stacks ({OWNER_TAG}: payments) and the roles at them are left out." in remarks(path)


def test_a_pool_that_is_not_active_wants_a_security_domain(pool: Pool, tmp_path: Path) -> None:
    del pool
    path = tmp_path / "Pulumi.taken.yaml"
    assert described(path, "--environment", "dev")["managed-hsm:hsm"]["activatedElsewhere"] is False
    assert "The pool is not active: add managed-hsm:securityDomain" in remarks(path)


def test_locks_and_second_regions_and_identities_are_seen(pool: Pool, tmp_path: Path) -> None:
    lock = f"{pool.id}/providers/Microsoft.Authorization/locks/by-hand"
    session.current().resource_manager_put(lock, "2020-05-01", {"properties": {"level": "CanNotDelete"}})
    session.current().resource_manager_patch(pool.id, "2024-11-01", {"properties": {"regions": [{"name": "westus3"}]}})
    path = tmp_path / "Pulumi.taken.yaml"
    assert described(path)["managed-hsm:hsm"]["secondRegion"] == "westus3"
    assert "The lock by-hand on the pool was set by hand, and stays" in remarks(path)


def test_the_pools_identities_are_named_and_not_made(pool: Pool, tmp_path: Path) -> None:
    group = pool.id.split("/providers/")[0]
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/hsm_backup"
    current = session.current()
    current.resource_manager_put(identity, "2023-01-31", {"location": "eastus2"})
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    current.resource_manager_patch(pool.id, "2024-11-01", {"identity": assigned})
    config = described(tmp_path / "Pulumi.taken.yaml")
    assert config["managed-hsm:hsm"]["identities"] == ["hsm-backup"]
    assert config["managed-hsm:identities"] == {"hsm-backup": {"id": identity}}


def test_identities_of_one_name_are_told_apart() -> None:
    group = f"/subscriptions/{SUBSCRIPTION_ID}/resourcegroups"
    provider = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    ids = [
        f"{group}/one/{provider}/backup_1",
        f"{group}/other/{provider}/backup-1",
        f"{group}/third/{provider}/Backup-1",
    ]
    resource = {
        "location": "eastus2",
        "sku": {"name": "Standard_B1"},
        "properties": {"softDeleteRetentionInDays": 7},
        "identity": {"userAssignedIdentities": {arm_id: {} for arm_id in ids}},
    }
    pool = Pool(f"{group}/x/providers/Microsoft.KeyVault/managedHSMs/contoso", "contoso", "https://x", "", "Active", "")
    found = description.sections(Inventory(pool, resource), "dev")
    assert {each["id"] for each in found["managed-hsm:identities"].values()} == set(ids)
    assert len({name.lower() for name in found["managed-hsm:hsm"]["identities"]}) == 3


def test_it_writes_nothing_in_azure(usable_pool: Pool, signed_in: Azure, tmp_path: Path) -> None:
    before = len(signed_in.control.log())
    described(tmp_path / "Pulumi.taken.yaml")
    later = [each for each in signed_in.control.log()[before:] if not each["host"].startswith("login.")]
    assert usable_pool
    assert {each["method"] for each in later} == {"GET"}


def test_what_may_not_be_read_is_said(usable_pool: Pool, signed_in: Azure, tmp_path: Path) -> None:
    assert usable_pool
    signed_in.control.add_fault("status", method="GET", path="/settings", status=403, code="Forbidden")
    path = tmp_path / "Pulumi.taken.yaml"
    assert "settings" not in described(path)["managed-hsm:hsm"]
    assert "Not known: the settings of the data plane may not be read by whoever ran this." in remarks(path)


def test_nothing_is_overwritten(pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "Pulumi.taken.yaml"
    path.write_text("mine")
    assert main(["--id", pool.id, "--output", str(path)]) == 1
    assert path.read_text() == "mine"
    assert capsys.readouterr().err == f"takeover: {path}: is there already; nothing is overwritten\n"


def test_a_pool_that_is_not_there_is_told_with_those_that_are(pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--hsm-name", "nothere", "--subscription", SUBSCRIPTION_ID]) == 1
    assert f"there is no pool nothere that whoever is signed in may read; there is: {pool.name}" in (
        capsys.readouterr().err
    )


def test_a_pool_is_found_on_every_page_of_the_list(monkeypatch: pytest.MonkeyPatch, signed_in: Azure) -> None:
    del signed_in
    current = session.current()
    pages: list[dict[str, Any]] = [
        {"value": [{"id": "/a", "name": "a"}], "nextLink": "https://management.azure.com/next"},
        {"value": [{"id": "/b", "name": "contoso"}]},
    ]
    monkeypatch.setattr(current, "resource_manager_get", lambda _path, _version: pages[0])
    monkeypatch.setattr(current, "resource_manager_follow", lambda _path: pages[1])
    assert inventory.find(current, SUBSCRIPTION_ID, "Contoso", None) == "/b"


def test_without_a_subscription_it_says_so(
    signed_in: Azure, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del signed_in
    for name in ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--hsm-name", "az400popMHSM"]) == 1
    assert "give --subscription or ARM_SUBSCRIPTION_ID" in capsys.readouterr().err
