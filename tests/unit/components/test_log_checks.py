"""Places for logs that do not fit, found before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from components.log_checks import check_log_places
from config import ConfigurationError, Settings, parse
from data_plane.errors import ConflictError, ForbiddenError, NotFoundError
from data_plane.session import Session
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, dev

IDS = f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/ContosoLogs/providers"
ACCOUNT = f"{IDS}/Microsoft.Storage/storageAccounts/contosologs"
NAMESPACE = f"{IDS}/Microsoft.EventHub/namespaces/contosologs"
RULE = f"{NAMESPACE}/authorizationRules/send"
WORKSPACE = f"{IDS}/Microsoft.OperationalInsights/workspaces/contoso"
THERE: dict[str, Any] = {
    ACCOUNT: {"location": "eastus2"},
    NAMESPACE: {"location": "East US 2"},
    RULE: {"properties": {"rights": ["Send"]}},
    WORKSPACE: {"location": "westeurope"},
}


class Arm:
    """Answers what is there."""

    def __init__(self, there: Mapping[str, Any], name_available: bool = True) -> None:
        self._there, self._available = there, name_available
        self.asked: list[str] = []

    def resource_manager_get(self, path: str, _: str) -> Any:
        self.asked.append(path)
        found = self._there.get(path)
        if isinstance(found, Exception):
            raise found
        if found is None:
            raise NotFoundError("404", status=404)
        return found

    def resource_manager_ask(self, path: str, _: str, body: Mapping[str, Any]) -> Any:
        self.asked.append(path)
        return {"nameAvailable": self._available, "message": f"The storage account named {body['name']} is taken."}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def settings(directory: Path, diagnostics: Any) -> Settings:
    return parse({**dev(), "managed-hsm:diagnostics": diagnostics}, directory)


def check(of: Settings, arm: Arm, pool: Any = None) -> None:
    check_log_places(of, pool, DEPLOYER, cast("Session", arm))


ALL = {"storage": {"id": ACCOUNT}, "eventHub": {"id": RULE}, "logAnalytics": {"id": WORKSPACE}}


def test_places_that_fit_are_taken_a_workspace_in_any_region(directory: Path) -> None:
    check(settings(directory, ALL), Arm(THERE))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({ACCOUNT: None}, f"managed-hsm:diagnostics.storage.id: there is no {ACCOUNT}"),
        ({ACCOUNT: {"location": "westus"}}, "managed-hsm:diagnostics.storage.id: lies in westus; one in eastus2"),
        ({NAMESPACE: {"location": "West US"}}, "managed-hsm:diagnostics.eventHub.id: lies in westus; one in eastus2"),
        ({RULE: {"properties": {"rights": ["Listen"]}}}, "a rule with the right to send"),
        ({WORKSPACE: None}, f"managed-hsm:diagnostics.logAnalytics.id: there is no {WORKSPACE}"),
    ],
)
def test_a_place_that_does_not_fit_is_told_before_the_pool_is_made(
    directory: Path, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(settings(directory, ALL), Arm({**THERE, **changed}))
    assert told in str(caught.value)


def test_what_the_deployer_may_not_read_is_left_to_arm(directory: Path) -> None:
    hidden = dict.fromkeys(THERE, ForbiddenError("403", status=403))
    check(settings(directory, ALL), Arm(hidden))


def test_a_name_that_somebody_else_has_is_told_unless_the_account_is_the_stacks_own(directory: Path) -> None:
    named = settings(directory, {"storage": {"name": "contosohsmlogs"}})
    with pytest.raises(ConflictError, match=r"managed-hsm:diagnostics\.storage\.name: contosohsmlogs"):
        check(named, Arm({}, name_available=False))
    group = f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/{named.resource_group}"
    own = f"{group}/providers/Microsoft.Storage/storageAccounts/contosohsmlogs"
    account = {"id": own, "name": "contosohsmlogs", "location": "eastus2", "properties": {}}
    check(named, Arm({own: account}, name_available=False))


def test_nobody_is_asked_once_the_pool_is_active(directory: Path) -> None:
    class Pool:
        class properties:  # noqa: N801 - azure-native's name
            class security_domain_properties:  # noqa: N801 - likewise
                activation_status = "Active"

    arm = Arm({})
    check(settings(directory, ALL), arm, Pool)
    assert arm.asked == []
