"""graph.microsoft.com: who there is, by id and by name, and how an application may prove itself.

Source: "Microsoft Graph REST API v1.0 reference": user, group, servicePrincipal, directoryObject, application.
"""

from __future__ import annotations

import uuid

from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.router import Route, Router
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.entra.directory import Principal, PrincipalKind
from local_azure.graph.applications import Applications
from local_azure.graph.bodies import not_found, required
from local_azure.graph.filters import matches

AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
_CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
_MOST_IDS = 1000
_KINDS: dict[str, PrincipalKind] = {"users": "User", "groups": "Group", "servicePrincipals": "ServicePrincipal"}
_TYPES = {kind: f"#microsoft.graph.{kind[0].lower()}{kind[1:]}" for kind in _KINDS.values()}


class GraphService:
    """The directory over HTTP. Reading it takes a consented Directory permission, as on Azure."""

    name = "Microsoft Graph"

    def __init__(self, world: World) -> None:
        self._world = world
        routes = [
            Route("GET", "/v1.0/me", self._me),
            Route("GET", "/v1.0/directoryObjects/{id}", self._directory_object),
            Route("POST", "/v1.0/directoryObjects/getByIds", self._get_by_ids),
            Route("GET", "/v1.0/servicePrincipals(appId='{app_id}')", self._by_app_id),
            *Applications(world).routes(),
            Route("POST", "/v1.0/servicePrincipals", self._create_service_principal),
            Route("DELETE", "/v1.0/servicePrincipals/{id}", self._delete_service_principal),
            Route("POST", "/v1.0/users", self._create_user),
            Route("POST", "/v1.0/groups", self._create_group),
            Route("GET", "/v1.0/groups/{id}/members", self._members),
            Route("GET", "/v1.0/groups/{id}/transitiveMembers", self._transitive_members),
            Route("POST", "/v1.0/groups/{id}/members/$ref", self._add_member),
            Route("POST", "/v1.0/directoryObjects/{id}/checkMemberGroups", self._check_member_groups),
        ]
        for collection in _KINDS:
            routes += [
                Route("GET", f"/v1.0/{collection}", self._list),
                Route("GET", f"/v1.0/{collection}/{{id}}", self._get),
            ]
        self._router = Router(routes)

    def plays(self, host: str) -> bool:
        """Whether the host is Graph's."""
        return host == "graph.microsoft.com"

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        self._authorize(request)
        found = self._router.find(request)
        if found is None:
            raise NotPlayed(f"{request.method} {request.host}{request.path}")
        handler, matched = found
        return handler(matched)

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise ServiceError(401, "InvalidAuthenticationToken", "Access token is empty.")
        try:
            claims = tokens.verify(self._world, token, AUDIENCES)
        except tokens.InvalidToken as error:
            raise ServiceError(401, "InvalidAuthenticationToken", str(error)) from None
        caller = directory.principal(self._world, claims.object_id)
        permissions = caller.graph_permissions if caller else []
        needed = "Directory.Read" if request.method == "GET" or _only_reads(request.path) else "Directory.ReadWrite"
        if not any(permission.startswith(needed) for permission in permissions):
            raise ServiceError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

    def _me(self, request: Request) -> Response:
        del request
        raise ServiceError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")

    def _get(self, request: Request) -> Response:
        collection = _collection(request)
        identifier = request.parameters["id"]
        found = directory.principal(self._world, identifier)
        if found is None and collection == "users":
            found = next(
                (
                    each
                    for each in directory.principals(self._world)
                    if (each.user_principal_name or "").lower() == identifier.lower()
                ),
                None,
            )
        if found is None or found.kind != _KINDS[collection]:
            raise not_found(identifier)
        return json_response({"@odata.context": f"{_CONTEXT}{collection}/$entity", **_shown(found)})

    def _list(self, request: Request) -> Response:
        collection = _collection(request)
        shown = [_shown(each) for each in directory.principals(self._world) if each.kind == _KINDS[collection]]
        condition = request.query.get("$filter")
        selected = [each for each in shown if condition is None or matches(condition, each)]
        return json_response({"@odata.context": f"{_CONTEXT}{collection}", "value": selected})

    def _directory_object(self, request: Request) -> Response:
        found = directory.principal(self._world, request.parameters["id"])
        if found is None:
            raise not_found(request.parameters["id"])
        return json_response({"@odata.context": f"{_CONTEXT}directoryObjects/$entity", **_shown(found, typed=True)})

    def _get_by_ids(self, request: Request) -> Response:
        identifiers = request.json().get("ids")
        if not isinstance(identifiers, list):
            raise ServiceError(400, "Request_BadRequest", "A value is required for property 'ids'.")
        if len(identifiers) > _MOST_IDS:
            raise ServiceError(400, "Request_BadRequest", f"Too many object ids; at most {_MOST_IDS} are allowed.")
        found = (directory.principal(self._world, str(identifier)) for identifier in identifiers)
        given = request.json().get("types") or ["directoryObject"]
        if not isinstance(given, list):
            raise ServiceError(400, "Request_BadRequest", "Invalid value specified for property 'types'.")
        types = [str(each).lower() for each in given]
        wanted = [each for each in found if each is not None and {each.kind.lower(), "directoryobject"} & set(types)]
        shown = [_shown(each, typed=True) for each in wanted]
        return json_response({"@odata.context": f"{_CONTEXT}directoryObjects", "value": shown})

    def _by_app_id(self, request: Request) -> Response:
        found = directory.service_principal_of(self._world, request.parameters["app_id"])
        if found is None:
            raise not_found(request.parameters["app_id"])
        return json_response({"@odata.context": f"{_CONTEXT}servicePrincipals/$entity", **_shown(found)})

    def _create_service_principal(self, request: Request) -> Response:
        app_id = required(request.json(), "appId")
        application = directory.application(self._world, app_id)
        if application is None:
            raise ServiceError(
                400, "Request_BadRequest", f"The appId '{app_id}' does not reference a valid application object."
            )
        if directory.service_principal_of(self._world, app_id) is not None:
            raise ServiceError(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                f"The service principal cannot be created because the service principal name {app_id} is already in"
                " use.",
            )
        made = Principal(str(uuid.uuid4()), "ServicePrincipal", application.display_name, app_id=application.app_id)
        directory.put_principal(self._world, made)
        return json_response({"@odata.context": f"{_CONTEXT}servicePrincipals/$entity", **_shown(made)}, 201)

    def _delete_service_principal(self, request: Request) -> Response:
        found = directory.principal(self._world, request.parameters["id"])
        if found is None or found.kind != "ServicePrincipal":
            raise not_found(request.parameters["id"])
        if found.managed_identity_resource_id is not None:
            raise ServiceError(
                400, "Request_BadRequest", "A managed identity is deleted with the Azure resource that it belongs to."
            )
        directory.delete_principal(self._world, found.object_id)
        return Response(204)

    def _create_user(self, request: Request) -> Response:
        body = request.json()
        name = required(body, "userPrincipalName")
        made = Principal(str(uuid.uuid4()), "User", required(body, "displayName"), user_principal_name=name)
        directory.put_principal(self._world, made)
        return json_response(_shown(made), 201)

    def _create_group(self, request: Request) -> Response:
        made = Principal(str(uuid.uuid4()), "Group", required(request.json(), "displayName"))
        directory.put_principal(self._world, made)
        return json_response(_shown(made), 201)

    def _members(self, request: Request) -> Response:
        shown = [_shown(each, typed=True) for each in directory.members_of(self._world, self._group(request).object_id)]
        return json_response({"@odata.context": f"{_CONTEXT}directoryObjects", "value": shown})

    def _transitive_members(self, request: Request) -> Response:
        group = self._group(request).object_id
        everybody = directory.principals(self._world)
        inside = [each for each in everybody if group.lower() in directory.groups_of(self._world, each.object_id)]
        shown = [_shown(each, typed=True) for each in inside]
        return json_response({"@odata.context": f"{_CONTEXT}directoryObjects", "value": shown})

    def _check_member_groups(self, request: Request) -> Response:
        asked = request.json().get("groupIds")
        if not isinstance(asked, list) or not asked:
            raise ServiceError(400, "Request_BadRequest", "A value is required for property 'groupIds'.")
        if directory.principal(self._world, request.parameters["id"]) is None:
            raise not_found(request.parameters["id"])
        groups = directory.groups_of(self._world, request.parameters["id"])
        found = [each for each in asked if str(each).lower() in groups]
        return json_response({"@odata.context": f"{_CONTEXT}Collection(Edm.String)", "value": found})

    def _group(self, request: Request) -> Principal:
        found = directory.principal(self._world, request.parameters["id"])
        if found is None or found.kind != "Group":
            raise not_found(request.parameters["id"])
        return found

    def _add_member(self, request: Request) -> Response:
        group = self._group(request)
        member = required(request.json(), "@odata.id").rsplit("/", 1)[-1]
        if directory.principal(self._world, member) is None:
            raise not_found(member)
        directory.add_member(self._world, group.object_id, member)
        return Response(204)


def _only_reads(path: str) -> bool:
    """Whether a POST to it asks and changes nothing."""
    return path.endswith(("/getByIds", "/checkMemberGroups"))


def _collection(request: Request) -> str:
    name = request.path.strip("/").split("/")[1].lower()
    return next(collection for collection in _KINDS if collection.lower() == name)


def _shown(principal: Principal, *, typed: bool = False) -> JsonObject:
    shown: JsonObject = {"id": principal.object_id, "displayName": principal.display_name}
    if typed:
        shown = {"@odata.type": _TYPES[principal.kind], **shown}
    if principal.kind == "User":
        shown["userPrincipalName"] = principal.user_principal_name
    if principal.kind == "Group":
        shown["securityEnabled"] = True
    if principal.kind == "ServicePrincipal":
        identity = principal.managed_identity_resource_id
        shown |= {
            "appId": principal.app_id,
            "servicePrincipalType": "Application" if identity is None else "ManagedIdentity",
            "servicePrincipalNames": [principal.app_id],
            "alternativeNames": [] if identity is None else [identity],
        }
    return shown
