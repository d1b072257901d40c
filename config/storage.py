"""The program's own storage account for the security domain. Names and limits: the API description of
Microsoft.Storage, and "Soft delete for blobs".
"""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator

from config.fields import TAGS_ACCEPTED, Integer, Region, Section, Tags, matching, setting
from config.hsm import Firewall, IpRule

Replication = Literal[
    "Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS", "Standard_RAGRS", "Standard_RAGZRS"
]
"""How often, and how far away, the account keeps what is in it."""


class StorageFirewall(Firewall):
    """Who reaches the account's blobs. Whoever runs the program has to."""

    ip_rules: tuple[IpRule, ...] = setting(
        (),
        what="Public IPv4 addresses or networks that are let in although the default action is Deny.",
        accepted="at most 400 public IPv4 addresses or networks, such as 203.0.113.10 or 203.0.113.0/24",
        example=["203.0.113.10"],
        max_length=400,
    )


class Storage(Section):
    """A storage account for the security domain, made before the pool is activated and never deleted."""

    name: Annotated[str, BeforeValidator(matching(r"[0-9a-z]{3,24}"))] = setting(
        what="The account's name, unique in the world. Destinations in it are "
        "`https://<name>.blob.core.windows.net/<container>`; their containers are made.",
        accepted="3 to 24 lower-case letters and digits",
        example="contosocustody",
    )
    resource_group: Annotated[str, BeforeValidator(matching(r"[\w.()-]{0,89}[\w()-]"))] = setting(
        what="The resource group that it lies in, not the pool's: what is lost with the pool must not be lost with it. "
        "Made where there is none.",
        accepted="1 to 90 letters, digits and ._()- not ending with a dot; another than resourceGroup",
        example="ContosoCustody",
    )
    location: Region | None = setting(
        None,
        what="The region; the pool's where nothing is said.",
        accepted="an Azure region such as westus",
        example="westus",
    )
    replication: Replication = setting(
        "Standard_GRS",
        what="How many copies there are, and where: GRS keeps some in another region.",
        accepted=", ".join(get_args(Replication)),
        example="Standard_GRS",
    )
    retention_days: Integer = setting(
        90,
        what="Days for which what was deleted can be brought back; what was overwritten is kept as a version.",
        accepted="1 to 365 days",
        example=365,
        ge=1,
        le=365,
    )
    firewall: StorageFirewall = setting(
        what="Who reaches the account's blobs.",
        accepted="publicNetworkAccess, defaultAction, bypass and ipRules",
        example={
            "publicNetworkAccess": "Enabled",
            "defaultAction": "Deny",
            "bypass": "None",
            "ipRules": ["203.0.113.10"],
        },
    )
    tags: Tags = setting({}, what="Tags of the account.", accepted=TAGS_ACCEPTED, example={"keeps": "security domains"})
