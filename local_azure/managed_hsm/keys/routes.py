"""Every operation on keys: its path, the data action of local RBAC that it asks for, and at which scope.

Data actions: the built-in roles of a live pool (recorded 2026) and documentation "Local RBAC built-in roles for Managed
HSM". Making a key is asked for at ``/keys``, as errors of the live service say ("keys/create on '/keys'"): a role at a
key that is not there yet does not let one make it. The version may be left out of a path, which clients write as
``/keys/{name}//sign`` or ``/keys/{name}/sign``.
"""

from __future__ import annotations

from local_azure.managed_hsm.context import ACTION_PREFIX, HsmHandler, HsmRoute
from local_azure.managed_hsm.keys.handlers import creation, cryptography, deletion, lifecycle, pool, reading

_KEYS, _KEY = "/keys", "/keys/{key_name}"
_VERSION = _KEY + "/{key_version}"
_DELETED = "/deletedkeys/{key_name}"
_ROOT = "/"


def key_routes() -> list[HsmRoute]:
    """In the order in which they are tried: fixed words before the placeholder of a version."""
    return [
        _route("GET", _KEYS, "keys/read/action", _KEYS, reading.list_keys),
        _route("POST", "/keys/restore", "keys/restore/action", _KEYS, lifecycle.restore),
        _route("POST", _KEY + "/create", "keys/create", _KEYS, creation.create),
        _route("PUT", _KEY, "keys/import/action", _KEYS, creation.import_key),
        _route("GET", _KEY + "/versions", "keys/read/action", _KEY, reading.list_versions),
        _route("POST", _KEY + "/backup", "keys/backup/action", _KEY, lifecycle.backup),
        _route("POST", _KEY + "/rotate", "keys/rotate/action", _KEY, lifecycle.rotate),
        _route("GET", _KEY + "/rotationpolicy", "keys/read/action", _KEY, lifecycle.get_rotation_policy),
        _route("PUT", _KEY + "/rotationpolicy", "keys/write/action", _KEY, lifecycle.set_rotation_policy),
        *_of_version("GET", "/attestation", "keys/read/action", lifecycle.attestation),
        *_of_version("POST", "/release", "keys/release/action", lifecycle.release),
        *_of_version("POST", "/encrypt", "keys/encrypt/action", cryptography.encrypt),
        *_of_version("POST", "/decrypt", "keys/decrypt/action", cryptography.decrypt),
        *_of_version("POST", "/wrapkey", "keys/wrap/action", cryptography.wrap_key),
        *_of_version("POST", "/unwrapkey", "keys/unwrap/action", cryptography.unwrap_key),
        *_of_version("POST", "/sign", "keys/sign/action", cryptography.sign),
        *_of_version("POST", "/verify", "keys/verify/action", cryptography.verify),
        *_of_version("GET", "", "keys/read/action", reading.get),
        *_of_version("PATCH", "", "keys/write/action", reading.update),
        _route("DELETE", _KEY, "keys/delete", _KEY, deletion.delete),
        _route("GET", "/deletedkeys", "keys/deletedKeys/read/action", _KEYS, deletion.list_deleted),
        _route("GET", _DELETED, "keys/deletedKeys/read/action", _KEY, deletion.get_deleted),
        _route("DELETE", _DELETED, "keys/deletedKeys/delete", _KEY, deletion.purge),
        _route("POST", _DELETED + "/recover", "keys/deletedKeys/recover/action", _KEY, deletion.recover),
        _route("POST", "/rng", "rng/action", _ROOT, pool.random_bytes),
        _route("GET", "/settings", "settings/read/action", _ROOT, pool.list_settings),
        _route("GET", "/settings/{setting_name}", "settings/read/action", _ROOT, pool.get_setting),
        _route("PATCH", "/settings/{setting_name}", "settings/write/action", _ROOT, pool.update_setting),
    ]


def _of_version(method: str, path: str, action: str, handler: HsmHandler) -> list[HsmRoute]:
    return [
        _route(method, _KEY + path, action, _KEY, handler),
        _route(method, _VERSION + path, action, _KEY, handler),
    ]


def _route(method: str, path: str, action: str, scope: str, handler: HsmHandler) -> HsmRoute:
    return HsmRoute(method, path, f"{ACTION_PREFIX}/{action}", scope, handler)
