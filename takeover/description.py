"""From what there is to the configuration that says it, section by section."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from config.keys import OPERATIONS
from data_plane import pool as pools
from data_plane.built_in_roles import name_of
from data_plane.data_actions import short
from data_plane.key_model import Key
from data_plane.ownership import OWNER_TAG, owner_of
from data_plane.role_assignments import Assignment
from takeover.inventory import Inventory

_USER_ASSIGNED: Final = "userAssignedIdentities"


def sections(found: Inventory, environment: str) -> dict[str, Any]:
    """Every section, in the order in which people read them."""
    subscription, group = found.pool.id.split("/")[2], found.pool.id.split("/")[4]
    described = {
        "azure-native:location": _short(str(found.resource["location"])),
        "managed-hsm:environment": environment,
        "managed-hsm:subscriptionId": subscription,
        "managed-hsm:resourceGroup": group,
        "managed-hsm:hsm": _pool(found),
        "managed-hsm:roleDefinitions": [_definition(each) for each in found.definitions],
        "managed-hsm:roleAssignments": [_assignment(each, found) for each in _own(found)],
        "managed-hsm:keys": {key.name: _key(key, found) for key in found.keys if owner_of(key.tags) is None},
        "managed-hsm:identities": {name: {"id": arm_id} for name, arm_id in _identities(found).items()},
        "managed-hsm:proof": {"run": False},
    }
    return {name: value for name, value in described.items() if value not in ({}, [])}


def remarks(found: Inventory) -> Iterator[str]:
    """What a person should know: what could not be known, and what the configuration does not say."""
    if found.pool.activation_status == pools.ACTIVE:
        yield (
            "The security domain: nobody can ask a pool who its custodians are, so it stays where it is, outside of"
            " this stack (activatedElsewhere). To bring it in: docs/how-to/take-over-a-pool.md"
        )
    else:
        yield (
            "The pool is not active: add managed-hsm:securityDomain (quorum, custodians, destinations), and up"
            " activates it."
        )
    for lock in found.locks:
        yield f"The lock {lock} on the pool was set by hand, and stays whatever this stack does (lock: false)."
    for sentence in found.unseen:
        yield f"Not known: {sentence}."
    connections = found.pool.network.private_endpoints
    if connections:
        names = ", ".join(each.name for each in connections)
        yield f"The private endpoints {names} and their network are not taken over: they stay as they are."
    shared = sorted({owner for key in found.keys if (owner := owner_of(key.tags))})
    if shared:
        yield f"Keys of other stacks ({OWNER_TAG}: {', '.join(shared)}) and the roles at them are left out."
    for key in found.keys:
        if key.key_type == "oct-HSM" and key.size is None:
            yield f"Key {key.name}: the pool does not tell the size of this symmetric key; 256 is assumed."


def _pool(found: Inventory) -> dict[str, Any]:
    properties = found.resource["properties"]
    acls = properties.get("networkAcls") or {}
    described: dict[str, Any] = {
        "name": found.pool.name,
        "adopt": True,
        "activatedElsewhere": found.pool.activation_status == pools.ACTIVE,
        "sku": found.resource["sku"]["name"],
        "retentionDays": int(properties["softDeleteRetentionInDays"]),
        "purgeProtection": bool(properties.get("enablePurgeProtection")),
        "initialAdministrators": list(properties.get("initialAdminObjectIds") or []),
        "firewall": {
            "publicNetworkAccess": found.pool.network.public_network_access,
            "defaultAction": found.pool.network.default_action,
            "bypass": acls.get("bypass") or "AzureServices",
            "ipRules": list(found.pool.network.ip_rules),
        },
        "onDestroy": "retain",
        "lock": False,
    }
    optional = {
        "secondRegion": _second_region(found.resource),
        "settings": found.settings,
        "identities": list(_identities(found)),
        "tags": dict(found.resource.get("tags") or {}),
    }
    return {**described, **{name: value for name, value in optional.items() if value}}


def _second_region(resource: dict[str, Any]) -> str | None:
    names = [_short(str(each["name"])) for each in resource["properties"].get("regions") or []]
    return next((name for name in names if name != _short(str(resource["location"]))), None)


def _identities(found: Inventory) -> dict[str, str]:
    """The pool's user-assigned identities by the names that they get here."""
    ids = (found.resource.get("identity") or {}).get(_USER_ASSIGNED) or {}
    named: dict[str, str] = {}
    for arm_id in sorted(ids):
        name = first = _identity_name(arm_id.rsplit("/", 1)[-1])
        number = 1
        while name.lower() in {each.lower() for each in named}:
            number += 1
            name = f"{first}-{number}"
        named[name] = arm_id
    return named


def _identity_name(name: str) -> str:
    """As the section identities takes it: Azure allows an underscore, and a digit at the beginning."""
    plain = re.sub(r"[^0-9A-Za-z-]", "-", name).strip("-")
    return plain if plain[:1].isalpha() else f"identity-{plain}"


def _definition(definition: Any) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": definition.role_name,
        "description": definition.description,
        "dataActions": sorted(map(short, definition.data_actions)),
        "notDataActions": sorted(map(short, definition.not_data_actions)),
    }
    return {name: value for name, value in described.items() if value}


def _own(found: Inventory) -> list[Assignment]:
    """The assignments that are not at a key of another stack."""
    foreign = {f"/keys/{key.name}" for key in found.keys if owner_of(key.tags) is not None}
    return [each for each in found.assignments if each.scope not in foreign]


def _assignment(assignment: Assignment, found: Inventory) -> dict[str, Any]:
    own = {each.name.lower(): each.role_name for each in found.definitions}
    role = name_of(assignment.role_guid) or own.get(assignment.role_guid) or assignment.role_guid
    return {"role": role, "principal": {"objectId": assignment.principal_id.lower()}, "scope": assignment.scope}


def _key(key: Key, found: Inventory) -> dict[str, Any]:
    described: dict[str, Any] = {"type": key.key_type}
    if key.key_type == "EC-HSM":
        described["curve"] = key.curve
    else:
        described["size"] = key.size or 256
    if set(key.operations) != set(OPERATIONS[key.key_type]):
        described["operations"] = list(key.operations)
    if not key.enabled:
        described["enabled"] = False
    for name, moment in (("expires", key.expires), ("notBefore", key.not_before)):
        if moment is not None:
            described[name] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if key.tags:
        described["tags"] = dict(key.tags)
    if key.exportable:
        described["exportable"] = True
    if key.release is not None:
        described["releasePolicy"] = {"claims": json.loads(key.release.text), "immutable": key.release.immutable}
    policy = found.rotation.get(key.name)
    if policy is not None:
        durations = {
            "afterCreation": policy.after_creation,
            "beforeExpiry": policy.before_expiry,
            "expiresAfter": policy.expires_after,
        }
        described["rotation"] = {name: duration for name, duration in durations.items() if duration}
    return described


def _short(region: str) -> str:
    return region.replace(" ", "").lower()
