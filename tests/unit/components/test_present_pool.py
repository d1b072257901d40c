"""What a pool that is there already rules out, before anything is declared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.present_pool import check_custody, check_unchangeable
from config import ConfigurationError, Settings, parse
from local_azure.stack import material
from tests.unit.components.recorder import dev


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("program")
    material.make(made / ".local")
    return made


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    return said


def settings(directory: Path, section: str = "hsm", location: str = "eastus2", **changes: Any) -> Settings:
    values = {**dev(), "azure-native:location": location}
    values[f"managed-hsm:{section}"] = {**values[f"managed-hsm:{section}"], **changes}
    return parse(values, directory)


def pool(status: str = "Active", **properties: Any) -> Any:
    """The pool of the stack dev, as azure-native finds it."""
    found = {
        "soft_delete_retention_in_days": 28,
        "enable_purge_protection": False,
        "security_domain_properties": SimpleNamespace(activation_status=status),
        **properties,
    }
    return SimpleNamespace(
        name="az400popMHSM",
        location="East US 2",
        sku=SimpleNamespace(family="B", name="Standard_B1"),
        properties=SimpleNamespace(**found),
    )


def test_the_pool_as_it_was_made_is_fine_and_so_is_none(directory: Path) -> None:
    check_unchangeable(settings(directory), pool())
    check_unchangeable(settings(directory, sku="Custom_B32", retentionDays=90), None)


def test_purge_protection_can_be_switched_on_but_not_off(directory: Path) -> None:
    on = settings(directory, purgeProtection=True, onDestroy="retain")
    check_unchangeable(on, pool())
    check_unchangeable(on, pool(enable_purge_protection=True))
    with pytest.raises(
        ConfigurationError, match=r"hsm\.purgeProtection: false is not accepted; true, as it is switched"
    ):
        check_unchangeable(settings(directory), pool(enable_purge_protection=True))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"retentionDays": 30}, "managed-hsm:hsm.retentionDays: 30 is not accepted; 28, as the pool was made; another"),
        ({"sku": "Custom_B32"}, "managed-hsm:hsm.sku: Custom_B32 is not accepted; Standard_B1, as the pool was made"),
        ({"name": "AZ400popMHSM"}, "managed-hsm:hsm.name: AZ400popMHSM is not accepted; az400popMHSM, as it was made"),
        ({"location": "westus"}, "azure-native:location: westus is not accepted; eastus2, where the pool is; another"),
    ],
)
def test_what_can_never_change_is_refused_with_the_way_out(directory: Path, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigurationError) as info:
        check_unchangeable(settings(directory, **changes), pool())
    header, *lines = str(info.value).splitlines()
    assert header == "1 mistake in the configuration of az400popMHSM, which is there already:"
    assert [each[: len(line)] for each in lines] == [line]


def test_all_that_can_never_change_is_told_at_once(directory: Path) -> None:
    with pytest.raises(ConfigurationError) as info:
        check_unchangeable(settings(directory, retentionDays=30, sku="Custom_B32", location="westus"), pool())
    assert len(info.value.problems) == 3


def test_a_copy_in_custody_is_told_in_every_preview(directory: Path, told: list[str]) -> None:
    check_custody(settings(directory), pool())
    assert told == []
    gone = [{"path": ".local/gone.json", "handedOver": True}]
    check_custody(settings(directory, "securityDomain", destinations=gone), pool())
    assert told == [
        f"{directory}/.local/gone.json is handed over into custody: the security domain is not looked for there"
    ]


@pytest.mark.parametrize("found", [None, pool("NotActivated")], ids=["no pool", "not active"])
@pytest.mark.parametrize("more", [[], [{"path": ".local/second.json", "optional": True}]])
def test_a_new_pool_needs_a_place_for_its_security_domain(
    directory: Path, told: list[str], found: Any, more: list[dict[str, Any]]
) -> None:
    gone = [{"path": ".local/gone.json", "handedOver": True}]
    with pytest.raises(pulumi.RunError, match=r"az400popMHSM is not active yet: every .* — take handedOver out of one"):
        check_custody(settings(directory, "securityDomain", destinations=[*gone, *more]), found)
    check_custody(settings(directory, "securityDomain", destinations=[*gone, {"path": ".local/second.json"}]), found)
    assert len(told) == 1
