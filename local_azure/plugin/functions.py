"""Functions that programs call: reading what exists, keys, and who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_azure.plugin import tables
from local_azure.plugin.bodies import to_outputs
from local_azure.plugin.errors import PluginError
from local_azure.plugin.resource_types import Function, fill
from local_azure.plugin.session import Session
from local_azure.plugin.values import Values
from local_azure.plugin.waiting import Deadline

CLIENT_CONFIG, CLIENT_TOKEN = "authorization:getClientConfig", "authorization:getClientToken"


class NotPlayed(PluginError):
    """A resource type or function that this plugin does not know."""


def call(token: str, arguments: Mapping[str, Any], session: Session, deadline: Deadline) -> Values:
    """What the function answers. Raises NotPlayed where there is none of that name, PluginError where it fails."""
    if token == CLIENT_CONFIG:
        return session.client_config()
    if token == CLIENT_TOKEN:
        client = session.client
        endpoint = str(arguments.get("endpoint") or client.cloud.audience)
        return {"token": client.credential.token(f"{endpoint.rstrip('/')}/.default")}
    function = tables.function(token)
    if function is None:
        raise NotPlayed(
            f"the azure-native stand-in does not play the function azure-native:{token}; the real plugin does"
        )
    return _ask_arm(function, arguments, session, deadline)


def _ask_arm(function: Function, arguments: Mapping[str, Any], session: Session, deadline: Deadline) -> Values:
    missing = [name for name in function.path_parameters if not isinstance(arguments.get(name), str)]
    if missing:
        raise PluginError(f"azure-native:{function.token} needs the argument '{missing[0]}'")
    resource_id = fill(function.path, arguments, session.subscription_id)
    query = {name: str(arguments[argument]) for argument, name in function.query.items() if arguments.get(argument)}
    body: dict[str, Any] | None = {} if function.method == "POST" else None
    found = session.client.send(
        function.method, resource_id, function.api_version, deadline, body=body, query=query
    ).json()
    outputs = to_outputs(function.shapes, function.shapes[function.shape], found)
    if function.is_resource:
        outputs = {**outputs, "id": found.get("id", resource_id), "azureApiVersion": function.api_version}
    return outputs
