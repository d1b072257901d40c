"""An event hub for logs, in a namespace of its own."""

from __future__ import annotations

import pulumi
from pulumi_azure_native import eventhub

from config.diagnostics import EventHub

_PARTITIONS = 2


def make(
    settings: EventHub, resource_group: pulumi.Input[str], location: str, opts: pulumi.ResourceOptions
) -> tuple[eventhub.NamespaceAuthorizationRule, eventhub.EventHub]:
    """Declares the namespace, the hub, and the rule by which a diagnostic setting sends; answers rule and hub."""
    namespace = eventhub.Namespace(
        "log-event-hubs",
        resource_group_name=resource_group,
        namespace_name=settings.name,
        location=location,
        sku=eventhub.SkuArgs(name="Standard", tier="Standard", capacity=1),
        minimum_tls_version="1.2",
        opts=opts,
    )
    hub = eventhub.EventHub(
        "log-event-hub",
        resource_group_name=resource_group,
        namespace_name=namespace.name,
        event_hub_name=settings.hub,
        partition_count=_PARTITIONS,
        message_retention_in_days=settings.retention_days,
        opts=opts,
    )
    rule = eventhub.NamespaceAuthorizationRule(
        "log-event-hub-rule",
        resource_group_name=resource_group,
        namespace_name=namespace.name,
        authorization_rule_name="diagnostics",
        # With a hub that is named, a diagnostic setting needs no more.
        rights=["Send"],
        opts=opts,
    )
    return rule, hub
