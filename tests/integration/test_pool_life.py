"""A pool through the whole of its life, by the real engine: what changes in place, what is protected, what comes back,
and what a destroy leaves."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.integration.project import Project

pytestmark = pytest.mark.engine

POOL = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
DELETED = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedManagedHSMs/az400popMHSM"
SETTING = "AllowKeyManagementOperationsThroughARM"
SETTING_URL = f"https://az400popmhsm.managedhsm.azure.net/settings/{SETTING}?api-version=7.5"
ARM, HSM = "https://management.azure.com", "https://managedhsm.azure.net"
KEY = {"myrsakey": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]}}
WORDS = "lift the protection of az400popMHSM"
BORN = {
    "initialAdministrators": [DEPLOYER_OBJECT_ID],
    "onDestroy": "softDelete",
    "secondRegion": "westus3",
    "settings": {SETTING: True},
    "identities": ["backup"],
}


def configure(project: Project, **hsm: Any) -> None:
    """Changes keys of the section ``hsm``; None takes a key away."""
    changed = {**project.configured("hsm"), **hsm}
    project.configure(hsm={name: value for name, value in changed.items() if value is not None})


def as_in_production(project: Project) -> None:
    """A stack of the environment prod, with no more around the pool than this is about."""
    for key in (project.directory / ".local/custodians").glob("*.key"):
        key.unlink()
    domain = project.configured("securityDomain")
    domain.pop("rehearsal")
    roles = [each for each in project.configured("roleAssignments") if each["principal"] == "deployer"]
    project.configure(
        environment="prod",
        securityDomain=domain,
        roleAssignments=roles,
        keys=KEY,
        identities={"backup": {"userAssigned": True}},
        network=None,
        vault=None,
        diagnostics=None,
        proof={"run": False},
    )
    configure(project, **BORN)


def test_a_pool_lives_is_protected_goes_and_comes_back(project: Project) -> None:
    azure = ByHand(project.instance)
    as_in_production(project)
    project.up()
    assert_made(azure)
    assert_drift_is_told_and_mended(project, azure)
    assert_changes_in_place_and_purge_protection_goes_one_way(project, azure)
    assert_nobody_deletes_it_before_the_words_are_written(project, azure)
    assert_a_destroy_leaves_no_region_and_tells_the_price(project, azure)
    assert_the_name_is_held_until_the_pool_is_brought_back(project, azure)


def setting(azure: ByHand) -> str:
    return str(azure.ask("GET", SETTING_URL, HSM).json()["value"])


def regions(pool: Any) -> list[str]:
    return [each["name"] for each in pool["properties"]["regions"]]


def assert_made(azure: ByHand) -> None:
    made = azure.arm("GET", POOL, POOLS)
    assert regions(made) == ["westus3"]
    assert next(iter(made["identity"]["userAssignedIdentities"])).endswith("/userAssignedIdentities/backup")
    assert made["properties"]["enablePurgeProtection"] is False
    assert setting(azure) == "true"


def assert_drift_is_told_and_mended(project: Project, azure: ByHand) -> None:
    """Somebody opens the firewall and changes a setting: refresh sees it, the preview says it, ``up`` mends it."""
    acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []}
    azure.arm("PATCH", POOL, POOLS, {"properties": {"networkAcls": acls}})
    assert azure.ask("PATCH", SETTING_URL, HSM, {"value": "false"}).ok
    project.pulumi("refresh", "--yes", "--skip-preview")
    said = project.pulumi("preview", "--diff").output
    assert f"setting {SETTING}: the pool has false, the configuration says true" in said
    assert "hsm.firewall: everybody on the internet reaches az400popMHSM: its defaultAction is Allow" in said
    project.up()
    assert azure.arm("GET", POOL, POOLS)["properties"]["networkAcls"]["defaultAction"] == "Deny"
    assert setting(azure) == "true"


def assert_changes_in_place_and_purge_protection_goes_one_way(project: Project, azure: ByHand) -> None:
    made = azure.arm("GET", POOL, POOLS)["systemData"]["createdAt"]
    configure(project, tags={"owner": "crypto"}, settings=None, secondRegion="northeurope", purgeProtection=True)
    project.up()
    found = azure.arm("GET", POOL, POOLS)
    assert found["systemData"]["createdAt"] == made
    assert found["tags"] == {"owner": "crypto"}
    assert regions(found) == ["northeurope"]
    assert found["properties"]["enablePurgeProtection"] is True
    assert setting(azure) == "false"
    configure(project, purgeProtection=False)
    refused = project.pulumi("preview", check=False)
    assert "hsm.purgeProtection: false is not accepted; true, as it is switched on and nobody" in refused.output
    configure(project, purgeProtection=True)


def assert_nobody_deletes_it_before_the_words_are_written(project: Project, azure: ByHand) -> None:
    by_hand = azure.ask("DELETE", f"{ARM}{POOL}?api-version={POOLS}", ARM)
    assert (by_hand.status_code, by_hand.json()["error"]["code"]) == (409, "ScopeLocked")
    refused = project.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.status != 0
    assert "cannot be deleted" in refused.output
    assert regions(azure.arm("GET", POOL, POOLS)) == ["northeurope"]
    assert azure.arm("GET", POOL, POOLS) is not None
    configure(project, liftProtection=WORDS)
    project.up()
    assert azure.ask("DELETE", f"{ARM}{POOL}?api-version={POOLS}", ARM).status_code == 409


def assert_a_destroy_leaves_no_region_and_tells_the_price(project: Project, azure: ByHand) -> None:
    said = project.pulumi("destroy", "--yes", "--skip-preview").output
    assert azure.arm("GET", POOL, POOLS) is None
    assert "az400popMHSM: removing the region northeurope; the HSM there is purged" in said
    assert "az400popMHSM is only deleted softly: it holds its name, and is billed about 3.20 US$ an hour" in said
    assert "purge protection lets nobody end that sooner" in said


def assert_the_name_is_held_until_the_pool_is_brought_back(project: Project, azure: ByHand) -> None:
    refused = project.pulumi("preview", check=False)
    assert "a soft-deleted pool az400popMHSM in eastus2 holds the name" in refused.output
    configure(project, onSoftDeleted="recover", secondRegion=None)
    project.configure(securityDomain={**project.configured("securityDomain"), "reissue": "az400popMHSM"})
    said = project.up().output
    assert "recovering the soft-deleted pool az400popMHSM" in said
    assert "key myrsakey in https://az400popmhsm.managedhsm.azure.net: exists; adopted" in said
    back = azure.arm("GET", POOL, POOLS)
    assert back["properties"]["securityDomainProperties"]["activationStatus"] == "Active"
    assert azure.arm("GET", DELETED, POOLS) is None
    project.pulumi("preview", "--expect-no-changes")
