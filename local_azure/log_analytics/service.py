"""The query API of Log Analytics: ``POST https://api.loganalytics.io/v1/workspaces/<customer id>/query``.

Shapes: "Azure Monitor Log Analytics API, request format" and "response format"; the rights that a query takes are
those of "Manage access to Log Analytics workspaces".
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

from local_azure.arm import rbac
from local_azure.arm.authentication import Caller
from local_azure.arm.providers.operational_insights import WORKSPACE
from local_azure.arm.resources import Resources, Stored
from local_azure.core.errors import NotPlayed, ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.router import Route, Router
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.log_analytics import pipeline
from local_azure.log_analytics.pipeline import Table
from local_azure.log_analytics.tables import tables_of
from local_azure.log_analytics.words import QueryError, moment
from local_azure.monitor import arrival

HOSTS = ("api.loganalytics.io", "api.loganalytics.azure.com")
_AUDIENCES = ("https://api.loganalytics.io", "https://api.loganalytics.azure.com")
_DURATION = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>[\d.]+)S)?)?")
_TIME = "TimeGenerated"


class LogAnalyticsService:
    """Plays the query API of all workspaces."""

    name = "Log Analytics"

    def __init__(self, world: World) -> None:
        self._world = world
        path = "/v1/workspaces/{workspace}/query"
        self._router = Router([Route(method, path, self._query) for method in ("GET", "POST")])

    def plays(self, host: str) -> bool:
        """Whether requests to this host name are for it."""
        return host in HOSTS

    def handle(self, request: Request) -> Response:
        """Answers one request. Raises ServiceError."""
        found = self._router.find(request)
        if found is None:
            raise NotPlayed(f"{request.method} {request.path} of Log Analytics")
        handler, matched = found
        return handler(matched)

    def _query(self, request: Request) -> Response:
        arrival.settle(self._world)
        workspace = self._workspace(request)
        body: JsonObject = dict(request.query) if request.method == "GET" else request.json()
        if body.get("workspaces"):
            raise NotPlayed("queries over several workspaces")
        query, span = body.get("query"), body.get("timespan")
        if not isinstance(query, str) or not query.strip():
            raise _invalid("BadArgumentError", "The query is missing.")
        now = self._world.clock.now()
        tables = tables_of(self._world, workspace.properties["customerId"])
        try:
            limited = {name: (lambda make=make: _within(make(), span, now)) for name, make in tables.items()}
            return json_response({"tables": [_shown(pipeline.run(query, limited, now))]})
        except QueryError as error:
            raise _invalid(error.code, str(error)) from None
        except TypeError as error:
            raise _invalid("SEM0064", f"Cannot compare these values: {error}") from None

    def _workspace(self, request: Request) -> Stored:
        caller = self._caller(request)
        resources, wanted = Resources(self._world), request.parameters["workspace"].lower()
        found = next((each for each in resources.of_type(WORKSPACE) if each.properties["customerId"] == wanted), None)
        if found is None:
            raise ServiceError(404, "WorkspaceNotFoundError", f"The workspace {wanted} could not be found.")
        if not rbac.allowed(resources, caller, f"{WORKSPACE}/query/read", found.id):
            raise _forbidden()
        if found.properties.get("publicNetworkAccessForQuery") == "Disabled":
            raise _forbidden()
        return found

    def _caller(self, request: Request) -> Caller:
        token = request.headers.get("authorization", "").partition(" ")[2].strip()
        if not token:
            raise _unauthorized("AuthorizationRequiredError", "Valid authentication was not provided.")
        try:
            claims = tokens.verify(self._world, token, _AUDIENCES)
        except tokens.InvalidToken as error:
            raise _unauthorized("InvalidTokenError", str(error)) from None
        groups = directory.groups_of(self._world, claims.object_id)
        principal_ids = frozenset({claims.object_id.lower(), *(group.lower() for group in groups)})
        return Caller(claims.object_id, claims.app_id or claims.object_id, "", principal_ids, request.origin)


def duration(text: str) -> timedelta:
    """An ISO 8601 duration of days and less. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groupdict().values()):
        raise ValueError(text)
    return timedelta(**{unit: float(value) for unit, value in match.groupdict().items() if value})


def _within(table: Table, span: object, now: datetime) -> Table:
    """The rows within an ISO 8601 span: ``PT1H``, ``start/end``, ``start/PT1H`` or ``PT1H/end``."""
    if span is None or span == "":
        return table
    try:
        start, end = _bounds(str(span), now)
    except (ValueError, QueryError):
        raise _invalid("BadArgumentError", f"The timespan '{span}' is not ISO 8601.") from None
    return Table(table.columns, [row for row in table.rows if start <= row[_TIME] <= end])


def _bounds(span: str, now: datetime) -> tuple[datetime, datetime]:
    first, _, last = span.partition("/")
    if not last:
        return now - duration(first), now
    if first.startswith("P"):
        end = moment(last)
        return end - duration(first), end
    start = moment(first)
    return start, start + duration(last) if last.startswith("P") else moment(last)


def _shown(table: Table) -> JsonObject:
    rows = [[_value(row.get(column)) for column in table.columns] for row in table.rows]
    kinds = {column: _kind([row.get(column) for row in table.rows]) for column in table.columns}
    columns = [{"name": column, "type": kind} for column, kind in kinds.items()]
    return {"name": "PrimaryResult", "columns": columns, "rows": rows}


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
    return value


def _kind(values: list[Any]) -> str:
    first = next((value for value in values if value is not None), "")
    kinds = {bool: "bool", int: "long", float: "real", datetime: "datetime", dict: "dynamic", list: "dynamic"}
    return kinds.get(type(first), "string")


def _invalid(code: str, message: str) -> ServiceError:
    outer = "SyntaxError" if code.startswith("SYN") else "SemanticError"
    inner = {"code": outer, "message": "A semantic error occurred.", "innererror": {"code": code, "message": message}}
    if not code.startswith("SEM"):
        inner["message"] = message
    return ServiceError(
        400,
        "BadArgumentError",
        "The request had some invalid properties",
        correlationId=str(uuid.uuid4()),
        innererror=inner,
    )


def _forbidden() -> ServiceError:
    return ServiceError(
        403,
        "InsufficientAccessError",
        "The provided credentials have insufficient access to perform the requested operation",
    )


def _unauthorized(code: str, message: str) -> ServiceError:
    challenge = 'Bearer authorization_uri="https://login.microsoftonline.com", resource="https://api.loganalytics.io"'
    return ServiceError(401, code, message, headers={"WWW-Authenticate": challenge})
