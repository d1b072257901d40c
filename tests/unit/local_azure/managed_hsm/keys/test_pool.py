from __future__ import annotations

import pytest

from local_azure.managed_hsm.keys.routes import key_routes
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, unb64


@pytest.mark.parametrize("count", [1, 16, 128])
def test_random_bytes_come_in_the_number_asked_for(hsm: Hsm, count: int) -> None:
    values = {hsm.ok("POST", "/rng", {"count": count})["value"] for _ in range(20)}
    assert {len(unb64(value)) for value in values} == {count}
    assert count == 1 or len(values) == 20


@pytest.mark.parametrize("count", [0, 129, "8", None, True])
def test_too_many_or_no_random_bytes_are_refused(hsm: Hsm, count: object) -> None:
    assert hsm.call("POST", "/rng", {"count": count}).code == "BadParameter"


def test_the_one_setting_is_off_until_it_is_switched_on(hsm: Hsm) -> None:
    path = "/settings/AllowKeyManagementOperationsThroughARM"
    setting = {"name": "AllowKeyManagementOperationsThroughARM", "type": "boolean", "value": "false"}
    assert hsm.ok("GET", "/settings") == {"settings": [setting]}
    assert hsm.ok("PATCH", path, {"value": "true"}) == setting | {"value": "true"}
    assert hsm.ok("GET", path) == setting | {"value": "true"}
    assert hsm.call("PATCH", path, {"value": "maybe"}).code == "BadParameter"
    assert hsm.call("GET", "/settings/Other").status == 404


def test_every_route_asks_for_a_data_action_at_a_scope() -> None:
    for route in key_routes():
        assert isinstance(route.data_action, str)
        assert route.data_action.startswith("Microsoft.KeyVault/managedHsm/")
        assert route.scope in ("/", "/keys", "/keys/{key_name}")
        assert ("{key_name}" in route.scope) <= ("{key_name}" in route.path)
