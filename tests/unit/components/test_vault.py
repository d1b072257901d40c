"""What is declared for a vault: its protection, who may read it, when it is made, how it ends."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi_azure_native import keyvault

from components.azure_roles import assignment_name
from components.surroundings import check_vault_name
from config import Settings, parse
from data_plane import deleted_vault
from data_plane.errors import ConflictError, ForbiddenError
from data_plane.session import Session
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Program, declare, dev

SECRET = "hunter2-of-the-database"
POLICIES = [
    {"principal": {"identity": "testvmmhsm"}, "permissions": "Secret Management"},
    {"principal": "deployer", "permissions": ["delete"]},
]
ROLES = [
    {"role": "Key Vault Secrets User", "principal": {"identity": "testvmmhsm"}, "scope": "/secrets/database"},
    {"role": "Key Vault Secrets Officer", "principal": {"group": "HSM Operators"}},
    {"role": "Key Vault Reader", "principal": {"objectId": "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"}},
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def settings(directory: Path, **vault: Any) -> Settings:
    values = dev()
    values["managed-hsm:vault"] = {"name": "contosomivault", "secrets": {"database": SECRET}, **vault}
    return parse(values, directory, secret_keys=["managed-hsm:vault"])


@pytest.fixture(scope="module")
def with_policies(directory: Path) -> Program:
    return declare(settings(directory, enableRbacAuthorization=False, accessPolicies=POLICIES))


@pytest.fixture(scope="module")
def with_roles(directory: Path) -> Program:
    return declare(settings(directory, roleAssignments=ROLES))


def properties(program: Program) -> dict[str, Any]:
    found: dict[str, Any] = program["keyvault:Vault vault"].inputs["properties"]
    return found


def test_without_the_section_there_is_no_vault(directory: Path) -> None:
    program = declare(parse(dev(), directory))
    assert not [each for each in program if "vault" in each.lower().replace("keyvault:", "")]


def test_every_property_that_protects_the_vault_is_written(with_roles: Program) -> None:
    assert properties(with_roles) == {
        "tenantId": DEPLOYER.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "enableRbacAuthorization": True,
        "accessPolicies": [],
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 7,
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "defaultAction": "Allow",
            "ipRules": [],
            "virtualNetworkRules": [],
        },
    }


def test_purge_protection_is_said_where_it_is_wanted_only(directory: Path) -> None:
    program = declare(settings(directory, purgeProtection=True, onDestroy="softDelete"))
    assert properties(program)["enablePurgeProtection"] is True


def test_access_policies_are_part_of_the_vault(with_policies: Program) -> None:
    machine, deployer = properties(with_policies)["accessPolicies"]
    assert machine == {
        "tenantId": DEPLOYER.tenant_id,
        "objectId": "principal-of-testvmmhsm",
        "permissions": {"secrets": ["get", "list", "set", "delete", "recover", "backup", "restore"]},
    }
    assert (deployer["objectId"], deployer["permissions"]) == (DEPLOYER.object_id, {"secrets": ["delete"]})
    given = with_policies.of("authorization:RoleAssignment")
    assert not [each.name for each in given if "vault" in each.name]


def test_somebody_who_is_named_in_two_ways_has_one_policy(directory: Path) -> None:
    same = {"principal": {"objectId": DEPLOYER.object_id}, "permissions": ["get", "delete"]}
    program = declare(settings(directory, enableRbacAuthorization=False, accessPolicies=[*POLICIES, same]))
    _, deployer = properties(program)["accessPolicies"]
    assert deployer["permissions"] == {"secrets": ["delete", "get"]}


def test_a_role_is_given_at_the_vault_or_at_a_secret(with_roles: Program) -> None:
    at_secret = with_roles[
        "authorization:RoleAssignment Key Vault Secrets User: testvmmhsm at /secrets/database of the vault"
    ]
    assert at_secret.inputs["scope"] == "vault-id/secrets/database"
    assert at_secret.inputs["principalId"] == "principal-of-testvmmhsm"
    assert at_secret.inputs["principalType"] == "ServicePrincipal"
    assert at_secret.inputs["roleDefinitionId"] == (
        f"/subscriptions/{DEPLOYER.subscription_id}/providers/Microsoft.Authorization/roleDefinitions"
        "/4633458b-17de-408a-b874-0445c86b69e6"
    )
    assert "database" in at_secret.dependencies
    of_group = with_roles["authorization:RoleAssignment Key Vault Secrets Officer: HSM Operators at / of the vault"]
    assert (of_group.inputs["scope"], of_group.inputs["principalType"]) == ("vault-id", "Group")
    assert of_group.inputs["principalId"] == "group-HSM Operators"


def test_what_kind_of_principal_an_object_id_is_of_is_left_to_arm(with_roles: Program) -> None:
    (reader,) = [each for each in with_roles.of("authorization:RoleAssignment") if "Reader" in each.name]
    assert "principalType" not in reader.inputs


def test_an_assignment_has_the_same_guid_in_every_run_and_another_one_for_anything_else() -> None:
    name = assignment_name("/subscriptions/S/vaults/v", "role", "Principal")
    assert name == assignment_name("/SUBSCRIPTIONS/s/vaults/V", "role", "principal")
    others = {
        assignment_name(*each) for each in (("/s/v/secrets/a", "r", "p"), ("/s/v", "r2", "p"), ("/s/v", "r", "q"))
    }
    assert len({*others, name, assignment_name("/s/v", "r", "p")}) == 5


def test_a_secret_is_deleted_with_its_vault(with_roles: Program) -> None:
    assert with_roles["keyvault:Secret database"].deleted_with == "vault"


def test_the_value_reaches_the_engine_as_a_secret_only(with_roles: Program) -> None:
    sent = with_roles["keyvault:Secret database"].inputs["properties"]
    assert pulumi.runtime.rpc.is_rpc_secret(sent)
    assert pulumi.runtime.rpc.unwrap_rpc_secret(sent) == {"value": SECRET}
    others = [each.inputs for name, each in with_roles.items() if name != "keyvault:Secret database"]
    assert SECRET not in str(others)


def test_the_pool_waits_for_nothing_of_the_vault_and_is_active_before_a_vault_can_fail(with_policies: Program) -> None:
    of_the_vault = {"vault", "vault-log", "database", "purge-vault-on-destroy"}
    assert "security-domain" in with_policies["keyvault:Vault vault"].dependencies
    assert not [
        each.name
        for each in with_policies.values()
        if each.dependencies & of_the_vault and each.name not in of_the_vault
    ]


def test_a_vault_is_deleted_before_it_is_purged(with_roles: Program) -> None:
    assert "purge-vault-on-destroy" in with_roles["keyvault:Vault vault"].dependencies
    purge = with_roles["mhsm:PurgeVaultOnDestroy purge-vault-on-destroy"].inputs
    assert (purge["subscription_id"], purge["location"], purge["name"]) == (
        DEPLOYER.subscription_id,
        "eastus2",
        "contosomivault",
    )


@pytest.mark.parametrize(("on_destroy", "retained"), [("retain", True), ("softDelete", False)])
def test_without_purge_nothing_is_purged(directory: Path, on_destroy: str, retained: bool) -> None:
    program = declare(settings(directory, onDestroy=on_destroy))
    assert program.of("mhsm:PurgeVaultOnDestroy") == []
    assert program["keyvault:Vault vault"].retain_on_delete is retained
    # The deletion of a group deletes whatever is still in it.
    assert program["resources:ResourceGroup resource-group"].retain_on_delete is retained


def test_the_vaults_endpoint_has_a_zone_and_an_address_of_its_own(directory: Path) -> None:
    program = declare(settings(directory, privateEndpoints=[{"name": "vault-endpoint", "connection": "vault-link"}]))
    endpoint = program["network:PrivateEndpoint vault-endpoint"]
    (connection,) = endpoint.inputs["privateLinkServiceConnections"]
    assert (connection["name"], connection["groupIds"]) == ("vault-link", ["vault"])
    assert connection["privateLinkServiceId"] == "vault-id"
    # The pool's endpoint and the machine have the first addresses, whatever is made when.
    assert {"privateendpointmainsubnet", "testvmmhsm"} <= endpoint.dependencies
    zone = program["privatedns:PrivateZone vault-private-zone"]
    assert zone.inputs["privateZoneName"] == "privatelink.vaultcore.azure.net"
    assert program["privatedns:VirtualNetworkLink vault-private-zone-link"].inputs["registrationEnabled"] is False
    group = program["network:PrivateDnsZoneGroup vault-endpoint-dns"]
    assert group.inputs["privateDnsZoneConfigs"] == [{"name": "vault", "privateDnsZoneId": "vault-private-zone-id"}]


def test_the_vaults_endpoint_uses_somebody_elses_zone(directory: Path) -> None:
    values = dev()
    zones = f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/dns/providers/Microsoft.Network/privateDnsZones"
    values["managed-hsm:network"]["dns"] = {"zoneId": f"{zones}/privatelink.managedhsm.azure.net"}
    values["managed-hsm:vault"] = {
        "name": "contosomivault",
        "privateEndpoints": [{"name": "vault-endpoint"}],
        "zoneId": f"{zones}/privatelink.vaultcore.azure.net",
    }
    program = declare(parse(values, directory))
    (config,) = program["network:PrivateDnsZoneGroup vault-endpoint-dns"].inputs["privateDnsZoneConfigs"]
    assert config["privateDnsZoneId"] == f"{zones}/privatelink.vaultcore.azure.net"
    assert program.of("privatedns:PrivateZone") == []


def says(monkeypatch: pytest.MonkeyPatch, found: bool, refusal: Exception | None = None) -> list[tuple[Any, ...]]:
    """Azure has the vault or not, and refuses its name for some reason; answers what it was asked."""

    def look_up(**_: Any) -> Any:
        if not found:
            raise Exception("invoke of azure-native:keyvault:getVault failed: Code=ResourceNotFound")
        return SimpleNamespace(id="vault-id")

    def refuse(_: Session, *wanted: str) -> None:
        asked.append(wanted)
        if refusal is not None:
            raise refusal

    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(keyvault, "get_vault", look_up)
    monkeypatch.setattr(deleted_vault, "refuse_taken", refuse)
    return asked


def test_a_name_that_is_taken_is_refused_before_anything_is_made(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = says(monkeypatch, False, ConflictError("managed-hsm:vault.name: contosomivault is taken"))
    with pytest.raises(ConflictError, match="is taken"):
        check_vault_name(settings(directory), DEPLOYER, Session())
    assert asked == [(DEPLOYER.subscription_id, "eastus2", "contosomivault")]


def test_a_vault_that_is_there_has_its_name_itself(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = says(monkeypatch, True)
    check_vault_name(settings(directory), DEPLOYER, Session())
    assert asked == []


def test_whoever_may_not_ask_for_names_goes_on(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = says(monkeypatch, False, ForbiddenError("403 AuthorizationFailed"))
    check_vault_name(settings(directory), DEPLOYER, Session())
    assert len(asked) == 1
