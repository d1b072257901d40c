"""Two containers (W1.1): vaults for secrets, pools for HSM keys and nothing else, each with tokens of its own."""

from __future__ import annotations

import pytest
from azure.keyvault.keys import KeyClient

from local_azure.arm.service import ArmService
from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request
from local_azure.entra import directory
from local_azure.key_vault.service import KeyVaultService
from local_azure.managed_hsm.pools import ACTIVE
from local_azure.managed_hsm.service import ManagedHsmService
from local_azure.services import all_services
from tests.unit.local_azure.key_vault.support import HOST, VAULT, Client, token
from tests.unit.local_azure.managed_hsm import support as managed_hsm
from tests.unit.local_azure.managed_hsm.keys.official import CRYPTO_OFFICER, CRYPTO_USER, client_of


@pytest.fixture
def keys(client: Client) -> KeyClient:
    """The unmodified key client of the deployer, at an active pool beside the vault."""
    managed_hsm.make_pool(client.world, activation_status=ACTIVE)
    for role in (CRYPTO_USER, CRYPTO_OFFICER):
        managed_hsm.Client(client.world).assign(role, directory.DEPLOYER_OBJECT_ID)
    return client_of(client.world)


def test_a_pool_makes_hsm_keys_also_where_a_software_key_is_asked_for(keys: KeyClient) -> None:
    asked = (
        keys.create_rsa_key("rsa", size=2048, hardware_protected=False),
        keys.create_ec_key("ec", hardware_protected=False),
        keys.create_key("oct", "oct", size=256),
    )
    assert [key.key_type for key in asked] == ["RSA-HSM", "EC-HSM", "oct-HSM"]
    listed = {key.name: keys.get_key(str(key.name)).key_type for key in keys.list_properties_of_keys()}
    assert set(listed.values()) == {"RSA-HSM", "EC-HSM", "oct-HSM"}


@pytest.mark.usefixtures("keys")
def test_a_pool_holds_no_secrets_and_no_certificates(client: Client) -> None:
    bearer = {"authorization": f"Bearer {managed_hsm.token(client.world)}"}
    for path in ("/secrets/a", "/certificates/a"):
        request = Request("GET", "az400popmhsm.managedhsm.azure.net", path, {"api-version": "7.4"}, bearer)
        with pytest.raises(NotPlayed, match=path.split("/")[1]):
            ManagedHsmService(client.world).handle(request)
    assert client.sdk().set_secret("a", "hunter2").value == "hunter2"


@pytest.mark.usefixtures("keys")
def test_a_token_for_one_of_them_is_none_for_the_other(client: Client) -> None:
    of_the_pool = {"authorization": f"Bearer {managed_hsm.token(client.world)}"}
    refused = client.send("GET", "/secrets", headers=of_the_pool)
    assert (refused.status, refused.message.partition(":")[0]) == (401, "AKV10022")
    of_the_vault = token(client.world, client.object_id, VAULT)
    with client_of(client.world) as pool:
        answer = managed_hsm.Client(client.world).send(
            "GET", "/keys?api-version=7.4", headers={"authorization": f"Bearer {of_the_vault}"}
        )
        assert answer.status == 401
        assert list(pool.list_properties_of_keys()) == []


@pytest.mark.usefixtures("keys")
def test_each_has_a_host_and_a_service_of_its_own(client: Client) -> None:
    playing = {
        host: [type(service) for service in all_services(client.world) if service.plays(host)]
        for host in (HOST, "az400popmhsm.managedhsm.azure.net", "management.azure.com")
    }
    assert playing == {
        HOST: [KeyVaultService],
        "az400popmhsm.managedhsm.azure.net": [ManagedHsmService],
        "management.azure.com": [ArmService],
    }
