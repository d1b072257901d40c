"""Every resource type and function that the plugin plays, by token.

The tables are written by hand after the API descriptions and the documentation of pulumi-azure-native 3.29.0; a test
compares them with that SDK's classes. Only the table of the service that is asked for is imported.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import cache

from local_azure.plugin.resource_types import Function, ResourceType, getter

SERVICES = (
    "authorization",
    "compute",
    "eventhub",
    "keyvault",
    "managedidentity",
    "monitor",
    "network",
    "operationalinsights",
    "privatedns",
    "resources",
    "storage",
)
"""Modules of the SDK, each with a table of its name."""

_GETTER_QUERIES = {
    "authorization:RoleAssignment": {"tenantId": "tenantId"},
    "network:Subnet": {"expand": "$expand"},
    "network:VirtualNetwork": {"expand": "$expand"},
    "network:PrivateEndpoint": {"expand": "$expand"},
    "network:NetworkInterface": {"expand": "$expand"},
    "network:NetworkSecurityGroup": {"expand": "$expand"},
    "compute:VirtualMachine": {"expand": "$expand"},
    "compute:VirtualMachineRunCommandByVirtualMachine": {"expand": "$expand"},
    "storage:StorageAccount": {"expand": "$expand"},
}


def resource_type(token: str) -> ResourceType | None:
    """The type that the engine calls ``azure-native:<token>``; None where it is not played."""
    return _resource_types(token.partition(":")[0]).get(token)


def function(token: str) -> Function | None:
    """The function that the engine calls ``azure-native:<token>``; None where it is not played."""
    return _functions(token.partition(":")[0]).get(token)


def all_resource_types() -> Iterator[ResourceType]:
    """Every type, service by service."""
    for service in SERVICES:
        yield from _resource_types(service).values()


def all_functions() -> Iterator[Function]:
    """Every function, service by service."""
    for service in SERVICES:
        yield from _functions(service).values()


@cache
def _resource_types(service: str) -> dict[str, ResourceType]:
    if service not in SERVICES:
        return {}
    table = importlib.import_module(f"{__name__}.{service}")
    return {each.token: each for each in table.RESOURCE_TYPES}


@cache
def _functions(service: str) -> dict[str, Function]:
    if service not in SERVICES:
        return {}
    table = importlib.import_module(f"{__name__}.{service}")
    functions = [getter(each, _GETTER_QUERIES.get(each.token)) for each in _resource_types(service).values()]
    return {each.token: each for each in (*functions, *getattr(table, "FUNCTIONS", ()))}
