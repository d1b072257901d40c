"""http://169.254.169.254 of every machine: who asks is told by the connection."""

from __future__ import annotations

from dataclasses import replace

from local_azure.arm.resources import Resources, Stored
from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import Request, Response
from local_azure.core.router import normal_path
from local_azure.core.world import World
from local_azure.vm.imds import credentials, errors, instance, tokens
from local_azure.vm.place import INTERNET

HOST = "169.254.169.254"
_SERVER = "IMDS/150.870.65.1854"
"""As recorded; clients of the second protocol look for the word."""
_TOKEN, _INSTANCE, _VERSIONS = "/metadata/identity/oauth2/token", "/metadata/instance", "/metadata/versions"
_IDENTITY = "/metadata/identity"
_PLATFORM, _ISSUE = f"{_IDENTITY}/getplatformmetadata", f"{_IDENTITY}/issuecredential"


class MetadataService:
    """Plays the metadata service with both versions of managed identities."""

    name = "Instance Metadata Service"

    def __init__(self, world: World) -> None:
        self._world = world

    def plays(self, host: str) -> bool:
        """Whether the address is the metadata service's."""
        return host == HOST

    def handle(self, request: Request) -> Response:
        """Answers one request of a machine. Raises ServiceError."""
        machine = self._machine(request)
        try:
            response = self._answer(machine, replace(request, path=normal_path(request.path)))
        except ServiceError as error:
            error.headers["Server"] = _SERVER
            raise
        return replace(response, headers={**response.headers, "Server": _SERVER})

    def _answer(self, machine: Stored, request: Request) -> Response:
        path = request.path.lower()
        _require_metadata_header(request)
        if request.method != ("POST" if path == _ISSUE else "GET"):
            raise errors.MetadataError(405, "MethodNotAllowed", "Method not allowed")
        if path == _TOKEN:
            return tokens.token(self._world, machine, request)
        if path == _PLATFORM:
            return credentials.platform_metadata(self._world, machine, request)
        if path == _ISSUE:
            return credentials.issue(self._world, machine, request)
        if path == _VERSIONS:
            return instance.versions(request)
        if path == _INSTANCE or path.startswith(f"{_INSTANCE}/"):
            return instance.instance(self._world, machine, request)
        raise NotPlayed(f"{request.method} {request.path} of the metadata service")

    def _machine(self, request: Request) -> Stored:
        found = None if request.origin.name == INTERNET else _machine_of(self._world, request.origin.name)
        if found is None:
            raise NotPlayed("the metadata service for anybody but virtual machines")
        return found


def _machine_of(world: World, name: str) -> Stored | None:
    return Resources(world).find(name) if name.startswith("/subscriptions/") else None


def _require_metadata_header(request: Request) -> None:
    """What a browser, a proxy or a forged URL would not send or would add ("Security and authentication")."""
    problem = None
    if request.headers.get("metadata", "").lower() != "true":
        problem = "Required metadata header not specified"
    elif "x-forwarded-for" in request.headers:
        problem = "Requests with the header X-Forwarded-For are not supported"
    if problem is None:
        return
    if request.path.lower().startswith(_IDENTITY):
        raise errors.invalid_request(problem)
    raise errors.MetadataError(400, "BadRequest", f"Bad request. {problem}")
