"""The provider's methods, and what is asked about names, against a local Azure."""

from __future__ import annotations

import pytest

from data_plane import deleted_pool, deleted_vault, session
from data_plane.errors import ConflictError
from dynamic.purge_vault_on_destroy import PurgeVaultOnDestroyProvider
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from tests.support import Azure
from tests.unit.data_plane.support import GROUP

pytestmark = pytest.mark.daemon

PROVIDER = PurgeVaultOnDestroyProvider()
NAME = "contosomivault"
PROPS = {"subscription_id": SUBSCRIPTION_ID, "location": "eastus2", "name": NAME, "__provider": "x"}
VERSION = "2024-11-01"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/{NAME}"
DELETED = deleted_vault.path_of(SUBSCRIPTION_ID, "East US 2", NAME)
WANTED = (SUBSCRIPTION_ID, "eastus2", NAME)


@pytest.fixture
def vault(signed_in: Azure) -> str:
    """A vault that lives; its ARM id."""
    del signed_in
    make_vault()
    return VAULT


def make_vault(**properties: object) -> None:
    session.current().resource_manager_put(GROUP, "2024-03-01", {"location": "eastus2"})
    sku = {"family": "A", "name": "standard"}
    body = {"tenantId": TENANT_ID, "sku": sku, "accessPolicies": [], **properties}
    session.current().resource_manager_put(VAULT, VERSION, {"location": "eastus2", "properties": body})


def delete_vault() -> None:
    session.current().resource_manager_delete(VAULT, VERSION)


def test_a_soft_deleted_vault_is_purged(vault: str, capsys: pytest.CaptureFixture[str]) -> None:
    del vault
    made = PROVIDER.create(PROPS)
    delete_vault()
    assert deleted_pool.exists(session.current(), DELETED)
    assert made.outs is not None
    PROVIDER.delete(made.id, made.outs)
    assert not deleted_pool.exists(session.current(), DELETED)
    assert f"purging the soft-deleted vault {NAME}" in capsys.readouterr().out


def test_a_vault_that_lives_is_left_alone(vault: str) -> None:
    made = PROVIDER.create(PROPS)
    assert made.outs is not None
    PROVIDER.delete(made.id, made.outs)
    assert session.current().resource_manager_get(vault, VERSION)["name"] == NAME


def test_a_deleted_vault_that_shows_late_is_purged_all_the_same(vault: str, signed_in: Azure) -> None:
    del vault
    delete_vault()
    signed_in.control.add_fault("status", method="GET", path="deletedVaults", status=404, code="ResourceNotFound")
    PROVIDER.delete("id", PROPS)
    assert not deleted_pool.exists(session.current(), DELETED)


def test_a_soft_deleted_vault_of_somebody_else_is_never_this_stacks_to_purge(vault: str) -> None:
    del vault
    delete_vault()
    with pytest.raises(ConflictError) as info:
        PROVIDER.create(PROPS)
    said = str(info.value)
    assert said.startswith(f"managed-hsm:vault.name: a soft-deleted vault {NAME} in eastus2 holds the name until 20")
    assert f"az keyvault purge --name {NAME} --location eastus2" in said
    assert deleted_pool.exists(session.current(), DELETED)


@pytest.mark.usefixtures("signed_in")
def test_nobody_is_told_to_purge_what_is_protected() -> None:
    make_vault(enablePurgeProtection=True)
    delete_vault()
    with pytest.raises(ConflictError, match="or recover it") as info:
        deleted_vault.refuse_taken(session.current(), *WANTED)
    assert "az keyvault purge" not in str(info.value)


def test_the_name_of_a_vault_that_lives_is_taken(vault: str) -> None:
    del vault
    with pytest.raises(ConflictError, match=f"managed-hsm:vault.name: {NAME} is taken: .* — choose another name"):
        deleted_vault.refuse_taken(session.current(), *WANTED)


@pytest.mark.usefixtures("signed_in")
def test_a_free_name_is_nobodys() -> None:
    deleted_vault.refuse_taken(session.current(), *WANTED)


def test_a_vault_deleted_in_another_region_holds_its_name_too(vault: str) -> None:
    del vault
    delete_vault()
    with pytest.raises(ConflictError, match="deleted in another region holds its name"):
        deleted_vault.refuse_taken(session.current(), SUBSCRIPTION_ID, "westus", NAME)


def test_all_three_fields_are_needed_and_each_makes_another_promise() -> None:
    failed = PROVIDER.check({}, {"name": NAME}).failures
    assert {failure.property for failure in failed} == {"subscription_id", "location"}
    for field in ("subscription_id", "location", "name"):
        assert PROVIDER.diff("id", PROPS, {**PROPS, field: "other"}).replaces == [field]
