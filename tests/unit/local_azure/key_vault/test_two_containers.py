"""The two containers of Key Vault (W1.1): vaults, here for secrets, and pools, for HSM keys and nothing else.

"Azure Key Vault basic concepts", "About keys, secrets and certificates" and its table of what each container holds.
"""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys import KeyClient
from azure.keyvault.secrets import SecretClient

from local_azure.core.world import World
from local_azure.managed_hsm import built_in_roles as roles
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.key_vault.support import VAULT, Client
from tests.unit.local_azure.key_vault.support import token as token_for
from tests.unit.local_azure.managed_hsm import support as managed_hsm

POOL = "https://az400popmhsm.managedhsm.azure.net"


@pytest.fixture
def pool(client: Client) -> managed_hsm.Client:
    """A pool beside the vault, whose keys the deployer may make and use."""
    managed_hsm.make_pool(client.world, activation_status=ACTIVE)
    made = managed_hsm.Client(client.world)
    assert made.assign(roles.CRYPTO_USER, client.object_id).status == 201
    return made


def sdk(kind: Any, world: World) -> Any:
    """The unmodified SDK's client of one kind, at the pool."""
    credential, transport = managed_hsm.Credential(world), managed_hsm.transport(world)
    return kind(POOL, credential, transport=transport, retry_total=0, logging_enable=False)


def test_a_vault_holds_secrets_and_a_pool_hsm_keys_only(client: Client, pool: managed_hsm.Client) -> None:
    client.sdk().set_secret("contososecret", "kept")
    assert client.sdk().get_secret("contososecret").value == "kept"

    keys: KeyClient = sdk(KeyClient, pool.world)
    assert keys.create_rsa_key("asked-for-software").key_type == "RSA-HSM"
    assert keys.create_ec_key("asked-for-hardware", hardware_protected=True).key_type == "EC-HSM"
    assert keys.create_oct_key("of-pools-alone", size=256, hardware_protected=True).key_type == "oct-HSM"

    secrets: SecretClient = sdk(SecretClient, pool.world)
    with pytest.raises(HttpResponseError) as not_set:
        secrets.set_secret("contososecret", "kept")
    with pytest.raises(HttpResponseError) as not_got:
        secrets.get_secret("contososecret")
    assert (not_set.value.status_code, not_got.value.status_code) == (501, 501)
    assert pool.send("GET", "/certificates").status == 501


def test_each_has_an_audience_of_its_own_and_takes_no_token_for_the_other(
    client: Client, pool: managed_hsm.Client
) -> None:
    for_the_vault = token_for(client.world, client.object_id, VAULT)
    for_the_pool = managed_hsm.token(client.world)
    at_the_vault = client.send("GET", "/secrets", headers={"authorization": f"Bearer {for_the_pool}"})
    at_the_pool = pool.send("GET", "/keys", headers={"authorization": f"Bearer {for_the_vault}"})
    assert (at_the_vault.status, at_the_pool.status) == (401, 401)
    assert 'resource="https://vault.azure.net"' in at_the_vault.headers["WWW-Authenticate"]
    assert 'resource="https://managedhsm.azure.net"' in at_the_pool.headers["WWW-Authenticate"]
    assert client.send("GET", "/secrets", headers={"authorization": f"Bearer {for_the_vault}"}).status == 200
    assert pool.send("GET", "/keys", headers={"authorization": f"Bearer {for_the_pool}"}).status == 200
