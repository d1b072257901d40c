"""Encrypt, decrypt, wrap, unwrap, sign, verify.

A disabled key does nothing. Outside of its validity (nbf, exp) a key still decrypts, unwraps and verifies:
documentation "Key attributes", date-time controlled operations.
"""

from __future__ import annotations

from collections.abc import Callable

from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.keys import encryption, signing
from local_azure.managed_hsm.keys.body import optional_bytes, required_bytes, required_string
from local_azure.managed_hsm.keys.bundles import key_url
from local_azure.managed_hsm.keys.encryption import Box
from local_azure.managed_hsm.keys.errors import forbidden
from local_azure.managed_hsm.keys.handlers.lookup import find_key, store_of, version_in
from local_azure.managed_hsm.keys.state import KeyVersion
from local_azure.managed_hsm.security_domain.encoding import base64url

_Operate = Callable[[KeyVersion, str, JsonObject], JsonObject]


def encrypt(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/encrypt"""
    return _operation(hsm, "encrypt", _encrypt, in_validity_only=True)


def decrypt(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/decrypt"""
    return _operation(hsm, "decrypt", _decrypt)


def wrap_key(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/wrapkey"""
    return _operation(hsm, "wrapKey", _wrap, in_validity_only=True)


def unwrap_key(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/unwrapkey"""
    return _operation(hsm, "unwrapKey", _unwrap)


def sign(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/sign"""
    return _operation(hsm, "sign", _sign, in_validity_only=True)


def verify(hsm: HsmRequest) -> Response:
    """POST /keys/{name}/{version}/verify"""
    return _operation(hsm, "verify", _verify)


def _operation(hsm: HsmRequest, name: str, operate: _Operate, *, in_validity_only: bool = False) -> Response:
    key = find_key(hsm)
    version = version_in(hsm, key)
    _check_usable(version, name, store_of(hsm).now() if in_validity_only else None)
    body = hsm.request.json()
    algorithm = required_string(body, "alg")
    result = operate(version, algorithm, body)
    return json_response({"alg": algorithm, "kid": key_url(hsm.base_url, key.name, version.version), **result})


def _check_usable(version: KeyVersion, operation: str, now: int | None) -> None:
    """Raises 403; ``now`` is None for what may be done at any time."""
    if not version.enabled:
        raise forbidden(f"Operation {operation} is not allowed on a disabled key.", "KeyDisabled")
    if operation not in version.operations:
        raise forbidden(f"Operation {operation} is not permitted on this key.", "KeyOperationForbidden")
    if now is not None and version.not_before is not None and now < version.not_before:
        raise forbidden(f"Operation {operation} is not allowed on a key that is not yet valid.", "KeyNotYetValid")
    if now is not None and version.expires is not None and now >= version.expires:
        raise forbidden(f"Operation {operation} is not allowed on an expired key.", "KeyExpired")


def _box(body: JsonObject) -> Box:
    return Box(
        value=required_bytes(body, "value"),
        iv=optional_bytes(body, "iv"),
        aad=optional_bytes(body, "aad"),
        tag=optional_bytes(body, "tag"),
    )


def _encrypt(version: KeyVersion, algorithm: str, body: JsonObject) -> JsonObject:
    box = encryption.encrypt(version.kty, version.secret, algorithm, _box(body))
    members = {"value": box.value, "iv": box.iv, "aad": box.aad, "tag": box.tag}
    return {name: base64url(value) for name, value in members.items() if value is not None}


def _decrypt(version: KeyVersion, algorithm: str, body: JsonObject) -> JsonObject:
    return {"value": base64url(encryption.decrypt(version.kty, version.secret, algorithm, _box(body)))}


def _wrap(version: KeyVersion, algorithm: str, body: JsonObject) -> JsonObject:
    value = encryption.wrap(version.kty, version.secret, algorithm, required_bytes(body, "value"))
    return {"value": base64url(value)}


def _unwrap(version: KeyVersion, algorithm: str, body: JsonObject) -> JsonObject:
    value = encryption.unwrap(version.kty, version.secret, algorithm, required_bytes(body, "value"))
    return {"value": base64url(value)}


def _sign(version: KeyVersion, algorithm: str, body: JsonObject) -> JsonObject:
    digest = required_bytes(body, "value")
    return {"value": base64url(signing.sign(version.kty, version.curve, version.secret, algorithm, digest))}


def _verify(version: KeyVersion, algorithm: str, body: JsonObject) -> JsonObject:
    digest, signature = required_bytes(body, "digest"), required_bytes(body, "value")
    return {"value": signing.verify(version.kty, version.curve, version.secret, algorithm, digest, signature)}
