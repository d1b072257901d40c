"""What concerns no single key: random bytes and settings."""

from __future__ import annotations

import secrets

from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.body import optional_integer, required_string
from local_azure.managed_hsm.keys.errors import setting_not_found
from local_azure.managed_hsm.pools import DATA_COLLECTION_PREFIX
from local_azure.managed_hsm.security_domain.encoding import base64url

_COLLECTION = DATA_COLLECTION_PREFIX + "settings"
_DEFAULTS = {"AllowKeyManagementOperationsThroughARM": "false"}
"""All settings that there are, each a boolean as text."""
_RANDOM_BYTES_MAXIMUM = 128


def random_bytes(hsm: HsmRequest) -> Response:
    """POST /rng: 1 to 128 bytes."""
    count = optional_integer(hsm.request.json(), "count")
    if count is None or not 1 <= count <= _RANDOM_BYTES_MAXIMUM:
        raise bad_parameter(f"Property count must be between 1 and {_RANDOM_BYTES_MAXIMUM}")
    return json_response({"value": base64url(secrets.token_bytes(count))})


def list_settings(hsm: HsmRequest) -> Response:
    """GET /settings"""
    return json_response({"settings": [_setting(hsm, name) for name in _DEFAULTS]})


def get_setting(hsm: HsmRequest) -> Response:
    """GET /settings/{name}"""
    return json_response(_setting(hsm, _name(hsm)))


def update_setting(hsm: HsmRequest) -> Response:
    """PATCH /settings/{name}"""
    name = _name(hsm)
    value = required_string(hsm.request.json(), "value").lower()
    if value not in ("true", "false"):
        raise bad_parameter(f"Property value of setting {name} must be true or false")
    hsm.world.store.put(_COLLECTION, hsm.data_key + name, {"value": value})
    return json_response(_setting(hsm, name))


def _name(hsm: HsmRequest) -> str:
    wanted = hsm.request.parameters["setting_name"]
    for name in _DEFAULTS:
        if name.lower() == wanted.lower():
            return name
    raise setting_not_found(wanted)


def _setting(hsm: HsmRequest, name: str) -> JsonObject:
    document = hsm.world.store.get(_COLLECTION, hsm.data_key + name)
    return {"name": name, "type": "boolean", "value": document["value"] if document else _DEFAULTS[name]}
