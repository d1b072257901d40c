"""Roles of one's own, as they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from config import Settings
from data_plane.data_actions import DATA_ACTIONS, KEY_USES, ROLE_WRITES, full

Values = dict[str, Any]
Accepted = Callable[[Values], Settings]
DEFINITIONS = "managed-hsm:roleDefinitions"


def test_a_data_action_is_read_with_or_without_its_prefix_in_any_case(dev: Values, accepted: Accepted) -> None:
    prefix = "Microsoft.KeyVault/managedHSM/"
    given = ["keys/READ/action", f"{prefix}keys/deletedKeys/delete", "keys/create"]
    dev[DEFINITIONS] = [{"name": "Mine", "dataActions": given}]
    [role] = accepted(dev).role_definitions
    expected = ("keys/read/action", "keys/deletedKeys/delete", "keys/create")
    assert role.data_actions == tuple(map(full, expected))


def test_the_key_manager_manages_keys_and_neither_uses_releases_exports_nor_purges_them_nor_gives_roles(
    dev: Values, accepted: Accepted
) -> None:
    dev[DEFINITIONS] = [{"preset": "keyManager"}]
    dev["managed-hsm:roleAssignments"] = [{"role": "Key Manager", "principal": "deployer", "scope": "/"}]
    [role] = accepted(dev).role_definitions
    never = (*KEY_USES, *ROLE_WRITES, "keys/release/action", "keys/export/action", "keys/deletedKeys/delete")
    assert not role.permitted & set(map(full, never))
    assert not [each for each in role.permitted if "securitydomain" in each or "backup/start" in each]
    needed = ("create", "import/action", "write/action", "rotate/action", "delete", "deletedKeys/recover/action")
    assert {full(f"keys/{each}") for each in needed} < role.permitted < DATA_ACTIONS


def test_a_preset_may_be_called_otherwise_and_have_something_taken_away(dev: Values, accepted: Accepted) -> None:
    dev[DEFINITIONS] = [{"preset": "keyManager", "name": "Keys", "notDataActions": ["keys/delete"]}]
    [role] = accepted(dev).role_definitions
    assert role.name == "Keys"
    assert full("keys/delete") not in role.permitted
