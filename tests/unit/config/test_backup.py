from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config import Settings

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]

ACCOUNT = (
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoBackups"
    "/providers/Microsoft.Storage/storageAccounts/contosobackups"
)
CONTAINER = "https://contosobackups.blob.core.windows.net/mhsm"


@pytest.fixture
def backed(dev: Values) -> Values:
    """The stack dev with backups."""
    dev["managed-hsm:identities"]["backup"] = {"userAssigned": True}
    dev["managed-hsm:hsm"]["identities"] = ["backup"]
    dev["managed-hsm:backup"] = {"container": CONTAINER, "trigger": "2026-11", "account": ACCOUNT}
    return dev


def test_backups_and_a_restore_are_accepted_confirmed_or_done_already(
    backed: Values, accepted: Callable[[Values], Settings]
) -> None:
    folder = f"{CONTAINER}/mhsm-az400popMHSM-2026112117301572"
    backed["managed-hsm:restore"] = {"folder": folder, "overwrite": "az400popMHSM", "trigger": "again"}
    confirmed = accepted(backed)
    assert confirmed.backup is not None
    assert confirmed.restore is not None
    del backed["managed-hsm:restore"]["overwrite"]
    assert accepted(backed).restore is not None


def test_the_pool_needs_one_identity_for_them(backed: Values, mistakes: Mistakes) -> None:
    backed["managed-hsm:hsm"]["identities"] = []
    (line,) = mistakes(backed)
    assert line.startswith("hsm.identities: [] is not accepted; one user-assigned identity, as which the pool reaches")
    backed["managed-hsm:identities"]["other"] = {"userAssigned": True}
    backed["managed-hsm:hsm"]["identities"] = ["backup", "other"]
    (line,) = mistakes(backed)
    assert "the service cannot be told which to use" in line


def test_an_account_in_the_pool_s_own_group_is_refused(backed: Values, mistakes: Mistakes) -> None:
    backed["managed-hsm:backup"]["account"] = ACCOUNT.replace("ContosoBackups", "contosoresourcegroup")
    backed["managed-hsm:subscriptionId"] = ACCOUNT.split("/")[2]
    (line,) = mistakes(backed)
    assert "the loss of one would be the loss of both" in line


def test_a_group_of_that_name_in_another_subscription_is_another_group(
    backed: Values, accepted: Callable[[Values], Settings]
) -> None:
    backed["managed-hsm:backup"]["account"] = ACCOUNT.replace("ContosoBackups", "contosoresourcegroup")
    backed["managed-hsm:subscriptionId"] = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    assert accepted(backed).backup is not None


@pytest.mark.parametrize(
    ("account", "accepted"),
    [
        (ACCOUNT.replace("/contosobackups", "/another"), f"the account of {CONTAINER}"),
        (f"{ACCOUNT}/blobServices/default", "the ARM id of a storage account"),
        (ACCOUNT.replace("Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"), "the ARM id of a storage"),
    ],
)
def test_an_account_that_is_not_the_container_s_is_refused(
    backed: Values, mistakes: Mistakes, account: str, accepted: str
) -> None:
    backed["managed-hsm:backup"]["account"] = account
    (line,) = mistakes(backed)
    assert line.startswith("backup.account: ")
    assert accepted in line


@pytest.mark.parametrize(
    "container",
    [
        "http://contosobackups.blob.core.windows.net/mhsm",
        "https://contosobackups.blob.core.windows.net",
        "https://contosobackups.blob.core.windows.net/mhsm/folder",
        "https://contosobackups.blob.core.windows.net/mhsm?sv=2022-11-02&sig=abc",
        "https://contosobackups.blob.core.windows.net/Mhsm",
        "https://contosobackups.blob.core.windows.net/m--hsm",
    ],
)
def test_what_is_no_container_is_refused_and_a_signature_with_it(
    backed: Values, mistakes: Mistakes, container: str
) -> None:
    backed["managed-hsm:backup"]["container"] = container
    (line,) = mistakes(backed)
    assert line.startswith("backup.container: ")


def test_a_restore_is_of_a_backup_s_folder_and_confirmed_by_this_pool_s_name(
    backed: Values, mistakes: Mistakes
) -> None:
    backed["managed-hsm:restore"] = {"folder": CONTAINER, "overwrite": "az400popMHSM"}
    (line,) = mistakes(backed)
    assert line.startswith("restore.folder: ")
    backed["managed-hsm:restore"] = {"folder": f"{CONTAINER}/mhsm-x-2026112117301572", "overwrite": "another"}
    (line,) = mistakes(backed)
    assert line == "restore.overwrite: another is not accepted; the pool's name az400popMHSM, as confirmation"


def test_a_key_from_a_full_backup_needs_the_identity_and_no_other_origin(backed: Values, mistakes: Mistakes) -> None:
    del backed["managed-hsm:backup"]
    backed["managed-hsm:hsm"]["identities"] = []
    key = backed["managed-hsm:keys"]["mypemrsakey"]
    key["restoreFromBackup"] = f"{CONTAINER}/mhsm-az400popMHSM-2026112117301572"
    (other,) = mistakes(backed)
    assert other == "keys.mypemrsakey.restoreFromBackup: is not accepted; none beside importFrom"
    backed["managed-hsm:keys"]["mypemrsakey"] = {**key, "importFrom": None, "size": 2048}
    (identity,) = mistakes(backed)
    assert identity.startswith("hsm.identities: [] is not accepted; one user-assigned identity")


def test_a_pool_of_another_stack_is_backed_up_by_that_stack(backed: Values, mistakes: Mistakes) -> None:
    pool = "/resourceGroups/ContosoResourceGroup/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
    backed["managed-hsm:hsm"] = {"existing": f"/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590{pool}"}
    for section in ("securityDomain", "network", "roleDefinitions"):
        backed.pop(f"managed-hsm:{section}", None)
    assert "backup: is not accepted; none for a pool of another stack" in mistakes(backed)


def test_backups_in_the_program_s_own_account_need_nothing_else(
    backed: Values, accepted: Callable[[Values], Settings], mistakes: Mistakes
) -> None:
    firewall = {"publicNetworkAccess": "Enabled", "defaultAction": "Deny", "bypass": "AzureServices"}
    storage = {"name": "contosobackups", "resourceGroup": "ContosoBackups", "firewall": firewall}
    backed["managed-hsm:storage"] = storage
    (line,) = mistakes(backed)
    assert line == "backup.account: is not accepted; none for the program's own account"
    del backed["managed-hsm:backup"]["account"]
    assert accepted(backed).storage is not None
    backed["managed-hsm:storage"] = {**storage, "firewall": {**firewall, "bypass": "None"}}
    (line,) = mistakes(backed)
    assert line == "storage.firewall.bypass: None is not accepted; AzureServices, as which the pool comes in"
