"""What a preview says of the pool that is there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.pool_drift import check_activated, tell_differences
from config import Settings, parse
from tests.unit.components.recorder import dev


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {"warn": [], "info": []}
    for level, lines in told.items():
        monkeypatch.setattr(pulumi.log, level, lines.append)
    return told


def settings(**hsm: Any) -> Settings:
    values = dev()
    values["managed-hsm:hsm"] |= {"activatedElsewhere": True, **hsm}
    for section in ("securityDomain", "keys"):
        values.pop(f"managed-hsm:{section}")
    return parse(values, Path("/nowhere"))


def pool(status: str = "Active", tags: Any = None, **changes: Any) -> Any:
    """The pool of the stack dev, as azure-native finds it."""
    acls = {"default_action": "Deny", "bypass": "AzureServices", "ip_rules": ["203.0.113.10"], **changes}
    return SimpleNamespace(
        location="eastus2",
        tags=tags,
        properties=SimpleNamespace(
            public_network_access=acls.pop("public_network_access", "Enabled"),
            enable_purge_protection=acls.pop("purge_protection", False),
            regions=[SimpleNamespace(name=name) for name in acls.pop("regions", [])],
            network_acls=SimpleNamespace(
                default_action=acls["default_action"],
                bypass=acls["bypass"],
                ip_rules=[SimpleNamespace(value=value) for value in acls["ip_rules"]],
            ),
            security_domain_properties=SimpleNamespace(activation_status=status),
        ),
    )


def test_a_pool_as_it_should_be_is_nothing_to_tell(said: dict[str, list[str]]) -> None:
    tell_differences(settings(), pool())
    tell_differences(settings(), None)
    assert said == {"warn": [], "info": []}


@pytest.mark.parametrize(
    ("hsm", "found", "sentence"),
    [
        ({}, {"default_action": "Allow", "ip_rules": []}, "everybody on the internet reaches az400popMHSM"),
        ({}, {"ip_rules": ["203.0.113.10", "198.51.100.7"]}, "198.51.100.7 may come in to az400popMHSM"),
        (
            {"firewall": {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}},
            {"ip_rules": [], "bypass": "None"},
            "az400popMHSM can be reached publicly",
        ),
        (
            {"firewall": {"defaultAction": "Deny", "bypass": "None", "ipRules": ["203.0.113.10"]}},
            {},
            "trusted Azure services pass by the firewall",
        ),
    ],
)
def test_a_pool_that_is_more_open_than_it_should_be_is_a_warning(
    said: dict[str, list[str]], hsm: Any, found: Any, sentence: str
) -> None:
    tell_differences(settings(**hsm), pool(**found))
    (warning,) = said["warn"]
    assert warning.startswith(f"managed-hsm:hsm.firewall: {sentence}")
    assert warning.endswith("up changes that, after a pulumi refresh where it was done by hand")


@pytest.mark.parametrize(
    ("hsm", "found", "sentence"),
    [
        ({}, {"public_network_access": "Disabled"}, "firewall: az400popMHSM is closed to the public"),
        ({}, {"bypass": "None"}, "firewall: az400popMHSM keeps trusted Azure services out"),
        ({}, {"ip_rules": []}, "firewall: 203.0.113.10 may not come in"),
        ({"secondRegion": "westus3"}, {}, "secondRegion: az400popMHSM is extended into no region"),
        ({}, {"regions": ["West US 3"]}, "secondRegion: az400popMHSM is extended into westus3"),
        ({}, {"tags": {"by": "hand"}}, "tags: az400popMHSM has {'by': 'hand'}"),
        ({"purgeProtection": True, "onDestroy": "retain"}, {}, "purgeProtection: az400popMHSM has none"),
    ],
)
def test_other_differences_are_told_as_well(said: dict[str, list[str]], hsm: Any, found: Any, sentence: str) -> None:
    tell_differences(settings(**hsm), pool(**found))
    (line,) = said["info"]
    assert line.startswith(f"managed-hsm:hsm.{sentence}")


def test_a_pool_that_is_said_to_be_activated_elsewhere_has_to_be() -> None:
    check_activated(settings(), pool())
    for found in (pool("NotActivated"), None):
        with pytest.raises(pulumi.RunError, match="az400popMHSM is not active; give it a securityDomain section"):
            check_activated(settings(), found)
