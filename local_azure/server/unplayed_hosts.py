"""Names that exist in this Azure and behind which nothing is played.

A client that is refused a tunnel takes it for a passing fault and tries again for minutes; a name that ARM has given
out leads to an answer instead: 501, with the name of what is missing.
Source: "Azure storage account overview" (endpoints), "Azure Event Hubs" (fully qualified domain name).
"""

from __future__ import annotations

from local_azure.arm.resources import Resources
from local_azure.core.world import World

_STORAGE, _EVENT_HUBS = "Microsoft.Storage/storageAccounts", "Microsoft.EventHub/namespaces"
_TYPES = {
    **{f"{part}.core.windows.net": _STORAGE for part in ("dfs", "file", "queue", "table")},
    "servicebus.windows.net": _EVENT_HUBS,
}
_SHARED = frozenset({"graph.windows.net"})
"""One host for all tenants."""


def exists(world: World, host: str) -> bool:
    """Whether the host name, in lower case, leads somewhere on this Azure, be it played or not."""
    name, _, suffix = host.partition(".")
    kind = _TYPES.get(suffix)
    if kind is None:
        return host in _SHARED
    return any(stored.name.lower() == name for stored in Resources(world).of_type(kind))
