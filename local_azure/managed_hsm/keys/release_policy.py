"""Release policies: the environment that a key may be released to, told by claims of an attestation token.

Grammar: documentation "Azure Key Vault secure key release policy grammar". The service answers the policy as JSON with
sorted members and no spaces, whatever the request's looked like (recorded).
"""

from __future__ import annotations

import json
from typing import Any

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.body import optional_boolean, optional_object, optional_string, required_bytes
from local_azure.managed_hsm.security_domain.encoding import base64url

_CONTENT_TYPE = "application/json; charset=utf-8"
_VERSIONS = ("0.2", "1.0.0")
_GROUPS = ("anyOf", "allOf")


def requested_policy(body: JsonObject) -> JsonObject | None:
    """The ``release_policy`` of a request in the service's own form, None where it has none."""
    given = optional_object(body, "release_policy")
    if given is None:
        return None
    content_type = optional_string(given, "contentType") or _CONTENT_TYPE
    if content_type.replace(" ", "").lower() != _CONTENT_TYPE.replace(" ", ""):
        raise bad_parameter(f"Release policy: content type {content_type} is not supported")
    policy = _parsed(required_bytes(given, "data"))
    data = json.dumps(policy, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return {
        "contentType": _CONTENT_TYPE,
        "data": base64url(data),
        "immutable": optional_boolean(given, "immutable") or False,
    }


def _parsed(data: bytes) -> JsonObject:
    try:
        policy = json.loads(data)
    except ValueError:
        raise bad_parameter("Release policy: data is not JSON") from None
    if not isinstance(policy, dict) or policy.get("version") not in _VERSIONS:
        raise bad_parameter("Release policy: version is missing or not supported")
    authorities = policy.get("anyOf")
    if not isinstance(authorities, list) or not authorities:
        raise bad_parameter("Release policy: anyOf must list at least one authority")
    for authority in authorities:
        _check_authority(authority)
    return policy


def _check_authority(authority: Any) -> None:
    if not isinstance(authority, dict) or not str(authority.get("authority", "")).startswith("https://"):
        raise bad_parameter("Release policy: each authority needs the https URL of an attestation service")
    _check_condition({name: value for name, value in authority.items() if name != "authority"})


def _check_condition(condition: Any) -> None:
    if isinstance(condition, dict):
        if isinstance(condition.get("claim"), str) and ("equals" in condition or "condition" in condition):
            return
        groups = [condition[name] for name in _GROUPS if name in condition]
        if len(groups) == len(condition) == 1 and isinstance(groups[0], list) and groups[0]:
            for part in groups[0]:
                _check_condition(part)
            return
    raise bad_parameter("Release policy: a condition is a claim, or anyOf or allOf of conditions")
