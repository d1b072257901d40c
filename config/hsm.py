"""The pool itself: name, size, retention, administrators, firewall, and what a destroy does to it.

Names, SKUs and limits are those of the resource type ``Microsoft.KeyVault/managedHSMs`` (API description 2024-11-01).
"""

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from config.fields import (
    TAGS_ACCEPTED,
    ArmId,
    Boolean,
    Integer,
    Region,
    Section,
    Tags,
    Text,
    guid,
    ipv4_network,
    matching,
    refusal,
    setting,
)
from config.identities import VmName

Sku = Literal["Standard_B1", "Custom_B32", "Custom_B6", "Custom_C42", "Custom_C10"]
"""The sizes of a pool."""

OnDestroy = Literal["retain", "softDelete", "purge"]
"""What becomes of a pool or a vault when the stack is destroyed."""

OnSoftDeleted = Literal["fail", "recover", "purge"]
"""What becomes of a soft-deleted pool that holds the name."""

SettingName = Literal["AllowKeyManagementOperationsThroughARM"]
"""Settings of the data plane, as the service calls them."""

DEPLOYER = "deployer"
"""The word for whoever runs the program."""


def _hsm_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]", value):
        raise refusal()
    return value


_HIGHEST_PRICE = 1_000_000
_NOT_PUBLIC = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
    )
)
"""Blocks that no caller on the internet has (IANA IPv4 Special-Purpose Address Registry). The documentation blocks of
RFC 5737 are not among them: in examples and in the local Azure they stand for public addresses."""


def _ip_rule(value: str) -> str:
    try:
        rule = ipv4_network(value)
    except ValueError:
        raise refusal() from None
    if any(rule.overlaps(block) for block in _NOT_PUBLIC):
        raise refusal()
    return value


def lifting_words(name: str) -> str:
    """What a person has to write to lift the protection of a pool."""
    return f"lift the protection of {name}"


def _price(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}([.][0-9]{1,4})?", value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _HIGHEST_PRICE:
        raise refusal()
    return value


Owner = Annotated[str, BeforeValidator(matching(r"[0-9A-Za-z][0-9A-Za-z.-]{1,62}[0-9A-Za-z]"))]
Price = Annotated[float, BeforeValidator(_price)]
IpRule = Annotated[Text, AfterValidator(_ip_rule)]
Administrator = Annotated[Text, AfterValidator(lambda value: value if value == DEPLOYER else guid(value))]


def retention(what: str) -> Any:
    """The setting of how long deleted things can be recovered; the limits are the same for pools and vaults."""
    return setting(
        what=f"Days for which {what} can be recovered. Never changed later.",
        accepted="7 to 90 days",
        example=90,
        ge=7,
        le=90,
    )


def protection_from_purging() -> Any:
    """The setting of purge protection."""
    return setting(
        what="Whether nobody can purge before the retention has passed. Can be switched on later, never off.",
        accepted="true or false",
        example=True,
    )


class Firewall(Section):
    """Who reaches the pool's data plane. The program writes every property, so that no default of the API slips in."""

    public_network_access: Literal["Enabled", "Disabled"] = setting(
        what="Whether the public endpoint answers at all. `Disabled` leaves the private endpoints only.",
        accepted="Enabled or Disabled",
        example="Enabled",
    )
    default_action: Literal["Allow", "Deny"] = setting(
        what="What happens to a caller that no rule names.",
        accepted="Allow or Deny",
        example="Deny",
    )
    bypass: Literal["AzureServices", "None"] = setting(
        what="Whether trusted Azure services pass the firewall; switching public access off does not change that.",
        accepted="AzureServices or None",
        example="AzureServices",
    )
    ip_rules: tuple[IpRule, ...] = setting(
        (),
        what="Public IPv4 addresses or networks that are let in although the default action is Deny.",
        accepted="at most 10 public IPv4 addresses or networks, such as 203.0.113.10 or 203.0.113.0/24",
        example=["203.0.113.10"],
    )

    @property
    def is_closed(self) -> bool:
        """Whether nobody can come publicly, so that only a private endpoint leads to the data plane."""
        return self.public_network_access == "Disabled" or (self.default_action == "Deny" and not self.ip_rules)


