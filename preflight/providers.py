"""Whether the subscription knows the services that the stack uses.

Source: Microsoft.Resources providers, api-version 2021-04-01 ("Azure resource providers and types").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config import Settings
from config.identities import VmIdentity
from data_plane.errors import DataPlaneError
from preflight.line import Deployment, Line, failed, notice, passed

_WHAT: Final = "resource providers"
_API_VERSION: Final = "2021-04-01"


def needed(settings: Settings) -> list[str]:
    """The namespaces of what the stack makes."""
    logs = settings.diagnostics
    wanted = {
        "Microsoft.KeyVault": True,
        "Microsoft.Network": settings.network is not None,
        "Microsoft.Compute": any(isinstance(each, VmIdentity) or each.vms for each in settings.identities.values()),
        "Microsoft.ManagedIdentity": any(not isinstance(each, VmIdentity) for each in settings.identities.values()),
        "Microsoft.Storage": settings.storage is not None or (logs is not None and logs.storage is not None),
        "Microsoft.EventHub": logs is not None and logs.event_hub is not None,
        "Microsoft.OperationalInsights": logs is not None and logs.log_analytics is not None,
        "Microsoft.Insights": logs is not None,
    }
    return [name for name, is_needed in wanted.items() if is_needed]


def check(deployment: Deployment) -> Iterator[Line]:
    """A line for each that is not registered; registers it where that is allowed."""
    registered: list[str] = []
    for namespace in needed(deployment.settings):
        path = f"{deployment.subscription}/providers/{namespace}"
        try:
            state = deployment.session.resource_manager_get(path, _API_VERSION).get("registrationState", "")
            if state == "Registered":
                registered.append(namespace)
                continue
            if deployment.register:
                deployment.session.resource_manager_post(f"{path}/register", _API_VERSION)
                yield notice(_WHAT, f"{namespace}: is being registered", "that takes a minute or two; look again")
                continue
        except DataPlaneError as error:
            yield failed(_WHAT, f"{namespace}: {error}", "have somebody with rights at the subscription register it")
            continue
        way_out = f"az provider register --namespace {namespace}, or this command with --register"
        yield failed(_WHAT, f"{namespace} is {state or 'unknown'}", way_out)
    if registered:
        yield passed(_WHAT, ", ".join(registered))
