"""Logging as the settings describe it: places for logs, what is sent there, and alerts on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pulumi

from components.log_places import Destinations, LogPlaces, LogPlacesArgs
from components.resource_group import ResourceGroup
from config import Settings
from config.access import Principal
from config.diagnostics import Diagnostics
from config.hsm import Hsm

SETTING_NAME = "managed-hsm"
"""Of the diagnostic settings on pool and vault."""


@dataclass(frozen=True)
class LoggingSurroundings:
    """What logging is set up among."""

    subscription_id: str
    group: ResourceGroup
    principal_id: Callable[[Principal], pulumi.Input[str]]


class Logging:
    """Switches the log of resources on, where the settings want one."""

    def __init__(self, diagnostics: Diagnostics | None, destinations: Destinations) -> None:
        self._diagnostics = diagnostics
        self._destinations = destinations

    def of(self, name: str, target: pulumi.Output[str], opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """The diagnostic setting of a resource, by its ARM id; nothing where nothing is to be logged.

        Whatever is to be in the log from its beginning waits for it.
        """
        if self._diagnostics is None:
            return []
        from pulumi_azure_native import monitor

        places = self._destinations
        waiting = pulumi.ResourceOptions(depends_on=list(places.ready))
        setting = monitor.DiagnosticSetting(
            name,
            name=SETTING_NAME,
            resource_uri=target,
            storage_account_id=places.storage_id,
            event_hub_authorization_rule_id=places.event_hub_rule_id,
            event_hub_name=places.event_hub,
            workspace_id=places.workspace_id,
            logs=[monitor.DiagnosticsLogSettingsArgs(category="AuditEvent", enabled=True)],
            metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=self._diagnostics.metrics)],
            opts=pulumi.ResourceOptions.merge(opts, waiting),
        )
        return [setting]


def make_logging(settings: Settings, around: LoggingSurroundings) -> Logging:
    """Declares the places for logs and the alerts that the settings describe."""
    diagnostics = settings.diagnostics
    if diagnostics is None:
        if settings.environment == "prod":
            pulumi.log.warn("managed-hsm:diagnostics: is not set, so nobody will know who did what in the pool")
        return Logging(None, Destinations())
    pool = settings.hsm
    places = LogPlaces(
        "logs",
        LogPlacesArgs(
            resource_group=around.group.name,
            location=settings.location,
            subscription_id=around.subscription_id,
            diagnostics=diagnostics,
            principal_id=around.principal_id,
            protect=settings.environment == "prod",
            retain_on_delete=isinstance(pool, Hsm) and pool.on_destroy == "retain",
        ),
    ).destinations
    if diagnostics.alerts is not None and places.workspace_id is not None:
        from components.alerts import Alerts, AlertsArgs

        Alerts(
            "alerts",
            AlertsArgs(
                resource_group=around.group.name,
                location=settings.location,
                subscription_id=around.subscription_id,
                prefix=pool.name if isinstance(pool, Hsm) else SETTING_NAME,
                emails=diagnostics.alerts.emails,
                action_group=diagnostics.alerts.action_group,
                workspace_id=places.workspace_id,
                after=places.ready,
            ),
        )
    return Logging(diagnostics, places)
