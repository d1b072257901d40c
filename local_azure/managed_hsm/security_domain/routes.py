"""The security domain's operations: download, which activates, and upload, which brings in another pool's domain.

Shapes and details as recorded, see the package. Seen nowhere: the words of failures, and that a pool which is active
already refuses an upload ("Managed HSM disaster recovery" has it done in a pool that is not activated).
"""

from __future__ import annotations

from functools import partial

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm.context import ACTION_PREFIX, HsmHandler, HsmRequest, HsmRoute
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.scopes import GLOBAL
from local_azure.managed_hsm.security_domain import domain, state
from local_azure.managed_hsm.security_domain.certificates import custodians_and_quorum
from local_azure.managed_hsm.security_domain.transfer_key import existing_transfer_key, transfer_key

_ACTIONS = f"{ACTION_PREFIX}/securitydomain"
_DETAILS: dict[state.Operation, dict[state.Status, str]] = {
    "download": {
        "InProgress": "The Security Domain is being confirmed.",
        "Success": "The resource is active.",
        "Failed": "The activation of the resource has failed.",
    },
    "upload": {
        "InProgress": "The Security Domain is being restored.",
        "Success": "The resource is active.",
        "Failed": "The restore of the Security Domain has failed.",
    },
}


def security_domain_routes() -> list[HsmRoute]:
    """All that a pool answers before it is activated."""
    return [
        _route("POST", "download", "download/action", _download),
        _route("GET", "download/pending", "download/read", partial(_pending, "download")),
        _route("GET", "upload", "transferkey/read", _transfer_key),
        _route("POST", "upload", "upload/action", _upload),
        _route("GET", "upload/pending", "upload/read", partial(_pending, "upload")),
    ]


def _route(method: str, path: str, action: str, handler: HsmHandler) -> HsmRoute:
    return HsmRoute(method, f"/securitydomain/{path}", f"{_ACTIONS}/{action}", GLOBAL, handler, before_activation=True)


def _download(context: HsmRequest) -> Response:
    """The file is in this first answer, whatever becomes of the activation."""
    custodians, required = custodians_and_quorum(context.request.json())
    text = domain.make_file(state.content(context.world, context.pool), custodians, required)
    state.begin(context.world, context.pool, "download")
    return json_response({"value": text}, 202, _operation_header(context, "download"))


def _pending(operation: state.Operation, context: HsmRequest) -> Response:
    found = state.status(context.world, context.pool, operation)
    if found is None:
        raise ServiceError(404, "NotFound", f"There has been no {operation} of the security domain")
    return json_response(_status(operation, found), headers=_operation_header(context, operation))


def _transfer_key(context: HsmRequest) -> Response:
    key = transfer_key(context.world, context.pool)
    return json_response({"key_format": "jwk", "transfer_key": key.jwk()})


def _upload(context: HsmRequest) -> Response:
    world, pool = context.world, context.pool
    blob, key = context.request.json().get("value"), existing_transfer_key(world, pool)
    if not isinstance(blob, str):
        raise bad_parameter("Property 'value' must be a string")
    if key is None:
        raise bad_parameter("Nobody has asked for a transfer key yet")
    try:
        restored = domain.open_restore_blob(blob, key.private_key, key.thumbprint)
    except domain.InvalidBlob as error:
        raise bad_parameter(f"The security domain cannot be restored: {error}") from None
    if not state.restore(world, pool, restored):
        raise ServiceError(409, "Conflict", "The resource has a security domain in use already")
    return json_response(_status("upload", "InProgress"), 202, _operation_header(context, "upload"))


def _status(operation: state.Operation, status: state.Status) -> JsonObject:
    return {"status": status, "status_details": _DETAILS[operation][status]}


def _operation_header(context: HsmRequest, operation: state.Operation) -> dict[str, str]:
    """Where to ask, with the pool's name spelled as it was given.

    azure-cli 2.91.0 (azure-keyvault-securitydomain 1.0.0b1) tells hosts apart by their case, though it sends them in
    lower case: asked to go on at another spelling than its own it repeats the download instead.
    """
    url = context.base_url.replace(context.pool.name.lower(), context.pool.name, 1)
    version = context.request.query["api-version"]
    return {"Azure-AsyncOperation": f"{url}/securitydomain/{operation}/pending?api-version={version}"}
