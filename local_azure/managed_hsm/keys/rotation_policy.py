"""Rotation policies: what may stand in one, and when it asks for the next version.

Rules: documentation "Configure key auto-rotation in Azure Managed HSM": no new version more often than every 28 days,
so ``timeAfterCreate`` and ``expiryTime`` are at least P28D and ``timeBeforeExpiry`` leaves 28 days of ``expiryTime``;
the action Notify is for vaults only.
"""

from __future__ import annotations

from typing import Any

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.body import optional_list, optional_object, optional_string
from local_azure.managed_hsm.keys.durations import Duration, duration
from local_azure.managed_hsm.keys.state import KeyVersion

_MINIMUM = duration("P28D")


def requested_policy(body: JsonObject, now: int) -> JsonObject:
    """``{"expiryTime": …, "trigger": {…}}`` of a request; both None where it asks for nothing."""
    expiry_text = optional_string(optional_object(body, "attributes") or {}, "expiryTime")
    expiry = None if expiry_text is None else _duration(expiry_text, "expiryTime")
    if expiry is not None and expiry.after(now) < _MINIMUM.after(now):
        raise bad_parameter("Rotation policy: expiryTime must be at least 28 days")
    actions = optional_list(body, "lifetimeActions") or []
    if len(actions) > 1:
        raise bad_parameter("Rotation policy: lifetimeActions can have one rotate action only")
    trigger = _trigger(actions[0], expiry, now) if actions else None
    return {"expiryTime": expiry_text, "trigger": trigger}


def _trigger(action: Any, expiry: Duration | None, now: int) -> JsonObject:
    if not isinstance(action, dict):
        raise bad_parameter("Rotation policy: lifetimeActions must list objects")
    kind = (optional_string(optional_object(action, "action") or {}, "type") or "").lower()
    if kind != "rotate":
        raise bad_parameter("Rotation policy: the type of an action must be rotate")
    given = optional_object(action, "trigger") or {}
    after, before = optional_string(given, "timeAfterCreate"), optional_string(given, "timeBeforeExpiry")
    if (after is None) == (before is None):
        raise bad_parameter("Rotation policy: a trigger is either timeAfterCreate or timeBeforeExpiry")
    if after is not None:
        if _duration(after, "timeAfterCreate").after(now) < _MINIMUM.after(now):
            raise bad_parameter("Rotation policy: timeAfterCreate must be at least 28 days")
        return {"timeAfterCreate": after}
    _check_before_expiry(_duration(before or "", "timeBeforeExpiry"), expiry, now)
    return {"timeBeforeExpiry": before}


def _check_before_expiry(before: Duration, expiry: Duration | None, now: int) -> None:
    if expiry is None:
        raise bad_parameter("Rotation policy: timeBeforeExpiry needs expiryTime")
    if before.before(expiry.after(now)) < _MINIMUM.after(now):
        raise bad_parameter("Rotation policy: timeBeforeExpiry must leave at least 28 days of expiryTime")


def _duration(text: str, name: str) -> Duration:
    try:
        return duration(text)
    except ValueError:
        raise bad_parameter(f"Rotation policy: {name} is not an ISO 8601 duration") from None


def policy_body(url: str, policy: JsonObject | None) -> JsonObject:
    """The answer for a policy; ``url`` is the key's. The type of the action is in lower case (recorded)."""
    if policy is None:
        return {"attributes": {}, "id": f"{url}/rotationpolicy", "lifetimeActions": []}
    attributes: JsonObject = {"created": policy["created"], "updated": policy["updated"]}
    if policy["expiryTime"] is not None:
        attributes["expiryTime"] = policy["expiryTime"]
    actions = [{"action": {"type": "rotate"}, "trigger": policy["trigger"]}] if policy["trigger"] else []
    return {"attributes": attributes, "id": f"{url}/rotationpolicy", "lifetimeActions": actions}


def due_at(policy: JsonObject | None, latest: KeyVersion) -> int | None:
    """When the policy asks for the version after ``latest``, in seconds since 1970; None where it does not."""
    if policy is None or policy["trigger"] is None:
        return None
    if "timeAfterCreate" in policy["trigger"]:
        return duration(policy["trigger"]["timeAfterCreate"]).after(latest.created)
    if latest.expires is None:
        return None
    return duration(policy["trigger"]["timeBeforeExpiry"]).before(latest.expires)


def expiry_of(policy: JsonObject, created: int) -> int | None:
    """When a version that is rotated in at ``created`` expires."""
    return None if policy["expiryTime"] is None else duration(policy["expiryTime"]).after(created)
