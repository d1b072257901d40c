from __future__ import annotations

from pathlib import Path

import pytest

from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Program, declare, dev

ACCOUNT = (
    f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/ContosoBackups/providers"
    "/Microsoft.Storage/storageAccounts/contosobackups"
)
CONTAINER = "https://contosobackups.blob.core.windows.net/mhsm"
FOLDER = f"{CONTAINER}/mhsm-az400popMHSM-2026112117301572"
BACKUP, RESTORE = "mhsm:FullBackup full-backup", "mhsm:FullRestore full-restore"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def program(directory: Path, *, account: str | None = ACCOUNT, restore: bool = False) -> Program:
    values = dev()
    values["managed-hsm:identities"] |= {"backup": {"userAssigned": True}}
    values["managed-hsm:hsm"]["identities"] = ["backup"]
    values["managed-hsm:backup"] = {"container": CONTAINER, "trigger": "2026-11", "account": account}
    if account is None:
        del values["managed-hsm:backup"]["account"]
    if restore:
        values["managed-hsm:restore"] = {"folder": FOLDER, "overwrite": "az400popMHSM"}
    return declare(parse(values, directory))


def test_a_backup_waits_for_everything_in_the_pool_and_for_the_identity_s_right(directory: Path) -> None:
    declared = program(directory)
    backup = declared[BACKUP]
    assert (backup.inputs["container"], backup.inputs["trigger"]) == (CONTAINER, "2026-11")
    assert {"myrsakey", "myaeskey", "security-domain", "backup-right"} <= backup.dependencies
    assert backup.inputs["role_is_new"] is True
    assert backup.deleted_with == "managed-hsm"
    right = declared["authorization:RoleAssignment backup-right"]
    assert right.inputs["scope"] == f"{ACCOUNT}/blobServices/default/containers/mhsm"
    assert right.inputs["principalId"] == "principal-of-backup"
    assert right.inputs["roleDefinitionId"].endswith("/ba92f5b4-2d11-453d-a403-e96b0029c9fe")


def test_without_the_account_the_program_gives_no_right(directory: Path) -> None:
    declared = program(directory, account=None)
    assert "authorization:RoleAssignment backup-right" not in declared
    assert declared[BACKUP].inputs["role_is_new"] is False


def test_a_restore_comes_after_the_activation_and_before_every_role_and_key(directory: Path) -> None:
    declared = program(directory, restore=True)
    restore = declared[RESTORE]
    assert (restore.inputs["folder"], restore.inputs["overwrite"]) == (FOLDER, "az400popMHSM")
    assert {"security-domain", "backup-right"} <= restore.dependencies
    roles, keys = declared.of("mhsm:RoleAssignment"), declared.of("mhsm:Key")
    assert roles
    assert all("full-restore" in each.dependencies for each in roles)
    # By a role that they wait for, where there is one.
    before = {"full-restore", *(each.name for each in roles)}
    assert keys
    assert all(before & each.dependencies for each in keys)


def test_no_signature_is_anywhere_in_what_is_declared(directory: Path) -> None:
    declared = program(directory, restore=True)
    assert "sig=" not in repr([each.inputs for each in declared.values()])


def test_a_stack_without_backups_declares_none(directory: Path) -> None:
    declared = declare(parse(dev(), directory))
    assert BACKUP not in declared
    assert RESTORE not in declared


def test_the_program_s_own_account_gets_the_container_first_and_then_the_right(directory: Path) -> None:
    values = dev()
    values["managed-hsm:identities"] |= {"backup": {"userAssigned": True}}
    values["managed-hsm:hsm"]["identities"] = ["backup"]
    values["managed-hsm:backup"] = {"container": CONTAINER, "trigger": "2026-11"}
    values["managed-hsm:storage"] = {
        "name": "contosobackups",
        "resourceGroup": "ContosoBackups",
        "firewall": {"publicNetworkAccess": "Enabled", "defaultAction": "Deny", "bypass": "AzureServices"},
    }
    declared = declare(parse(values, directory))
    assert declared["mhsm:CustodyAccount custody-account"].inputs["containers"] == ["mhsm"]
    right = declared["authorization:RoleAssignment backup-right"]
    assert right.inputs["scope"] == f"{ACCOUNT}/blobServices/default/containers/mhsm"
    assert "custody-account" in right.dependencies
