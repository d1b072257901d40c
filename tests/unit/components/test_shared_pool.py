"""A stack on a pool of another one: what it declares, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.protection import protected_keys
from components.shared_pool import build_on, shared_pool
from config import Settings, parse
from data_plane import pool as pools
from data_plane import session
from data_plane.pool import Pool
from tests.support import Azure
from tests.unit.components.recorder import DEPLOYER, Program, dev, recorded
from tests.unit.data_plane.support import HSM_ID, make_pool

URI = "https://az400popmhsm.managedhsm.azure.net/"
SERVICE = {"objectId": "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"}
POOL = Pool(HSM_ID, "az400popMHSM", URI, "2026-11-01T10:00:00Z", pools.ACTIVE, "")


def team(**sections: Any) -> Settings:
    values = {
        "azure-native:location": "eastus2",
        "managed-hsm:environment": "dev",
        "managed-hsm:resourceGroup": "PaymentsGroup",
        "managed-hsm:hsm": {"existing": HSM_ID, "owner": "payments"},
        "managed-hsm:keys": {
            "payments-wrapping": {
                "type": "RSA-HSM",
                "size": 3072,
                "tags": {"team": "payments"},
                "usedBy": [{"service": "storage", "principal": SERVICE}],
            },
            "payments-signing": {"type": "EC-HSM", "curve": "P-256"},
        },
        **{f"managed-hsm:{name}": value for name, value in sections.items()},
    }
    return parse(values, Path("/nowhere"))


def declared(settings: Settings) -> Program:
    return recorded(lambda: build_on(settings, DEPLOYER, POOL, lambda kind, name: f"{kind}-{name}"))


def test_only_keys_and_access_are_managed_and_the_pool_is_not_declared() -> None:
    program = declared(team())
    kinds = {each.kind.rsplit(":", 1)[-1] for each in program.values() if ":components:" not in each.kind}
    assert kinds - {"Stack"} == {"Key", "RoleAssignment"}


def test_every_key_bears_the_teams_mark_beside_its_own_tags() -> None:
    program = declared(team())
    assert program["mhsm:Key payments-wrapping"].inputs["tags"] == {
        "team": "payments",
        "managed-by-stack": "payments",
    }
    assert program["mhsm:Key payments-signing"].inputs["tags"] == {"managed-by-stack": "payments"}


def test_nothing_counts_on_the_pools_end() -> None:
    program = declared(team())
    assert {each.deleted_with for each in [*program.of("mhsm:Key"), *program.of("mhsm:RoleAssignment")]} == {""}


def test_a_key_that_a_service_encrypts_with_is_protected_in_dev_too() -> None:
    program = declared(team())
    assert program["mhsm:Key payments-wrapping"].protect
    assert not program["mhsm:Key payments-signing"].protect
    (grant,) = program.of("mhsm:RoleAssignment")
    assert grant.inputs["scope"] == "/keys/payments-wrapping"
    assert "payments-wrapping" in grant.dependencies


def test_a_grant_that_is_written_by_hand_protects_its_key_as_well(tmp_path: Path) -> None:
    values = dev()
    values["managed-hsm:keys"] = {
        "myrsakey": {"type": "RSA-HSM", "size": 3072},
        "other": {"type": "oct-HSM", "size": 256},
    }
    values["managed-hsm:roleAssignments"] = [
        {"role": "Crypto Service Encryption User", "principal": SERVICE, "scope": "/keys/myrsakey"}
    ]
    for name in ("securityDomain", "network", "identities"):
        values.pop(f"managed-hsm:{name}")
    values["managed-hsm:hsm"]["activatedElsewhere"] = True
    assert protected_keys(parse(values, tmp_path)) == {"myrsakey"}
    values["managed-hsm:hsm"]["liftProtection"] = "lift the protection of az400popMHSM"
    assert protected_keys(parse(values, tmp_path)) == frozenset()


def test_a_group_is_made_only_for_what_lies_in_it() -> None:
    program = declared(team(identities={"payments": {"userAssigned": True}}))
    assert program["resources:ResourceGroup resource-group"].inputs["resourceGroupName"] == "PaymentsGroup"
    assert [each.name for each in program.of("managedidentity:UserAssignedIdentity")] == ["payments"]


@pytest.mark.daemon
def test_a_pool_that_is_not_there_or_not_active_is_told_in_a_line(azure: Azure) -> None:
    del azure
    session.forget()
    with pytest.raises(pulumi.RunError, match=r"there is no pool .*run up of the stack that owns it first"):
        shared_pool(team(), session.current())
    make_pool()
    with pytest.raises(pulumi.RunError, match="az400popMHSM is not active; the stack that owns it activates it"):
        shared_pool(team(), session.current())


@pytest.mark.daemon
def test_a_pool_that_services_refuse_is_told_before_a_key_is_made(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    del azure
    session.forget()
    found = make_pool(networkAcls={"defaultAction": "Deny", "bypass": "None"})
    monkeypatch.setattr(pools, "ACTIVE", found.activation_status)
    with pytest.raises(pulumi.RunError) as caught:
        shared_pool(team(), session.current())
    assert "managed-hsm:keys.payments-wrapping.usedBy: no service can use a key of az400popMHSM" in str(caught.value)
    assert "purgeProtection is not true" in str(caught.value)
    assert "firewall.bypass is not AzureServices" in str(caught.value)
