"""Looking in the cloud for what a killed run had begun to make."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from local_azure.plugin import tables
from local_azure.plugin.configuration import Configuration
from local_azure.plugin.session import Session
from local_azure.plugin.waiting import Deadline

_PREFIX = "azure-native:"
_SECONDS = 1800.0
"""As long as Azure takes to make anything, with a good deal to spare."""
_UNDER_WAY = frozenset({"accepted", "creating", "deleting", "inprogress", "provisioning", "updating"})
_PAUSE_SECONDS = 0.2


def finder(environment: Mapping[str, str]) -> Callable[[str, Mapping[str, Any]], str | None]:
    """A function that answers the ARM id of a resource by its Pulumi type and inputs, or None where it is not there.

    What is still being made is waited for. None too for types of other providers: they find again what they made by
    themselves.
    """
    session = Session(Configuration({}, environment))

    def find(kind: str, inputs: Mapping[str, Any]) -> str | None:
        known = tables.resource_type(kind.removeprefix(_PREFIX)) if kind.startswith(_PREFIX) else None
        if known is None:
            return None
        identifier = known.resource_id(inputs, session.subscription_id)
        deadline = Deadline(threading.Event(), _SECONDS)
        while (found := session.client.read(identifier, known.api_version, deadline)) is not None:
            if not _is_under_way(found):
                return str(found["id"])
            deadline.wait(_PAUSE_SECONDS)
        return None

    return find


def is_gone(environment: Mapping[str, str], kind: str, identifier: str) -> bool:
    """Whether ARM does not know a resource that a state names by its Pulumi type and id."""
    session = Session(Configuration({}, environment))
    known = tables.resource_type(kind.removeprefix(_PREFIX))
    if known is None:
        return False
    return session.client.read(identifier, known.api_version, Deadline(threading.Event(), _SECONDS)) is None


def _is_under_way(found: Mapping[str, Any]) -> bool:
    properties = found.get("properties")
    state = properties.get("provisioningState") if isinstance(properties, Mapping) else None
    return str(state).lower() in _UNDER_WAY
