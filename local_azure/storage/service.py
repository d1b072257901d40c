"""The data plane of every storage account, for blobs: who calls, the firewall, the version, the right, the operation.

Plays ``https://<account>.blob.core.windows.net``, for accounts that exist.
"""

from __future__ import annotations

from dataclasses import replace

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request, Response
from local_azure.core.world import World
from local_azure.monitor import arrival
from local_azure.monitor.destinations import settle
from local_azure.storage import accounts, containers, errors, firewall
from local_azure.storage.authentication import authenticate, no_credentials
from local_azure.storage.authorization import require_principal
from local_azure.storage.context import Context, not_played, parse
from local_azure.storage.errors import StorageError
from local_azure.storage.operations import Operation, find
from local_azure.storage.versions import DEFAULT, require_version
from local_azure.storage.writing import live

_SERVER = "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0"
_NOT_PLAYED = {
    "x-ms-encryption-key": "keys that customers provide with a request",
    "x-ms-encryption-scope": "encryption scopes",
    "x-ms-tags": "index tags of blobs",
    "x-ms-if-tags": "index tags of blobs",
    "x-ms-structured-body": "structured messages",
    "x-ms-content-crc64": "CRC64 checksums",
    "x-ms-source-encryption-key": "keys that customers provide with a request",
}
_WITH_UPLOADS = ("x-ms-immutability-policy-until-date", "x-ms-immutability-policy-mode", "x-ms-legal-hold")
_LEASE = "x-ms-lease-id"


class BlobService:
    """Plays the blob endpoints of all storage accounts."""

    name = "Blob Storage"

    def __init__(self, world: World) -> None:
        self._world = world

    def plays(self, host: str) -> bool:
        """Whether the name is the blob endpoint of an account."""
        return accounts.by_host(self._world, host) is not None

    def handle(self, request: Request) -> Response:
        """Answers one request; refusals too, in the service's own XML."""
        with_body = request.method != "HEAD"
        settle(self._world)
        arrival.settle(self._world)
        try:
            response = self._answer(request)
        except ServiceError as error:
            response = errors.answer(error, self._world.clock.now(), with_body=with_body)
        version = request.headers.get("x-ms-version") or DEFAULT
        told = {"Server": _SERVER, "x-ms-version": version}
        if client_request_id := request.headers.get("x-ms-client-request-id"):
            told["x-ms-client-request-id"] = client_request_id
        return replace(response, headers={**told, **response.headers})

    def _answer(self, request: Request) -> Response:
        account = accounts.by_host(self._world, request.host)
        if account is None:
            raise errors.resource_not_found()
        target = parse(request.path, restype=_restype(request))
        firewall.check(account, request.origin)
        with self._world.store.transaction():
            caller = authenticate(self._world, account, target, request)
            context = Context(self._world, account, target, caller, request, require_version(request, caller))
            operation = find(request, target)
            _authorize(context, operation)
            _check_headers(context)
            return operation.handler(context)


def _restype(request: Request) -> str | None:
    return request.query.get("restype", "").lower() or None


def _authorize(context: Context, operation: Operation) -> None:
    """Raises StorageError where the caller may not do it."""
    caller, target = context.caller, context.target
    if caller.is_anonymous:
        _require_public(context, operation)
    scope = context.account.container_id(target.container) if target.container else context.account.arm_id
    there = operation.overwrites and _is_there(context)
    actions = operation.actions[:1] if there else operation.actions
    if caller.claims is not None:
        require_principal(context.world, caller.claims.object_id, actions, scope)
    if caller.grant is not None:
        caller.grant.require(operation.sas[:1] if there else operation.sas, operation.resource_type)
        if caller.grant.principal is not None:
            require_principal(context.world, caller.grant.principal, actions, scope)


def _is_there(context: Context) -> bool:
    container = containers.find(context.world, context.account, context.target.container)
    return container is not None and live(context.world, container, context.name) is not None


def _require_public(context: Context, operation: Operation) -> None:
    if not operation.public:
        raise no_credentials(context.request)
    if not context.account.public_containers_allowed:
        raise StorageError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    container = containers.find(context.world, context.account, context.target.container)
    if container is None or container.public_access not in operation.public:
        raise no_credentials(context.request)


def _check_headers(context: Context) -> None:
    """Raises for what a request asks beside its operation and cannot have."""
    for name, what in _NOT_PLAYED.items():
        if context.header(name) is not None:
            raise not_played(context, what)
    if context.parameter("comp") in (None, "blocklist") and any(context.header(name) for name in _WITH_UPLOADS):
        raise not_played(context, "retention given with an upload: set it afterwards")
    if context.header(_LEASE) is not None:
        level = context.target.level
        code = "LeaseNotPresentWithBlobOperation" if level == "blob" else "LeaseNotPresentWithContainerOperation"
        raise StorageError(412, code, f"There is currently no lease on the {level}.")
