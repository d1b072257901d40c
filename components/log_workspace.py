"""A Log Analytics workspace for logs."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import operationalinsights

from config.diagnostics import LogAnalytics


def make(
    settings: LogAnalytics, resource_group: pulumi.Input[str], location: str, opts: pulumi.ResourceOptions
) -> operationalinsights.Workspace:
    """Declares the workspace. Who may read is said by roles; a workspace's own keys open nothing."""
    return operationalinsights.Workspace(
        "log-workspace",
        resource_group_name=resource_group,
        workspace_name=settings.name,
        location=location,
        sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=settings.retention_days,
        features=operationalinsights.WorkspaceFeaturesArgs(
            disable_local_auth=True, enable_log_access_using_only_resource_permissions=True
        ),
        opts=opts,
    )
