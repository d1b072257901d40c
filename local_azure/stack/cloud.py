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
_SECONDS = 120.0


def finder(environment: Mapping[str, str]) -> Callable[[str, Mapping[str, Any]], str | None]:
    """A function that answers the ARM id of a resource by its Pulumi type and inputs, or None where it is not there.

    None too for types of other providers: they find again what they made by themselves.
    """
    session = Session(Configuration({}, environment))

    def find(kind: str, inputs: Mapping[str, Any]) -> str | None:
        known = tables.resource_type(kind.removeprefix(_PREFIX)) if kind.startswith(_PREFIX) else None
        if known is None:
            return None
        identifier = known.resource_id(inputs, session.subscription_id)
        found = session.client.read(identifier, known.api_version, Deadline(threading.Event(), _SECONDS))
        return None if found is None else str(found["id"])

    return find
