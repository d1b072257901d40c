"""Alerts on what must not pass unseen.

What is done in a pool or a vault is seen in its audit log alone, so a rule asks the workspace for it every five
minutes. What is done to them is in the subscription's activity log, which raises an alert by itself. The queries go by
address and status, which the documentation of the log has ("Monitor Azure Managed HSM"), and not by the names of
operations, which it has not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import monitor

_TABLE: Final = 'AzureDiagnostics | where ResourceProvider == "MICROSOFT.KEYVAULT"'
IN_THE_LOG: Final = {
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
        'requestUri_s matches regex "(?i)/deleted(keys|secrets)/" and httpStatusCode_d == 204',
    ),
}
"""Severity, description and condition by name."""

IN_ACTIVITY: Final = {
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


def query_of(rule: str) -> str:
    """What a rule asks the workspace."""
    return f"{_TABLE} | where {IN_THE_LOG[rule][2]}"


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
        self._options = pulumi.ResourceOptions(parent=self, depends_on=list(args.after))
        groups: list[pulumi.Input[str]] = [args.action_group] if args.action_group else []
        if args.emails:
            groups.append(self._group().id)
        for rule in IN_THE_LOG:
            self._ask_the_log(rule, groups)
        for rule in IN_ACTIVITY:
            self._watch_activity(rule, groups)
        self.register_outputs({})

    def _group(self) -> monitor.ActionGroup:
        return monitor.ActionGroup(
            "alert-group",
            resource_group_name=self._args.resource_group,
            action_group_name=f"{self._args.prefix}-alerts",
            group_short_name="hsm-alerts",
            location="Global",
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=f"email-{number}", email_address=email, use_common_alert_schema=True
                )
                for number, email in enumerate(self._args.emails, 1)
            ],
            opts=self._options,
        )

    def _ask_the_log(self, rule: str, groups: list[pulumi.Input[str]]) -> None:
        severity, description, _ = IN_THE_LOG[rule]
        once = monitor.ConditionFailingPeriodsArgs(number_of_evaluation_periods=1, min_failing_periods_to_alert=1)
        monitor.ScheduledQueryRule(
            rule,
            resource_group_name=self._args.resource_group,
            rule_name=f"{self._args.prefix}-{rule}",
            location=self._args.location,
            kind="LogAlert",
            display_name=f"{self._args.prefix}: {rule.replace('-', ' ')}",
            description=description,
            severity=severity,
            enabled=True,
            scopes=[self._args.workspace_id],
            evaluation_frequency="PT5M",
            # An event that arrives later than this after its time is never looked at, and Azure promises no time:
            # some ten minutes are usual. So one is told of several times.
            window_size="PT30M",
            auto_mitigate=False,
            # A workspace that has no log yet has no such columns, and would refuse the rule.
            skip_query_validation=True,
            criteria=monitor.ScheduledQueryRuleCriteriaArgs(
                all_of=[
                    monitor.ConditionArgs(
                        query=query_of(rule),
                        time_aggregation="Count",
                        operator="GreaterThan",
                        threshold=0,
                        failing_periods=once,
                    )
                ]
            ),
            actions=monitor.ActionsArgs(action_groups=groups),
            opts=self._options,
        )

    def _watch_activity(self, rule: str, groups: list[pulumi.Input[str]]) -> None:
        description, operations = IN_ACTIVITY[rule]
        operation = [
            monitor.AlertRuleLeafConditionArgs(field="operationName", equals=operation) for operation in operations
        ]
        monitor.ActivityLogAlert(
            rule,
            resource_group_name=self._args.resource_group,
            activity_log_alert_name=f"{self._args.prefix}-{rule}",
            location="Global",
            description=description,
            enabled=True,
            # A purge is written at the subscription.
            scopes=[f"/subscriptions/{self._args.subscription_id}"],
            condition=monitor.AlertRuleAllOfConditionArgs(
                all_of=[
                    monitor.AlertRuleAnyOfOrLeafConditionArgs(field="category", equals="Administrative"),
                    monitor.AlertRuleAnyOfOrLeafConditionArgs(any_of=operation),
                ]
            ),
            actions=monitor.ActionListArgs(
                action_groups=[monitor.ActionGroupArgs(action_group_id=group) for group in groups]
            ),
            opts=self._options,
        )
