"""The whole configuration of a stack, read and validated: what the program builds from."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, SecretStr, Tag

from config.access import Access, RoleAssignment
from config.backup import Backup, Restore
from config.diagnostics import Diagnostics
from config.fields import Guid, Region, Section, matching, setting
from config.hsm import ExistingHsm, Hsm
from config.identities import Identity, VmName
from config.keys import Key, KeyName
from config.network import PrivateNetwork
from config.proof import Proof
from config.role_definitions import RoleDefinition
from config.security_domain import SecurityDomain
from config.storage import Storage
from config.vault import Vault

LOCATION_KEY = "azure-native:location"
NAMESPACE = "managed-hsm"


def _hsm_kind(value: object) -> str:
    existing = isinstance(value, ExistingHsm) or (isinstance(value, dict) and "existing" in value)
    return "<existing>" if existing else "<new>"


class Settings(Section):
    """Every setting of a stack. Paths in it are absolute, defaults filled in."""

    location: Region = Field(
        alias="azure-native:location",
        description="The region of resource group and pool.",
        examples=["eastus2"],
        json_schema_extra={"accepted": "an Azure region such as eastus2"},
    )
    environment: Literal["dev", "prod"] = setting(
        what="What is allowed, which defaults there are, and how strict policies are.",
        accepted="dev or prod",
        example="dev",
    )
    subscription_id: Guid | None = setting(
        None,
        what="A guard: the program refuses to work on any other subscription.",
        accepted="a GUID",
        example="0b1f6471-1bf0-4dda-aec3-cb9272f09590",
    )
    deployer: Guid | None = setting(
        None,
        what="Who deploys the stack, where others preview it: `deployer` means this one in their previews too, and "
        "nobody else's `up` is carried out.",
        accepted="the object id (GUID) of the deployer",
        example="5c0e9f43-27ab-4d18-9b6e-e1f3a8d2c704",
    )
    resource_group: Annotated[str, BeforeValidator(matching(r"[\w.()-]{0,89}[\w()-]"))] = setting(
        what="The resource group that everything lies in.",
        accepted="1 to 90 letters, digits and ._()- not ending with a dot",
        example="ContosoResourceGroup",
    )
    hsm: Annotated[
        Annotated[Hsm, Tag("<new>")] | Annotated[ExistingHsm, Tag("<existing>")], Discriminator(_hsm_kind)
    ] = setting(
        what="The Managed HSM.",
        accepted="the settings of a pool, or existing",
        example={
            "name": "contoso-hsm",
            "retentionDays": 90,
            "purgeProtection": True,
            "initialAdministrators": ["6f2c9b1e-5d0a-4c3e-9b7f-2a1d8e4c6b05"],
            "firewall": {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"},
        },
    )
    security_domain: SecurityDomain | None = setting(
        None,
        what="The activation of the pool. Required unless the pool is another stack's.",
        accepted="quorum, custodians and destinations",
        example={
            "quorum": 2,
            "custodians": [
                {"name": f"custodian-{number}", "certificate": f".local/custodians/cert_{number}.cer"}
                for number in (1, 2, 3)
            ],
            "destinations": [{"path": ".local/security-domain/contoso-hsm-SD.json"}],
        },
    )
    storage: Storage | None = setting(
        None,
        what="The program's own storage account for the security domain, in a group of its own.",
        accepted="name, resourceGroup, location, replication, retentionDays, firewall and tags",
        example={
            "name": "contosocustody",
            "resourceGroup": "ContosoCustody",
            "firewall": {"publicNetworkAccess": "Enabled", "defaultAction": "Allow", "bypass": "None"},
        },
    )
    role_definitions: tuple[RoleDefinition, ...] = setting(
        (),
        what="Roles of one's own.",
        accepted="a list of preset, or name, description, dataActions and notDataActions",
        example=[{"name": "Contoso Key Reader", "dataActions": ["keys/read/action"]}],
    )
    role_assignments: tuple[RoleAssignment, ...] = setting(
        (),
        what="Who may do what in the pool.",
        accepted="a list of role, principal and scope",
        example=[{"role": "Managed HSM Crypto User", "principal": "deployer", "scope": "/keys"}],
    )
    access: Access = setting(
        Access(),
        what="How the pool's assignments are looked after.",
        accepted="exclusive, leave and bootstrapOver",
        example={"exclusive": True},
    )
    keys: dict[KeyName, Key] = setting(
        {},
        what="The keys of the pool, by name.",
        accepted="a mapping of key names to their settings",
        example={"myrsakey": {"type": "RSA-HSM", "size": 3072}},
    )
    backup: Backup | None = setting(
        None,
        what="Full backups of the pool.",
        accepted="container, trigger and account",
        example={"container": "https://contosobackups.blob.core.windows.net/contoso-hsm", "trigger": "2026-11"},
    )
    restore: Restore | None = setting(
        None,
        what="A full restore of the pool: everything in it gives way to what a backup holds.",
        accepted="folder, overwrite and trigger",
        example={
            "folder": "https://contosobackups.blob.core.windows.net/contoso-hsm/mhsm-contoso-hsm-2026112117301572",
            "overwrite": "contoso-hsm",
        },
    )
    import_passphrases: dict[KeyName, SecretStr] = setting(
        {},
        what="Passphrases of the files that keys are imported from, by key. Values are Pulumi secrets "
        "(`pulumi config set --secret`); plain text is refused.",
        accepted="names of keys with secret values",
        example={"mypemrsakey": "(a Pulumi secret)"},
    )
    network: PrivateNetwork | None = setting(
        None,
        what="The private way to the pool.",
        accepted="location, vnet, subnet, dns and privateEndpoints",
        example={
            "location": "westus",
            "vnet": {"name": "vnetwest", "addressSpace": "10.0.0.0/16"},
            "subnet": {"name": "mainsubnet", "addressPrefix": "10.0.1.0/24"},
            "dns": {"link": "managedhsmzone", "registration": True},
            "privateEndpoints": [{"name": "privateendpointmainsubnet", "connection": "privatelinkmain"}],
        },
    )
    identities: dict[VmName, Identity] = setting(
        {},
        what="The workload's identities, by name, and the VMs that have them.",
        accepted="a mapping of names to {vm: …}, {userAssigned: true, vms: […]} or {id: …, vms: […]}",
        example={"testvmmhsm": {"vm": {}}},
    )
    proof: Proof = setting(
        Proof(),
        what="The proof of the private path, on the workload's machines.",
        accepted="run, patienceSeconds and again",
        example={"run": True},
    )
    vault: Vault | None = setting(
        None,
        what="A Key Vault beside the pool, for what cannot be a key.",
        accepted="the settings of a vault",
        example={
            "name": "contosomivault",
            "retentionDays": 90,
            "purgeProtection": True,
            "firewall": {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"},
        },
    )
    diagnostics: Diagnostics | None = setting(
        None,
        what="Where the audit log and the metrics of pool and vault go, and who is alerted.",
        accepted="storage, eventHub, logAnalytics, metrics, readers and alerts",
        example={"storage": {"name": "contosohsmlogs"}},
    )
