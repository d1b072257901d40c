"""The Key Vault beside the pool: what cannot be a key, who may read it, and from where.

Names and limits are those of the resource type ``Microsoft.KeyVault/vaults`` (API description 2024-11-01) and of
"About Azure Key Vault secrets".
"""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, SecretStr

from config.access import PRINCIPAL_ACCEPTED, Principal
from config.fields import TAGS_ACCEPTED, ArmId, Boolean, Integer, Section, Tags, Text, matching, setting
from config.hsm import Firewall, IpRule, OnDestroy, protection_from_purging, retention
from config.network import PrivateEndpoint
from config.vault_roles import VAULT_ROLES, guid_of, name_of

Permission = Literal["get", "list", "set", "delete", "recover", "backup", "restore", "purge"]
"""What an access policy can allow with secrets."""

TEMPLATE = "Secret Management"
_TEMPLATE_PERMISSIONS: tuple[Permission, ...] = ("get", "list", "set", "delete", "recover", "backup", "restore")
"""What the portal's template of that name ticks."""

_SECRET_NAME = r"[0-9A-Za-z-]{1,127}"  # noqa: S105 - the form of a name
_ROLES = ", ".join(VAULT_ROLES)

SecretName = Annotated[str, BeforeValidator(matching(_SECRET_NAME))]


class VaultFirewall(Firewall):
    """Who reaches the vault's data plane. ARM, by which the program writes secrets, is not behind it."""

    ip_rules: tuple[IpRule, ...] = setting(
        (),
        what="Public IPv4 addresses or networks that are let in although the default action is Deny.",
        accepted="at most 1000 public IPv4 addresses or networks, such as 203.0.113.10 or 203.0.113.0/24",
        example=["203.0.113.10"],
    )


def _template(value: object) -> object:
    return _TEMPLATE_PERMISSIONS if value == TEMPLATE else value


class AccessPolicy(Section):
    """What a principal may do with every secret of the vault."""

    principal: Principal = setting(
        what="Who is allowed. Named as in roleAssignments.",
        accepted=PRINCIPAL_ACCEPTED,
        example={"identity": "testvmmhsm"},
    )
    permissions: Annotated[tuple[Permission, ...], BeforeValidator(_template)] = setting(
        what=f"What is allowed. `{TEMPLATE}` is the portal's template: everything but purge.",
        accepted=f"{TEMPLATE}, or a list of {', '.join(get_args(Permission))}",
        example=["get", "list"],
        min_length=1,
    )


class VaultRoleAssignment(Section):
    """An Azure role, given to a principal at the vault or at one of its secrets."""

    role: Annotated[Text, AfterValidator(lambda role: name_of(role) or role)] = setting(
        what="A built-in Azure role for the data in a vault, by name, or any role by its GUID.",
        accepted=f"{_ROLES}, or the GUID of a role",
        example="Key Vault Secrets User",
    )
    principal: Principal = setting(
        what="Who gets the role. Named as in roleAssignments.",
        accepted=PRINCIPAL_ACCEPTED,
        example={"identity": "testvmmhsm"},
    )
    scope: Annotated[str, BeforeValidator(matching(rf"/|/secrets/{_SECRET_NAME}"))] = setting(
        "/",
        what="Where the role holds: in the whole vault, or at one secret.",
        accepted="/ or /secrets/<name>",
        example="/secrets/database-password",
    )

    @property
    def role_guid(self) -> str | None:
        """The role's GUID; None for a name that no role has."""
        return guid_of(self.role)


class Vault(Section):
    """A Key Vault for what cannot be a key."""

    name: Annotated[str, BeforeValidator(matching(r"(?!.*--)[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]"))] = setting(
        what="The vault's name, unique in the world; its address is `https://<name>.vault.azure.net/`.",
        accepted="3 to 24 letters, digits and single hyphens, starting with a letter, ending with a letter or digit",
        example="contosomivault",
    )
    sku: Literal["standard", "premium"] = setting(
        "standard",
        what="The pricing tier; secrets are the same in both.",
        accepted="standard or premium",
        example="standard",
    )
    retention_days: Integer = retention("the deleted vault and deleted secrets")
    purge_protection: Boolean = protection_from_purging()
    firewall: VaultFirewall = setting(
        what="Who reaches the vault's data plane.",
        accepted="publicNetworkAccess, defaultAction, bypass and ipRules",
        example={"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None", "ipRules": []},
    )
    enable_rbac_authorization: Boolean = setting(
        True,
        what="Whether Azure roles decide who may do what (`roleAssignments`), or access policies (`accessPolicies`).",
        accepted="true or false",
        example=True,
    )
    access_policies: tuple[AccessPolicy, ...] = setting(
        (),
        what="Who may do what with all secrets, where enableRbacAuthorization is false.",
        accepted="a list of principal and permissions",
        example=[{"principal": {"identity": "testvmmhsm"}, "permissions": ["get", "list"]}],
    )
    role_assignments: tuple[VaultRoleAssignment, ...] = setting(
        (),
        what="Who has which Azure role in the vault, where enableRbacAuthorization is true.",
        accepted="a list of role, principal and scope",
        example=[{"role": "Key Vault Secrets User", "principal": {"identity": "testvmmhsm"}}],
    )
    secrets: dict[SecretName, SecretStr] = setting(
        {},
        what="Secrets by name. Values are Pulumi secrets (`pulumi config set --secret`); plain text is refused.",
        accepted="names of 1 to 127 letters, digits and hyphens with secret values",
        example={"database-password": "(a Pulumi secret)"},
    )
    private_endpoints: tuple[PrivateEndpoint, ...] = setting(
        (),
        what="The vault's addresses inside the subnet of the section network.",
        accepted="a list of name and connection",
        example=[{"name": "contosomivault-endpoint"}],
        max_length=64,
    )
    zone_id: ArmId | None = setting(
        None,
        what="The zone privatelink.vaultcore.azure.net for those addresses, where network.dns names a zone by id.",
        accepted="the ARM id of a private DNS zone",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoNetworks"
            "/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net"
        ),
    )
    on_destroy: OnDestroy = setting(
        "retain",
        what="What a destroy of the stack does: leave the vault, delete it softly, or purge it (dev only).",
        accepted="retain, softDelete or purge",
        example="retain",
    )
    tags: Tags = setting(
        {}, what="Tags of the vault.", accepted=TAGS_ACCEPTED, example={"owner": "crypto"}, max_length=50
    )
