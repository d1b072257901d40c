"""The configuration as the engine hands it over, and the stack files that come with the project."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import config
from config import catalogue

ROOT = Path(__file__).resolve().parents[3]
Values = dict[str, Any]
HandOver = Callable[..., None]
SCALARS = {"environment", "subscriptionId", "deployer", "resourceGroup"}
LISTS = {"roleDefinitions", "roleAssignments"}


@pytest.fixture
def hand_over(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HandOver]:
    """Sets the running stack's configuration as the SDK's own start-up does, and takes it away again."""
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(project))
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")

    def set_configuration(values: Values, *secrets: str) -> None:
        as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        pulumi.runtime.set_all_config(as_text, list(secrets))

    yield set_configuration
    pulumi.runtime.set_all_config({}, [])


def test_the_engines_configuration_is_loaded(dev: Values, project: Path, hand_over: HandOver) -> None:
    hand_over(dev)
    assert config.load() == config.parse(dev, project)


def test_a_mistake_is_told_of_the_stacks_file(dev: Values, hand_over: HandOver) -> None:
    dev["managed-hsm:hsm"]["retentionDays"] = 5
    hand_over(dev)
    with pytest.raises(config.ConfigurationError) as caught:
        config.load()
    assert str(caught.value) == (
        "1 mistake in Pulumi.dev.yaml:\nmanaged-hsm:hsm.retentionDays: 5 is not accepted; 7 to 90 days"
    )


def test_what_the_engine_knows_as_secret_is_not_told(dev: Values, hand_over: HandOver) -> None:
    dev["managed-hsm:hsm"]["name"] = "!hunter2!"
    hand_over(dev, "managed-hsm:hsm")
    with pytest.raises(config.ConfigurationError) as caught:
        config.load()
    assert "hunter2" not in str(caught.value)


def test_the_project_declares_every_key_with_type_and_description() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    keys = set(catalogue.root().children) - {"azure-native:location"}
    assert set(declared) == keys
    for key, declaration in declared.items():
        kind = "string" if key in SCALARS else "array" if key in LISTS else "object"
        assert declaration["type"] == kind, key
        assert declaration["description"], key
        assert not declaration["default"], key


def test_the_dev_stack_says_the_walkthroughs_values(dev: Values) -> None:
    pool = dev["managed-hsm:hsm"]
    assert (dev["azure-native:location"], dev["managed-hsm:resourceGroup"]) == ("eastus2", "ContosoResourceGroup")
    assert (pool["name"], pool["sku"], pool["retentionDays"]) == ("az400popMHSM", "Standard_B1", 28)
    assert list(dev["managed-hsm:keys"]) == ["myrsakey", "myaeskey", "mypemrsakey"]
    assert dev["managed-hsm:network"]["vnet"] == {"name": "vnetwest", "addressSpace": "10.0.0.0/16"}
    assert list(dev["managed-hsm:identities"]) == ["testvmmhsm"]


def test_the_prod_stack_is_right_once_the_certificates_are_there(tmp_path: Path, material: Path) -> None:
    values = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    with pytest.raises(config.ConfigurationError) as caught:
        config.parse(values, tmp_path)
    missing = [problem.message for problem in caught.value.problems]
    assert len(missing) == 5
    assert all("does not exist" in message for message in missing)
    (tmp_path / "custody").mkdir()
    for number in (1, 2, 3):
        shutil.copy(material / f"cert_{number}.cer", tmp_path / f"custody/custodian-{number}.cer")
    values["managed-hsm:securityDomain"]["custodians"] = values["managed-hsm:securityDomain"]["custodians"][:3]
    settings = config.parse(values, tmp_path)
    assert all(key.protect for key in settings.keys.values())
