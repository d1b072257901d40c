"""A storage account for logs alone."""

from __future__ import annotations

from typing import Final

import pulumi
from pulumi_azure_native import storage

from config.diagnostics import Storage

_CONTAINERS: Final = ("insights-logs-auditevent", "insights-metrics-pt1m")
"""Where Azure Monitor puts audit events and metrics ("Azure resource logs, send to Azure Storage")."""


def make(
    settings: Storage, resource_group: pulumi.Input[str], location: str, opts: pulumi.ResourceOptions
) -> storage.StorageAccount:
    """Declares the account, and the rule by which it deletes old logs.

    Azure Monitor writes to it as a trusted service. Nobody comes with a key, nobody without a role, and nobody
    publicly unless the settings say from where. What the account keeps nobody may be able to change.
    """
    account = storage.StorageAccount(
        "log-storage",
        resource_group_name=resource_group,
        account_name=settings.name,
        location=location,
        kind="StorageV2",
        sku=storage.SkuArgs(name=settings.replication),
        minimum_tls_version="TLS1_2",
        enable_https_traffic_only=True,
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        allow_cross_tenant_replication=False,
        public_network_access="Enabled" if settings.ip_rules else "Disabled",
        network_rule_set=storage.NetworkRuleSetArgs(
            bypass="AzureServices",
            default_action="Deny",
            ip_rules=[storage.IPRuleArgs(i_p_address_or_range=rule, action="Allow") for rule in settings.ip_rules],
            virtual_network_rules=[],
        ),
        immutable_storage_with_versioning=_immutability(settings),
        opts=opts,
    )
    if settings.retention_days is not None:
        storage.ManagementPolicy(
            "log-retention",
            resource_group_name=resource_group,
            account_name=account.name,
            management_policy_name="default",
            policy=_deletion(settings.retention_days, with_versions=_keeps_versions(settings)),
            opts=opts,
        )
    return account


def _keeps_versions(settings: Storage) -> bool:
    """Whether what is deleted stays as a version: an account whose blobs cannot be changed keeps them all."""
    return settings.immutability in ("Unlocked", "Locked")


def _immutability(settings: Storage) -> storage.ImmutableStorageAccountArgs | None:
    if not _keeps_versions(settings):
        return None
    return storage.ImmutableStorageAccountArgs(
        enabled=True,
        immutability_policy=storage.AccountImmutabilityPolicyPropertiesArgs(
            state=settings.immutability,
            immutability_period_since_creation_in_days=settings.retention_days,
            # A log grows: Azure Monitor adds to the blob of the hour.
            allow_protected_append_writes=True,
        ),
    )


def _deletion(days: int, *, with_versions: bool) -> storage.ManagementPolicySchemaArgs:
    """Azure no longer takes a retention in the diagnostic setting: the account's own rules delete."""
    old = storage.DateAfterModificationArgs(days_after_modification_greater_than=days)
    version = storage.ManagementPolicyVersionArgs(
        delete=storage.DateAfterCreationArgs(days_after_creation_greater_than=days)
    )
    definition = storage.ManagementPolicyDefinitionArgs(
        filters=storage.ManagementPolicyFilterArgs(
            blob_types=["appendBlob"], prefix_match=[f"{container}/" for container in _CONTAINERS]
        ),
        actions=storage.ManagementPolicyActionArgs(
            base_blob=storage.ManagementPolicyBaseBlobArgs(delete=old), version=version if with_versions else None
        ),
    )
    rule = storage.ManagementPolicyRuleArgs(
        name="delete-old-logs", type="Lifecycle", enabled=True, definition=definition
    )
    return storage.ManagementPolicySchemaArgs(rules=[rule])
