"""What a configuration comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from access.configured import configured
from access.findings import findings
from access.model import Access
from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import dev

GUID = "6f2c9b1e-5d0a-4c3e-9b7f-2a1d8e4c6b05"
EXISTING = (
    f"/subscriptions/{GUID}/resourceGroups/ContosoResourceGroup/providers/Microsoft.KeyVault/managedHSMs/contoso-hsm"
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def read(directory: Path, **changes: Any) -> Access:
    values = {**dev(), **{f"managed-hsm:{name}": value for name, value in changes.items()}}
    return configured(parse({name: value for name, value in values.items() if value is not None}, directory))


def administrators(some: Access) -> dict[str, str]:
    return {each.principal: each.origin for each in some.grants if each.role == "Managed HSM Administrator"}


def test_initial_administrators_count_until_the_bootstrap_is_over(directory: Path) -> None:
    hsm = {**dev()["managed-hsm:hsm"], "initialAdministrators": ["deployer", GUID.upper()]}
    assert administrators(read(directory, hsm=hsm)) == {
        "deployer": "initial administrator",
        GUID: "initial administrator",
    }
    given = [{"role": "Administrator", "principal": {"objectId": GUID}, "scope": "/"}]
    over = {"hsm": hsm, "access": {"bootstrapOver": True}}
    assert administrators(read(directory, **over)) == {}
    assert administrators(read(directory, **over, roleAssignments=given)) == {GUID: "configuration"}
    assert administrators(read(directory, hsm=hsm, roleAssignments=given))[GUID] == "configuration"


def test_a_configuration_that_leaves_nobody_to_administer_is_the_worst_finding(directory: Path) -> None:
    [first, *_] = findings(read(directory, access={"bootstrapOver": True}))
    assert (first.level, first.code) == ("danger", "no-administrator")


def test_roles_of_ones_own_permit_what_is_left_of_them(directory: Path) -> None:
    some = read(
        directory,
        roleDefinitions=[{"preset": "keyManager", "notDataActions": ["keys/delete"]}],
        roleAssignments=[{"role": "Key Manager", "principal": "deployer", "scope": "/"}],
    )
    permitted = some.roles["Key Manager"].data_actions
    assert {each.rsplit("managedHsm/", 1)[-1] for each in permitted} > {"keys/create", "keys/rotate/action"}
    assert not [each for each in permitted if each.endswith("keys/delete")]


def test_a_stack_on_somebody_elses_pool_is_not_told_of_administrators_it_cannot_know(directory: Path) -> None:
    values = {
        "azure-native:location": "eastus2",
        "managed-hsm:environment": "dev",
        "managed-hsm:resourceGroup": "TeamA",
        "managed-hsm:hsm": {"existing": EXISTING, "owner": "team-a"},
        "managed-hsm:keys": {"mine": {"type": "RSA-HSM", "size": 2048}},
        "managed-hsm:roleAssignments": [
            {"role": "Crypto User", "principal": {"group": "Team A"}, "scope": "/keys/mine"}
        ],
    }
    some = configured(parse(values, directory))
    assert (some.pool, findings(some)) == ("contoso-hsm", [])