class Hsm(Section):
    """A pool that this stack makes."""

    name: Annotated[Text, AfterValidator(_hsm_name)] = setting(
        what="The pool's name, unique in the world; its address is `https://<name>.managedhsm.azure.net/`.",
        accepted="3 to 24 letters, digits and hyphens, starting with a letter and ending with a letter or digit",
        example="contoso-hsm",
    )
    sku: Sku = setting(
        "Standard_B1",
        what="The size of the pool; the SKU's family follows from it.",
        accepted="Standard_B1, Custom_B32, Custom_B6, Custom_C42 or Custom_C10",
        example="Standard_B1",
    )
    retention_days: Integer = retention("a deleted pool and deleted keys")
    purge_protection: Boolean = protection_from_purging()
    initial_administrators: tuple[Administrator, ...] = setting(
        what="Who administers the new pool, by object id. Used at its creation only; `deployer` only in dev.",
        accepted="one or more object ids (GUIDs), or deployer in dev",
        example=["6f2c9b1e-5d0a-4c3e-9b7f-2a1d8e4c6b05"],
    )
    firewall: Firewall = setting(
        what="Who reaches the pool's data plane.",
        accepted="publicNetworkAccess, defaultAction, bypass and ipRules",
        example={"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None", "ipRules": []},
    )
    on_destroy: OnDestroy = setting(
        "retain",
        what="What a destroy of the stack does: leave the pool, delete it softly (billed on), or purge it (dev only).",
        accepted="retain, softDelete or purge",
        example="retain",
    )
    adopt: Boolean = setting(
        False,
        what="Take over a pool of this name that exists in the resource group but not in the stack's state. While it "
        "says so, a destroy leaves the resource group: it may hold what others have put there.",
        accepted="true or false",
        example=True,
    )
    identities: tuple[VmName, ...] = setting(
        (),
        what="User-assigned identities that the pool itself has, by their names in the section identities: as one of "
        "them it reaches the storage account of its backups.",
        accepted="names in the section identities, with userAssigned or id",
        example=["backup"],
    )
    second_region: Region | None = setting(
        None,
        what="A region that the pool is extended into: as a second pool with the same keys, billed as one. Added and "
        "removed in place; a destroy removes it first, and it is purged then.",
        accepted="an Azure region other than the stack's that Managed HSMs can be extended into",
        example="westus3",
    )
    settings: dict[SettingName, Boolean] = setting(
        {},
        what="Settings of the pool's data plane. `AllowKeyManagementOperationsThroughARM` lets ARM make and read keys "
        "for those who have a local role for it.",
        accepted="AllowKeyManagementOperationsThroughARM with true or false",
        example={"AllowKeyManagementOperationsThroughARM": True},
    )
    activated_elsewhere: Boolean = setting(
        False,
        what="That the pool is active already and its security domain is in custody outside of this stack. Instead of "
        "the section securityDomain.",
        accepted="true or false",
        example=True,
    )
    on_soft_deleted: OnSoftDeleted = setting(
        "fail",
        what="What becomes of a soft-deleted pool that holds the name: stop, bring it back with all that was in it, or "
        "purge it (dev only).",
        accepted="fail, recover or purge",
        example="recover",
    )
    lock: Boolean = setting(
        False,
        what="A CanNotDelete lock on the pool: nobody deletes it, in whatever way, before the lock has gone. It takes "
        "Microsoft.Authorization/locks/write, which Owner and User Access Administrator have.",
        accepted="true or false",
        example=True,
    )
    lift_protection: Text | None = setting(
        None,
        what="The words that lift the protection of a prod stack: the lock, and Pulumi's own of pool, security domain "
        "and keys. Run up with them first; what is deleted or replaced comes after that.",
        accepted="lift the protection of, and the pool's name",
        example="lift the protection of contoso-hsm",
    )
    price_per_hour: Price | None = setting(
        None,
        what="What the pool costs an hour, in US$, for what a destroy says. The public price of Standard_B1 if left "
        "out.",
        accepted="a number such as 3.2",
        example=3.2,
    )
    tags: Tags = setting(
        {}, what="Tags of the pool.", accepted=TAGS_ACCEPTED, example={"owner": "crypto"}, max_length=50
    )

    @property
    def protection_is_lifted(self) -> bool:
        """Whether the words are there that lift it; others are refused."""
        return self.lift_protection is not None

    @property
    def sku_family(self) -> Literal["B", "C"]:
        """The family that the SKU belongs to."""
        return "B" if "_B" in self.sku else "C"


class ExistingHsm(Section):
    """A pool that another stack owns: only what lies in it is managed here."""

    existing: ArmId = setting(
        what="The id of a pool that another stack owns. Instead of every other key of this section.",
        accepted="the ARM id of a Managed HSM",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoResourceGroup"
            "/providers/Microsoft.KeyVault/managedHSMs/contoso-hsm"
        ),
    )

    owner: Owner = setting(
        what="Who of those that share the pool this stack is: a name that no other stack on it has. Every key of the "
        "stack bears it as the tag `managed-by-stack`, and no other key is touched.",
        accepted="3 to 64 letters, digits, dots and hyphens",
        example="payments-prod",
    )

    @property
    def name(self) -> str:
        """The pool's name."""
        return self.existing.rsplit("/", 1)[-1]
