"""Alerts on what must not pass unseen.

What is done in a pool or a vault is seen in its audit log alone, so a rule asks the workspace for it every five
minutes. What is done to them is in the subscription's activity log, which raises an alert by itself. The queries go by
address and status, which the documentation of the log has ("Monitor Azure Managed HSM"), and not by the names of
operations, which it has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from components.azure_native import NativeResource

_LOG: Final = 'AzureDiagnostics | where ResourceProvider == "MICROSOFT.KEYVAULT"'
_IN_THE_LOG: Final = {
    "security-domain-downloaded": (
        0,
        "The security domain of a managed HSM was downloaded: whoever has it, and a quorum of keys, has the keys.",
        'requestUri_s contains "/securitydomain/download" and requestUri_s !contains "/pending"'
        " and httpStatusCode_d == 202",
    ),
    "role-assigned": (
        1,
        "A local role of a managed HSM was given to somebody.",
        'requestUri_s contains "/providers/Microsoft.Authorization/roleAssignments/" and httpStatusCode_d == 201',
    ),
    "key-purged": (
        1,
        "A deleted key or secret was purged: nobody can recover it.",
        'requestUri_s matches regex "/deleted(keys|secrets)/" and httpStatusCode_d == 204',
    ),
}
"""Severity, description and condition by name."""

_IN_ACTIVITY: Final = {
    "firewall-changed": (
        "The settings of a managed HSM or vault were written, its firewall among them.",
        ("Microsoft.KeyVault/managedHSMs/write", "Microsoft.KeyVault/vaults/write"),
    ),
    "pool-deleted": (
        "A managed HSM or vault was deleted or purged.",
        (
            "Microsoft.KeyVault/managedHSMs/delete",
            "Microsoft.KeyVault/vaults/delete",
            "Microsoft.KeyVault/locations/deletedManagedHsms/purge/action",
            "Microsoft.KeyVault/locations/deletedVaults/purge/action",
        ),
    ),
    "logging-changed": (
        "Diagnostic settings were written or deleted: what happens may no longer be logged.",
        ("Microsoft.Insights/diagnosticSettings/write", "Microsoft.Insights/diagnosticSettings/delete"),
    ),
}
"""Description and operations by name."""


@dataclass(frozen=True)
class AlertsArgs:
    """Who is told, and where it is seen."""

    resource_group: pulumi.Input[str]
    location: str
    subscription_id: str
    prefix: str
    """Of the names: what the alerts are about."""
    emails: Sequence[str]
    action_group: str | None
    """ARM id of one that exists."""
    workspace_id: pulumi.Input[str]
    after: Sequence[pulumi.Resource]


class Alerts(pulumi.ComponentResource):
    """An action group, and a rule for each thing that must not pass unseen."""

    def __init__(self, name: str, args: AlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:Alerts", name, {}, opts)
        self._args = args
        groups: list[pulumi.Input[str]] = [args.action_group] if args.action_group else []
        if args.emails:
            groups.append(self._make("monitor:ActionGroup", "alert-group", self._group()).id)
        for rule, (severity, description, condition) in _IN_THE_LOG.items():
            self._make("monitor:ScheduledQueryRule", rule, self._query(rule, severity, description, condition, groups))
        for rule, (description, operations) in _IN_ACTIVITY.items():
            self._make("monitor:ActivityLogAlert", rule, self._activity(rule, description, operations, groups))
        self.register_outputs({})

    def _group(self) -> dict[str, Any]:
        receivers = [
            {"name": f"email-{number}", "emailAddress": email, "useCommonAlertSchema": True}
            for number, email in enumerate(self._args.emails, 1)
        ]
        return {
            "actionGroupName": f"{self._args.prefix}-alerts",
            "groupShortName": "hsm-alerts",
            "location": "Global",
            "enabled": True,
            "emailReceivers": receivers,
        }

    def _query(
        self, rule: str, severity: int, description: str, condition: str, groups: list[pulumi.Input[str]]
    ) -> dict[str, Any]:
        return {
            "ruleName": f"{self._args.prefix}-{rule}",
            "location": self._args.location,
            "kind": "LogAlert",
            "displayName": f"{self._args.prefix}: {rule.replace('-', ' ')}",
            "description": description,
            "severity": severity,
            "enabled": True,
            "scopes": [self._args.workspace_id],
            "evaluationFrequency": "PT5M",
            # Logs arrive late: by the time they were received the window is looked at, and twice at each of them.
            "windowSize": "PT10M",
            "autoMitigate": False,
            # A workspace that has no log yet has no such columns, and would refuse the rule.
            "skipQueryValidation": True,
            "criteria": {
                "allOf": [
                    {
                        "query": f"{_LOG} | where {condition}",
                        "timeAggregation": "Count",
                        "operator": "GreaterThan",
                        "threshold": 0,
                        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
                    }
                ]
            },
            "actions": {"actionGroups": groups},
        }

    def _activity(
        self, rule: str, description: str, operations: Sequence[str], groups: list[pulumi.Input[str]]
    ) -> dict[str, Any]:
        return {
            "activityLogAlertName": f"{self._args.prefix}-{rule}",
            "location": "Global",
            "description": description,
            "enabled": True,
            # A purge is written at the subscription.
            "scopes": [f"/subscriptions/{self._args.subscription_id}"],
            "condition": {
                "allOf": [
                    {"field": "category", "equals": "Administrative"},
                    {"anyOf": [{"field": "operationName", "equals": operation} for operation in operations]},
                ]
            },
            "actions": {"actionGroups": [{"actionGroupId": group} for group in groups]},
        }

    def _make(self, token: str, name: str, inputs: dict[str, Any]) -> NativeResource:
        options = pulumi.ResourceOptions(parent=self, depends_on=list(self._args.after))
        return NativeResource(token, name, {"resourceGroupName": self._args.resource_group, **inputs}, options)
