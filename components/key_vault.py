"""A Key Vault with its secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_azure_native import keyvault

_SKU_FAMILY = "A"
"""The only one that vaults have."""


@dataclass(frozen=True)
class AccessPolicy:
    """What a principal may do with every secret."""

    principal_id: pulumi.Input[str]
    permissions: Sequence[str]


@dataclass(frozen=True)
class KeyVaultArgs:
    """What a vault is made from. There are no defaults for what protects it: the API's own are not what anybody means.

    Access policies are part of the vault itself, so that a policy which somebody adds by hand is seen as drift.
    """

    resource_group: pulumi.Input[str]
    location: str
    name: str
    tenant_id: str
    sku: str
    retention_days: int
    purge_protection: bool
    public_network_access: str
    default_action: str
    bypass: str
    ip_rules: Sequence[str]
    rbac: bool
    """Whether Azure roles decide who may do what with secrets, and no access policy counts."""
    access_policies: Sequence[AccessPolicy]
    secrets: Mapping[str, pulumi.Output[str]]
    """Values by name; each is a Pulumi secret."""
    protect: bool
    retain_on_delete: bool
    tags: Mapping[str, str] = field(default_factory=dict)
    after: Sequence[pulumi.Resource] = ()
    """What is made before the vault, and deleted after it."""


@dataclass(frozen=True)
class SecretId:
    """By what a secret is found. Nothing of it is secret."""

    versioned: pulumi.Output[str]
    """URL of the version that this program wrote."""
    versionless: pulumi.Output[str]
    """URL that always leads to the latest version."""


class KeyVault(pulumi.ComponentResource):
    """A vault with its final firewall and its secrets.

    Secrets are written through ARM, which neither the vault's firewall nor its permissions keep out, and are
    ``deleted_with`` the vault: a destroy of the stack needs no access to what is in it.
    """

    id: pulumi.Output[str]
    uri: pulumi.Output[str]
    """With a slash at its end."""
    created_at: pulumi.Output[str]
    """When ARM made it, which tells it from an earlier vault of the same name."""
    secret_ids: dict[str, SecretId]
    secrets: dict[str, pulumi.Resource]

    def __init__(self, name: str, args: KeyVaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:KeyVault", name, {}, opts)
        vault = keyvault.Vault(
            name,
            resource_group_name=args.resource_group,
            vault_name=args.name,
            location=args.location,
            properties=_properties(args),
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=list(args.after),
                protect=args.protect,
                retain_on_delete=args.retain_on_delete,
            ),
        )
        made = {
            secret: keyvault.Secret(
                secret,
                resource_group_name=args.resource_group,
                vault_name=vault.name,
                secret_name=secret,
                properties=keyvault.SecretPropertiesArgs(value=value),
                opts=pulumi.ResourceOptions(parent=self, deleted_with=vault),
            )
            for secret, value in args.secrets.items()
        }
        self.id = vault.id
        self.uri = vault.properties.apply(lambda properties: str(properties.vault_uri))
        self.created_at = vault.system_data.apply(lambda system_data: str(system_data.created_at))
        self.secrets = dict(made)
        self.secret_ids = {secret: _secret_id(resource) for secret, resource in made.items()}
        self.register_outputs({"id": self.id, "uri": self.uri})


def _properties(args: KeyVaultArgs) -> keyvault.VaultPropertiesArgs:
    return keyvault.VaultPropertiesArgs(
        tenant_id=args.tenant_id,
        sku=keyvault.SkuArgs(family=_SKU_FAMILY, name=args.sku),
        enable_rbac_authorization=args.rbac,
        access_policies=[
            keyvault.AccessPolicyEntryArgs(
                tenant_id=args.tenant_id,
                object_id=policy.principal_id,
                permissions=keyvault.PermissionsArgs(secrets=list(policy.permissions)),
            )
            for policy in args.access_policies
        ],
        enable_soft_delete=True,
        soft_delete_retention_in_days=args.retention_days,
        # ARM refuses a vault that says false; unprotected is one that says nothing.
        enable_purge_protection=args.purge_protection or None,
        enabled_for_deployment=False,
        enabled_for_disk_encryption=False,
        enabled_for_template_deployment=False,
        public_network_access=args.public_network_access,
        network_acls=keyvault.NetworkRuleSetArgs(
            bypass=args.bypass,
            default_action=args.default_action,
            ip_rules=[keyvault.IPRuleArgs(value=rule) for rule in args.ip_rules],
            virtual_network_rules=[],
        ),
    )


def _secret_id(secret: keyvault.Secret) -> SecretId:
    # The engine takes all of a property for secret in which the program has put a secret value; the URLs are not.
    properties = pulumi.Output.unsecret(secret.properties)
    return SecretId(
        properties.apply(lambda each: str(each.secret_uri_with_version)),
        properties.apply(lambda each: str(each.secret_uri)),
    )
