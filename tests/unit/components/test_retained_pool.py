"""``onDestroy: retain``: what a destroy must leave, so that the pool is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import declare, dev


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Custodians and the PEM to import, made once: keys take their time."""
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def retained(on_destroy: str, directory: Path) -> dict[str, bool]:
    values = dev()
    values["managed-hsm:hsm"]["onDestroy"] = on_destroy
    program = declare(parse(values, directory))
    return {
        "group": program["resources:ResourceGroup resource-group"].retain_on_delete,
        "pool": program["keyvault:ManagedHsm managed-hsm"].retain_on_delete,
    }


def test_the_group_of_a_retained_pool_stays_with_it(directory: Path) -> None:
    assert retained("retain", directory) == {"group": True, "pool": True}


@pytest.mark.parametrize("end", ["softDelete", "purge"])
def test_otherwise_the_group_goes_with_the_pool(end: str, directory: Path) -> None:
    assert retained(end, directory) == {"group": False, "pool": False}
