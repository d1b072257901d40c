"""The unmodified SDKs of Microsoft against the service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.administration import (
    KeyVaultAccessControlClient,
    KeyVaultDataAction,
    KeyVaultPermission,
    KeyVaultRoleScope,
)
from azure.keyvault.securitydomain import SecurityDomainClient
from azure.keyvault.securitydomain.models import CertificateInfo, SecurityDomain, SecurityDomainJsonWebKey

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import built_in_roles as roles
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.pools import ACTIVE
from local_azure.managed_hsm.security_domain import state, transfer_key
from tests.unit.local_azure.managed_hsm.security_domain.test_routes import restore_blob
from tests.unit.local_azure.managed_hsm.support import (
    Credential,
    content_of,
    custodian,
    download_body,
    make_pool,
    transport,
)

URL = "https://az400popmhsm.managedhsm.azure.net/"
USER = directory.USER_OBJECT_ID


def access_control(world: World, object_id: str = directory.DEPLOYER_OBJECT_ID) -> KeyVaultAccessControlClient:
    return KeyVaultAccessControlClient(
        URL, Credential(world, object_id), transport=transport(world), retry_total=0, logging_enable=False
    )


def security_domain(world: World, url: str = URL, **more: Any) -> SecurityDomainClient:
    return SecurityDomainClient(
        url, Credential(world), transport=transport(world), retry_total=0, polling_interval=0, **more
    )


@pytest.fixture
def client(world: World) -> KeyVaultAccessControlClient:
    make_pool(world, activation_status=ACTIVE)
    return access_control(world)


@pytest.mark.parametrize("scope", [KeyVaultRoleScope.GLOBAL, KeyVaultRoleScope.KEYS, "/keys/one", "keys/one", ""])
def test_role_assignments_are_made_found_and_deleted(client: KeyVaultAccessControlClient, scope: Any) -> None:
    role = next(each for each in client.list_role_definitions(scope) if each.role_name == "Managed HSM Crypto User")
    assert role.id is not None
    made = client.create_role_assignment(scope, role.id, USER)
    assert made.properties is not None
    assert made.properties.scope == {"": "/", "keys/one": "/keys/one"}.get(scope, scope)
    assert made.properties.principal_id == USER
    assert made.properties.role_definition_id == role.id
    found = client.get_role_assignment(scope, str(made.name))
    assert (found.name, found.role_assignment_id) == (made.name, made.role_assignment_id)
    assert made.name in {each.name for each in client.list_role_assignments(scope)}
    client.delete_role_assignment(scope, str(made.name))
    client.delete_role_assignment(scope, str(made.name))
    with pytest.raises(ResourceNotFoundError, match="Requested role assignment not found"):
        client.get_role_assignment(scope, str(made.name))


def test_custom_roles_are_made_changed_and_deleted(client: KeyVaultAccessControlClient) -> None:
    permission = KeyVaultPermission(data_actions=[KeyVaultDataAction.SIGN_HSM_KEY])
    made = client.set_role_definition("/", role_name="Signer", description="Signs", permissions=[permission])
    assert made.role_type == "CustomRole"
    assert made.permissions is not None
    assert made.permissions[0].data_actions == [KeyVaultDataAction.SIGN_HSM_KEY]
    changed = client.set_role_definition("/", name=str(made.name), role_name="Nothing", permissions=[])
    assert (changed.id, changed.role_name) == (made.id, "Nothing")
    client.delete_role_definition("/", str(made.name))
    client.delete_role_definition("/", str(made.name))
    with pytest.raises(ResourceNotFoundError, match="Requested role definition not found"):
        client.get_role_definition("/", str(made.name))


def test_every_data_action_that_the_sdk_knows_may_stand_in_a_custom_role(client: KeyVaultAccessControlClient) -> None:
    permission = KeyVaultPermission(data_actions=list(KeyVaultDataAction))
    assert client.set_role_definition("/", role_name="Everything", permissions=[permission]).permissions


def test_a_second_assignment_of_the_same_is_an_error_that_names_the_first(client: KeyVaultAccessControlClient) -> None:
    role = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{roles.CRYPTO_USER}"
    made = client.create_role_assignment("/", role, USER)
    with pytest.raises(HttpResponseError, match=str(made.name)) as caught:
        client.create_role_assignment("/", role, USER)
    assert caught.value.error is not None
    assert caught.value.error.code == "MatchingRoleAssignmentExists"


def test_who_may_not_is_told_what_is_missing(client: KeyVaultAccessControlClient, world: World) -> None:
    assert client
    with pytest.raises(
        HttpResponseError, match=r"Not authorized to access \S+/roleAssignments/read/action on /"
    ) as caught:
        list(access_control(world, USER).list_role_assignments("/"))
    assert caught.value.status_code == 403


@pytest.mark.parametrize("version", ["2025-07-01", "7.6", "7.5"])
def test_a_download_activates_and_gives_the_file(world: World, version: str) -> None:
    pool = make_pool(world)
    body = download_body()
    keys = [
        SecurityDomainJsonWebKey(kid=f"custodian-{number}", **_named(key))
        for number, key in enumerate(body["certificates"])
    ]
    poller = security_domain(world, api_version=version).begin_download(CertificateInfo(certificates=keys, required=2))
    file = json.loads(poller.result().value)
    assert content_of(file, [custodian(0), custodian(2)]) == state.content(world, pool)
    status = security_domain(world, api_version=version).get_download_status()
    assert (status.status, status.status_details) == ("Success", "The resource is active.")
    found = pools.by_name(world, pool.name)
    assert found is not None
    assert found.activation_status == ACTIVE


def _named(jwk: dict[str, Any]) -> dict[str, Any]:
    names = {"x5c": "x5_c", "x5t": "x5_t", "x5t#S256": "x5_t_s256"}
    return {names.get(name, name): value for name, value in jwk.items()}


def test_a_download_that_does_not_wait_has_the_file_before_the_pool_is_active(world: World) -> None:
    pool = make_pool(world)
    world.latency.set_scale(1.0)
    client = security_domain(world)
    poller = client.begin_download(download_body(), skip_activation_polling=True)
    assert json.loads(poller.result().value)["version"] == 2
    assert client.get_download_status().status == "InProgress"
    assert pools.by_name(world, pool.name) != pool


def test_a_failed_activation_reaches_the_client(world: World) -> None:
    make_pool(world)
    state.fail_activations(world, True)
    client = security_domain(world)
    poller = client.begin_download(download_body())
    with pytest.raises(HttpResponseError):
        poller.result()
    assert client.get_download_status().status == "Failed"


def test_a_domain_goes_into_a_second_pool(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer_key, "KEY_SIZE", 2048)
    first, second = make_pool(world), make_pool(world, "contosohsm2")
    file = json.loads(security_domain(world).begin_download(download_body()).result().value)
    client = security_domain(world, "https://contosohsm2.managedhsm.azure.net/")
    jwk = json.loads(str(client.get_transfer_key().transfer_key))
    blob = restore_blob(content_of(file, [custodian(1), custodian(2)]), jwk)
    client.begin_upload(SecurityDomain(value=blob)).result()
    assert client.get_upload_status().status == "Success"
    assert state.domain_id(world, first) == state.domain_id(world, second)
