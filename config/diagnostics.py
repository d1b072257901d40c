"""Where logs and metrics go, how long they stay, who may read them, and what raises an alert.

Names and limits: the API descriptions of Microsoft.Storage, Microsoft.EventHub and Microsoft.OperationalInsights, and
"Diagnostic settings in Azure Monitor". A storage account and an event hub must lie in the region of what logs to them.
"""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator

from config.access import PRINCIPAL_ACCEPTED, Principal
from config.fields import ArmId, Boolean, Integer, Section, matching, setting
from config.hsm import IpRule

Immutability = Literal["Disabled", "Unlocked", "Locked"]
"""The states of an account's policy against change, in ARM's words."""

Replication = Literal["Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS", "Standard_RAGRS"]
"""How often, and how far away, a storage account keeps what is in it."""

_IDS = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoLogs/providers"


class Storage(Section):
    """A storage account for logs: made by this program, or one that exists."""

    name: Annotated[str, BeforeValidator(matching(r"[0-9a-z]{3,24}"))] | None = setting(
        None,
        what="The name of an account that is made, unique in the world. It is for logs alone.",
        accepted="3 to 24 lower-case letters and digits",
        example="contosohsmlogs",
    )
    id: ArmId | None = setting(
        None,
        what="The id of an account that exists. Instead of name.",
        accepted="the ARM id of a storage account",
        example=f"{_IDS}/Microsoft.Storage/storageAccounts/contosologs",
    )
    retention_days: Integer | None = setting(
        None,
        what="Days after which the account deletes its logs.",
        accepted="1 to 3650 days",
        example=365,
        ge=1,
        le=3650,
    )
    immutability: Immutability | None = setting(
        None,
        what=(
            "Whether nobody can change or delete logs before the retention has passed: `Unlocked` can be lifted again"
            " by whoever owns the account, `Locked` by nobody, and then also the account stays."
        ),
        accepted="Disabled, Unlocked or Locked (an account that is Unlocked can be Locked)",
        example="Unlocked",
    )
    replication: Replication = setting(
        "Standard_ZRS",
        what="How many copies there are, and where.",
        accepted=", ".join(get_args(Replication)),
        example="Standard_ZRS",
    )
    ip_rules: tuple[IpRule, ...] = setting(
        (),
        what="Public IPv4 addresses or networks from which logs can be read; without any, only private endpoints can.",
        accepted="at most 400 public IPv4 addresses, or networks of /30 or larger",
        example=["203.0.113.10"],
    )


class EventHub(Section):
    """An event hub for logs: a namespace with a hub made by this program, or a rule of one that exists."""

    name: Annotated[str, BeforeValidator(matching(r"[A-Za-z][0-9A-Za-z-]{4,48}[0-9A-Za-z]"))] | None = setting(
        None,
        what="The name of a namespace that is made, unique in the world.",
        accepted="6 to 50 letters, digits and hyphens, starting with a letter, ending with a letter or digit",
        example="contosohsm",
    )
    id: ArmId | None = setting(
        None,
        what="The id of an authorization rule of a namespace that exists, with the right to send. Instead of name.",
        accepted="the ARM id of an authorization rule of an Event Hubs namespace",
        example=f"{_IDS}/Microsoft.EventHub/namespaces/contosologs/authorizationRules/diagnostics",
    )
    hub: Annotated[str, BeforeValidator(matching(r"[0-9A-Za-z]([\w.-]{0,254}[0-9A-Za-z])?"))] = setting(
        "managed-hsm",
        what="The name of the hub in the namespace.",
        accepted="1 to 256 letters, digits and ._-",
        example="managed-hsm",
    )
    retention_days: Integer | None = setting(
        None,
        what="Days for which the hub keeps what nobody has read.",
        accepted="1 to 7 days",
        example=7,
        ge=1,
        le=7,
    )


class LogAnalytics(Section):
    """A Log Analytics workspace: made by this program, or one that exists."""

    name: Annotated[str, BeforeValidator(matching(r"[0-9A-Za-z][0-9A-Za-z-]{2,61}[0-9A-Za-z]"))] | None = setting(
        None,
        what="The name of a workspace that is made.",
        accepted="4 to 63 letters, digits and hyphens, neither first nor last a hyphen",
        example="contosohsm",
    )
    id: ArmId | None = setting(
        None,
        what="The id of a workspace that exists. Instead of name.",
        accepted="the ARM id of a Log Analytics workspace",
        example=f"{_IDS}/Microsoft.OperationalInsights/workspaces/contoso",
    )
    retention_days: Integer | None = setting(
        None,
        what="Days for which the workspace keeps its logs.",
        accepted="30 to 730 days",
        example=365,
        ge=30,
        le=730,
    )


class Alerts(Section):
    """Who is told of what must not pass unseen."""

    emails: tuple[Annotated[str, BeforeValidator(matching(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+"))], ...] = setting(
        (),
        what="Addresses that an action group of this stack writes to.",
        accepted="a list of e-mail addresses",
        example=["hsm-alerts@contoso.com"],
        max_length=100,
    )
    action_group: ArmId | None = setting(
        None,
        what="The id of an action group that exists, which is called too.",
        accepted="the ARM id of an action group",
        example=f"{_IDS}/Microsoft.Insights/actionGroups/contoso-security",
    )


class Diagnostics(Section):
    """Where the audit log and the metrics of pool and vault go: each place alone, or several."""

    storage: Storage | None = setting(
        None, what="A storage account.", accepted="name or id", example={"name": "contosohsmlogs"}
    )
    event_hub: EventHub | None = setting(
        None, what="An event hub.", accepted="name or id", example={"name": "contosohsm"}
    )
    log_analytics: LogAnalytics | None = setting(
        None, what="A Log Analytics workspace.", accepted="name or id", example={"name": "contosohsm"}
    )
    metrics: Boolean = setting(
        True,
        what="Whether metrics (requests, latency, availability) go there too.",
        accepted="true or false",
        example=True,
    )
    readers: tuple[Principal, ...] = setting(
        (),
        what=(
            "Who may read the logs in the account and the workspace that are made. Named as in roleAssignments. Making"
            " something in a subscription gives nobody the right to read the blobs in it."
        ),
        accepted=f"a list; each {PRINCIPAL_ACCEPTED}",
        example=["deployer"],
    )
    alerts: Alerts | None = setting(
        None,
        what=(
            "Alerts on the security domain downloaded, roles assigned, keys purged, firewall or logging changed, and"
            " pool or vault deleted."
        ),
        accepted="emails, actionGroup or both; they need logAnalytics",
        example={"emails": ["hsm-alerts@contoso.com"]},
    )

    @property
    def places(self) -> dict[str, Storage | EventHub | LogAnalytics]:
        """What is configured of the three, by its key."""
        found = {"storage": self.storage, "eventHub": self.event_hub, "logAnalytics": self.log_analytics}
        return {key: place for key, place in found.items() if place is not None}
