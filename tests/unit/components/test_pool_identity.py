from __future__ import annotations

from pathlib import Path

import pytest

from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, declare, dev

SHARED = (
    f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/ContosoIdentities/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def test_a_pool_has_the_identities_that_it_names(directory: Path) -> None:
    values = dev()
    values["managed-hsm:identities"] |= {"backup": {"userAssigned": True}, "shared": {"id": SHARED}}
    values["managed-hsm:hsm"]["identities"] = ["backup", "shared"]
    program = declare(parse(values, directory))
    pool = program["keyvault:ManagedHsm managed-hsm"]
    assert pool.inputs["identity"] == {"type": "UserAssigned", "userAssignedIdentities": ["backup-id", SHARED]}
    assert "backup" in pool.dependencies


def test_a_pool_without_identities_says_nothing_of_them(directory: Path) -> None:
    assert "identity" not in declare(parse(dev(), directory))["keyvault:ManagedHsm managed-hsm"].inputs
