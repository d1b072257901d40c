"""Storage accounts that are to keep the security domain, looked at before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.custody import check_places, destinations
from components.deployer import Deployer
from config import ConfigurationError, Settings, parse
from data_plane import session
from data_plane.errors import ConflictError
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.stack import material
from tests.support import Azure
from tests.unit.components.recorder import dev
from tests.unit.local_azure.storage.daemon import ACCOUNT, CONTAINER_SCOPE, Storage

pytestmark = pytest.mark.daemon

CONTAINER = f"https://{ACCOUNT}.blob.core.windows.net/custody"
WHO = Deployer(TENANT_ID, SUBSCRIPTION_ID, DEPLOYER_OBJECT_ID)
OWN = {"name": "contosocustody", "resourceGroup": "ContosoCustody"}
OWN_CONTAINER = "https://contosocustody.blob.core.windows.net/domains"
STORAGE = "2024-01-01"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("program")
    material.make(made / ".local")
    return made


@pytest.fixture
def storage(azure: Azure) -> Iterator[Storage]:
    session.forget()
    made = Storage(azure)
    made.container("custody")
    yield made
    session.forget()


def settings(directory: Path, *blobs: dict[str, Any], **sections: Any) -> Settings:
    values = dev()
    domain = values["managed-hsm:securityDomain"]
    values["managed-hsm:securityDomain"] = {**domain, "destinations": [*domain["destinations"], *blobs]}
    return parse({**values, **{f"managed-hsm:{name}": value for name, value in sections.items()}}, directory)


def refusals(wanted: Settings, pool: Any | None = None) -> list[str]:
    try:
        check_places(wanted, pool, WHO, session.current())
    except ConfigurationError as error:
        return [str(problem) for problem in error.problems]
    return []


def active() -> Any:
    domain = SimpleNamespace(activation_status="Active")
    return SimpleNamespace(properties=SimpleNamespace(security_domain_properties=domain))


def test_an_account_of_another_group_with_its_container_is_fine(storage: Storage, directory: Path) -> None:
    assert storage.account.name == ACCOUNT
    wanted = settings(directory, {"blob": CONTAINER})
    assert refusals(wanted) == []
    assert wanted.security_domain is not None
    names = [each.blob for each in destinations(wanted.security_domain, "az400popMHSM")]
    assert names == [None, f"{CONTAINER}/az400popMHSM-SD.json"]


def test_nobody_is_asked_where_no_blob_is_configured(directory: Path) -> None:
    asked: Any = None
    check_places(settings(directory), None, WHO, asked)


def test_an_account_in_the_pools_own_group_is_refused(storage: Storage, directory: Path) -> None:
    group = "contosobackups"
    [line] = refusals(settings(directory, {"blob": CONTAINER}, resourceGroup=group))
    assert line == (
        f"managed-hsm:securityDomain.destinations[1].blob: {CONTAINER} is not accepted; an account outside of {group},"
        " the pool's own resource group: the loss of one would be the loss of both"
    )
    by_id = {"blob": CONTAINER, "account": storage.account.id}
    assert refusals(settings(directory, by_id, resourceGroup=group)) == [line]


def test_an_account_behind_a_key_of_this_very_pool_is_refused(storage: Storage, directory: Path) -> None:
    encrypt(storage, "https://az400popmhsm.managedhsm.azure.net/")
    [line] = refusals(settings(directory, {"blob": CONTAINER}))
    assert line.endswith(
        "an account that is not encrypted with a key of az400popMHSM itself: the loss of one would be the loss of both"
    )
    encrypt(storage, "https://anotherhsm.managedhsm.azure.net/")
    assert refusals(settings(directory, {"blob": CONTAINER})) == []


def test_a_container_behind_a_key_of_this_very_pool_is_refused(storage: Storage, directory: Path) -> None:
    scope = {
        "source": "Microsoft.KeyVault",
        "keyVaultProperties": {"keyUri": "https://az400popmhsm.managedhsm.azure.net/keys/storage"},
    }
    encrypt(storage, "https://anotherhsm.managedhsm.azure.net/")
    storage.hand.arm("PUT", f"{CONTAINER_SCOPE}/encryptionScopes/custody", STORAGE, {"properties": scope})
    container = {"properties": {"defaultEncryptionScope": "custody", "denyEncryptionScopeOverride": True}}
    storage.hand.arm("PUT", f"{CONTAINER_SCOPE}/blobServices/default/containers/scoped", STORAGE, container)
    [line] = refusals(settings(directory, {"blob": CONTAINER.replace("/custody", "/scoped")}))
    assert "not encrypted with a key of az400popMHSM itself" in line


def test_an_account_that_nobody_sees_is_asked_for(
    storage: Storage, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del storage
    elsewhere = CONTAINER.replace(ACCOUNT, "fabrikamcustody")
    [line] = refusals(settings(directory, {"blob": elsewhere}))
    assert "there is no storage account fabrikamcustody that this principal can see" in line
    assert "or its id (account) where it lies elsewhere" in line
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    assert refusals(settings(directory, {"blob": elsewhere, "optional": True}), active()) == []
    assert "fabrikamcustody" in warned[0]


def test_a_container_that_is_not_there_is_told_before_the_activation(storage: Storage, directory: Path) -> None:
    del storage
    [line] = refusals(settings(directory, {"blob": CONTAINER.replace("/custody", "/nowhere")}))
    assert line.endswith(f"{ACCOUNT} has no container nowhere; make it, or name one that is there")


def test_the_own_accounts_name_is_free_or_its_own(storage: Storage, directory: Path) -> None:
    assert refusals(settings(directory, {"blob": OWN_CONTAINER}, storage=OWN)) == []
    taken = settings(directory, {"blob": CONTAINER}, storage={**OWN, "name": ACCOUNT})
    with pytest.raises(ConflictError, match=f"managed-hsm:storage.name: .*{ACCOUNT} is already taken — choose another"):
        check_places(taken, None, WHO, session.current())
    own = settings(directory, {"blob": CONTAINER}, storage={"name": ACCOUNT, "resourceGroup": "ContosoBackups"})
    assert refusals(own) == []
    encrypt(storage, "https://az400popmhsm.managedhsm.azure.net/")
    assert len(refusals(own)) == 1


def test_an_account_that_may_not_be_read_is_none_that_is_seen(
    storage: Storage, directory: Path, monkeypatch: pytest.MonkeyPatch, azure: Azure
) -> None:
    azure.control.add_fault("status", path=f"/storageAccounts/{ACCOUNT}$", status=403, count=2)
    by_id = {"blob": CONTAINER, "account": storage.account.id}
    [line] = refusals(settings(directory, by_id))
    assert "that this principal can see" in line
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    assert refusals(settings(directory, {**by_id, "optional": True}), active()) == []
    assert ACCOUNT in warned[0]


@pytest.mark.parametrize("by_id", [True, False])
def test_backups_go_neither_into_the_pools_own_group_nor_behind_its_own_key(
    storage: Storage, directory: Path, by_id: bool
) -> None:
    backup = {"container": CONTAINER, "trigger": "first", **({"account": storage.account.id} if by_id else {})}
    identity = {"backup": {"userAssigned": True}}
    hsm = {**dev()["managed-hsm:hsm"], "identities": ["backup"]}
    sections: dict[str, Any] = {
        "backup": backup,
        "hsm": hsm,
        "identities": {**dev()["managed-hsm:identities"], **identity},
    }
    assert refusals(settings(directory, **sections)) == []
    [line] = refusals(settings(directory, **sections, resourceGroup="contosobackups"))
    assert line.startswith(f"managed-hsm:backup.container: {CONTAINER} is not accepted; an account outside of contosob")
    encrypt(storage, "https://az400popmhsm.managedhsm.azure.net/")
    [line] = refusals(settings(directory, **sections))
    assert "an account that is not encrypted with a key of az400popMHSM itself" in line


def encrypt(storage: Storage, uri: str) -> None:
    """Puts the account behind a customer's key, by hand."""
    key = {"keyname": "storage", "keyvaulturi": uri}
    body = {
        "identity": {"type": "SystemAssigned"},
        "properties": {"encryption": {"keySource": "Microsoft.Keyvault", "keyvaultproperties": key}},
    }
    storage.hand.arm("PATCH", CONTAINER_SCOPE, STORAGE, body)
