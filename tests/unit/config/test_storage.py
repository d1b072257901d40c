"""Blobs that keep the security domain, and the program's own storage account, as the configuration says them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import parse
from config.security_domain import BlobDestination

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]

DOMAIN, STORAGE = "managed-hsm:securityDomain", "managed-hsm:storage"
CONTAINER = "https://contosocustody.blob.core.windows.net/security-domains"
ACCEPTED = "https://<account>.blob.core.windows.net/<container>, and /<name> of letters, digits and ._-/"
GUID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
ACCOUNT = f"/subscriptions/{GUID}/resourceGroups/ContosoCustody/providers/Microsoft.Storage/storageAccounts"
OWN: Values = {"name": "contosocustody", "resourceGroup": "ContosoCustody"}


def with_blob(values: Values, blob: str, **more: Any) -> Values:
    values[DOMAIN]["destinations"].append({"blob": blob, **more})
    return values


def test_a_container_is_enough_and_a_name_may_have_folders(dev: Values, project: Path) -> None:
    with_blob(with_blob(dev, CONTAINER), f"{CONTAINER}/contoso/2026/SD.json", optional=True)
    domain = parse(dev, project).security_domain
    assert domain is not None
    first, second = (each for each in domain.destinations if isinstance(each, BlobDestination))
    assert first.address("az400popMHSM") == f"{CONTAINER}/az400popMHSM-SD.json"
    assert second.address("az400popMHSM") == f"{CONTAINER}/contoso/2026/SD.json"
    assert (second.account_name, second.container, second.optional) == ("contosocustody", "security-domains", True)


@pytest.mark.parametrize(
    "blob",
    [
        "http://contosocustody.blob.core.windows.net/domains/SD.json",
        "https://contosocustody.blob.core.windows.net",
        "https://contosocustody.blob.core.windows.net/",
        "https://Contoso.blob.core.windows.net/domains",
        "https://contosocustody.blob.evil.example/domains/SD.json",
        f"{CONTAINER}/SD.json?sv=2022-11-02&sig=abc",
        f"{CONTAINER}/",
        CONTAINER.replace("core.windows.net", "core.windows.net.example"),
        CONTAINER.replace("core.windows.net", "core.windwos.net"),
        f"{CONTAINER}//SD.json",
        f"{CONTAINER}/../SD.json",
        f"{CONTAINER}/SD.json.",
        f"{CONTAINER}/a name",
        "https://contosocustody.blob.core.windows.net/Upper/SD.json",
    ],
)
def test_what_is_no_address_of_a_blob(dev: Values, mistakes: Mistakes, blob: str) -> None:
    [line] = mistakes(with_blob(dev, blob))
    assert line.startswith("securityDomain.destinations[1].blob: ")
    assert line.endswith(f" is not accepted; {ACCEPTED}")


def test_a_recovery_may_come_from_a_blob_that_is_no_destination(dev: Values, project: Path, mistakes: Mistakes) -> None:
    with_blob(dev, f"{CONTAINER}/SD.json")
    dev[DOMAIN]["recoverFrom"] = f"{CONTAINER}/recovered.json"
    domain = parse(dev, project).security_domain
    assert domain is not None
    assert domain.recover_from == f"{CONTAINER}/recovered.json"
    dev[DOMAIN]["recoverFrom"] = f"{CONTAINER}/SD.json"
    [line] = mistakes(dev)
    assert line.endswith("is not accepted; the address of a blob that is no destination, nor written beside one")
    dev[DOMAIN]["recoverFrom"] = f"{CONTAINER}/SD.json.manifest.json"
    assert len(mistakes(dev)) == 1
    dev[DOMAIN]["destinations"][1]["blob"] = f"{CONTAINER}/recovered.json.transfer-key.json"
    dev[DOMAIN]["recoverFrom"] = f"{CONTAINER}/recovered.json"
    assert len(mistakes(dev)) == 1
    dev[DOMAIN]["recoverFrom"] = CONTAINER
    [line] = mistakes(dev)
    assert line.startswith(f"securityDomain.recoverFrom: {CONTAINER} is not accepted; the path of a file, or the ")


def test_two_destinations_are_two_places_though_one_is_named_by_its_container(dev: Values, mistakes: Mistakes) -> None:
    name = dev["managed-hsm:hsm"]["name"]
    with_blob(with_blob(dev, CONTAINER), f"{CONTAINER}/{name}-SD.json")
    assert mistakes(dev) == [
        f"securityDomain.destinations[2].blob: {CONTAINER}/{name}-SD.json is not accepted;"
        " a place of its own (destinations[1] is the same)",
    ]


@pytest.mark.parametrize("ending", [".manifest.json", ".attempt.json"])
def test_what_is_written_beside_a_blob_is_no_other_destination(dev: Values, mistakes: Mistakes, ending: str) -> None:
    name = f"{dev['managed-hsm:hsm']['name']}-SD.json{ending}"
    assert mistakes(with_blob(with_blob(dev, CONTAINER), f"{CONTAINER}/{name}")) == [
        f"securityDomain.destinations[1].blob: {CONTAINER} is not accepted;"
        f" a place whose {name} is not destinations[2]: that is written beside it",
    ]


def test_the_own_account_lies_outside_of_the_pools_group_and_keeps_something(dev: Values, mistakes: Mistakes) -> None:
    group = dev["managed-hsm:resourceGroup"]
    dev[STORAGE] = {**OWN, "resourceGroup": group.upper()}
    assert mistakes(with_blob(dev, CONTAINER)) == [
        f"storage.resourceGroup: {group.upper()} is not accepted; another group than the pool's, which the security"
        " domain has to outlive"
    ]
    dev[STORAGE] = {**OWN, "name": "anothername"}
    assert mistakes(dev) == [
        "storage: nothing is kept in it; a destination in it"
        " ({blob: https://anothername.blob.core.windows.net/<container>})"
    ]


def test_dev_fills_in_a_firewall_and_prod_wants_it_said(dev: Values, project: Path, mistakes: Mistakes) -> None:
    dev[STORAGE] = OWN
    own = parse(with_blob(dev, CONTAINER), project).storage
    assert own is not None
    assert (own.firewall.default_action, own.retention_days, own.replication) == ("Allow", 90, "Standard_GRS")
    dev["managed-hsm:environment"] = "prod"
    assert "storage.firewall: is missing; publicNetworkAccess, defaultAction, bypass and ipRules" in mistakes(dev)


def test_an_account_by_id_is_that_of_the_blob_and_not_in_the_pools_group(
    dev: Values, project: Path, mistakes: Mistakes
) -> None:
    parse(with_blob(dev, CONTAINER, account=f"{ACCOUNT}/contosocustody"), project)
    dev[DOMAIN]["destinations"][1]["account"] = f"{ACCOUNT}/another"
    [line] = mistakes(dev)
    assert line.endswith("is not accepted; the ARM id of the storage account contosocustody")
    dev["managed-hsm:subscriptionId"] = GUID
    group = dev["managed-hsm:resourceGroup"]
    dev[DOMAIN]["destinations"][1]["account"] = f"{ACCOUNT}/contosocustody".replace("ContosoCustody", group)
    [line] = mistakes(dev)
    assert line.endswith(
        "is not accepted; an account outside of the pool's resource group, which the security domain has to outlive"
    )
    dev[DOMAIN]["destinations"][1]["account"] = f"{ACCOUNT}/contosocustody"
    dev[STORAGE] = OWN
    assert mistakes(dev) == [
        "securityDomain.destinations[1].account: is not accepted; none for the program's own account"
    ]
