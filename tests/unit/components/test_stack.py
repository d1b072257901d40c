from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from components.stack import Existing
from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Program, declare, dev

SHARED = (
    f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/ContosoIdentities/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
)
HUB = f"/subscriptions/{DEPLOYER.subscription_id}/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Custodians and the PEM to import, made once: keys take their time."""
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


@pytest.fixture(scope="module")
def program(directory: Path) -> Program:
    return declare(parse(dev(), directory))


def changed(section: str, **changes: Any) -> dict[str, Any]:
    values = dev()
    values[f"managed-hsm:{section}"] = {**values[f"managed-hsm:{section}"], **changes}
    return values


def test_the_pool_is_created_with_its_final_firewall(program: Program) -> None:
    properties = program["keyvault:ManagedHsm managed-hsm"].inputs["properties"]
    assert properties["publicNetworkAccess"] == "Enabled"
    assert properties["networkAcls"] == {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": "203.0.113.10"}],
        "virtualNetworkRules": [],
    }


def test_no_property_of_the_pool_is_left_to_the_apis_defaults(program: Program) -> None:
    properties = program["keyvault:ManagedHsm managed-hsm"].inputs["properties"]
    assert set(properties) == {
        "tenantId",
        "initialAdminObjectIds",
        "enableSoftDelete",
        "softDeleteRetentionInDays",
        "enablePurgeProtection",
        "publicNetworkAccess",
        "networkAcls",
        "regions",
    }
    assert properties["enablePurgeProtection"] is False


def test_the_word_deployer_becomes_the_deployers_object_id(program: Program) -> None:
    properties = program["keyvault:ManagedHsm managed-hsm"].inputs["properties"]
    assert properties["initialAdminObjectIds"] == [DEPLOYER.object_id]


def test_other_administrators_later_change_nothing(program: Program) -> None:
    assert program["keyvault:ManagedHsm managed-hsm"].ignore_changes == ("properties.initialAdminObjectIds",)


def test_everything_in_the_pool_is_deleted_with_it(program: Program) -> None:
    inside = [each for kind in ("mhsm:SecurityDomain", "mhsm:RoleAssignment", "mhsm:Key") for each in program.of(kind)]
    assert len(inside) == 1 + 3 + 3
    assert {each.deleted_with for each in inside} == {"managed-hsm"}


def test_keys_wait_for_the_deployers_roles_and_not_for_the_machine(program: Program) -> None:
    own = {"Managed HSM Crypto User: deployer at /keys", "Managed HSM Crypto Officer: deployer at /keys"}
    for role in own:
        assert "security-domain" in program[f"mhsm:RoleAssignment {role}"].dependencies
    for key in program.of("mhsm:Key"):
        assert own <= key.dependencies
        assert "testvmmhsm" not in key.dependencies


def test_a_role_at_a_key_waits_for_the_key(directory: Path) -> None:
    values = dev()
    values["managed-hsm:roleAssignments"][2]["scope"] = "/keys/myrsakey"
    program = declare(parse(values, directory))
    assert (
        "myrsakey" in program["mhsm:RoleAssignment Managed HSM Crypto User: testvmmhsm at /keys/myrsakey"].dependencies
    )


def test_an_open_way_in_lets_the_activation_start_at_once(program: Program) -> None:
    assert "privateendpointmainsubnet" not in program["mhsm:SecurityDomain security-domain"].dependencies


def test_a_closed_pool_is_activated_through_its_endpoint(directory: Path) -> None:
    firewall = {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}
    program = declare(parse(changed("hsm", firewall=firewall), directory))
    needed = {"privateendpointmainsubnet", "privateendpointmainsubnet-dns", "private-zone-link"}
    assert needed <= program["mhsm:SecurityDomain security-domain"].dependencies


def test_the_pool_is_deleted_before_it_is_purged(program: Program) -> None:
    assert "purge-on-destroy" in program["keyvault:ManagedHsm managed-hsm"].dependencies


@pytest.mark.parametrize(("on_destroy", "retained"), [("retain", True), ("softDelete", False)])
def test_without_purge_nothing_is_purged(directory: Path, on_destroy: str, retained: bool) -> None:
    program = declare(parse(changed("hsm", onDestroy=on_destroy), directory))
    assert program.of("mhsm:PurgeOnDestroy") == []
    assert program["keyvault:ManagedHsm managed-hsm"].retain_on_delete is retained


def test_the_zone_group_leads_the_name_to_the_endpoint(program: Program) -> None:
    group = program["network:PrivateDnsZoneGroup privateendpointmainsubnet-dns"]
    assert group.inputs["privateDnsZoneConfigs"] == [{"name": "managedhsm", "privateDnsZoneId": "private-zone-id"}]


def test_somebody_elses_dns_is_left_alone(directory: Path) -> None:
    program = declare(parse(changed("network", dns="external"), directory))
    assert program.of("network:PrivateDnsZoneGroup") == []
    assert program.of("privatedns:PrivateZone") == []


def test_somebody_elses_network_is_used_and_not_made(directory: Path) -> None:
    subnet = f"{HUB}/subnets/private"
    program = declare(parse(changed("network", vnet={"id": HUB}, subnet={"id": subnet}), directory))
    assert program.of("network:VirtualNetwork") == []
    assert program["network:PrivateEndpoint privateendpointmainsubnet"].inputs["subnet"]["id"] == subnet


def test_a_new_subnet_in_somebody_elses_network_lies_in_its_group(directory: Path) -> None:
    program = declare(parse(changed("network", vnet={"id": HUB}), directory))
    assert program["network:Subnet subnet"].inputs["resourceGroupName"] == "hub"


def test_a_machine_has_an_identity_of_its_own(program: Program) -> None:
    machine = program["compute:VirtualMachine testvmmhsm"]
    assert machine.inputs["identity"] == {"type": "SystemAssigned"}
    assignment = program["mhsm:RoleAssignment Managed HSM Crypto User: testvmmhsm at /"]
    assert assignment.inputs["principal_id"] == "principal-of-testvmmhsm"


def test_a_machine_can_have_several_identities(directory: Path) -> None:
    values = dev()
    values["managed-hsm:identities"] = {
        "testvmmhsm": {"vm": {}},
        "batch": {"userAssigned": True, "vms": ["testvmmhsm", "batch-1"]},
        "reports": {"userAssigned": True, "vms": ["batch-1"]},
    }
    program = declare(parse(values, directory))
    assert program["compute:VirtualMachine testvmmhsm"].inputs["identity"]["type"] == "SystemAssigned, UserAssigned"
    attached = program["compute:VirtualMachine batch-1"].inputs["identity"]
    assert attached["type"] == "UserAssigned"
    assert sorted(attached["userAssignedIdentities"]) == ["batch-id", "reports-id"]


def test_an_identity_that_stands_by_itself_is_authorised_without_waiting_for_a_machine(directory: Path) -> None:
    values = dev()
    values["managed-hsm:identities"] |= {
        "batch": {"userAssigned": True, "vms": ["batch-1"]},
        "shared": {"id": SHARED, "vms": ["batch-1"]},
    }
    values["managed-hsm:roleAssignments"] += [
        {"role": "Crypto User", "principal": {"identity": name}, "scope": "/"} for name in ("batch", "shared")
    ]
    program = declare(parse(values, directory))
    for name in ("batch", "shared"):
        assignment = program[f"mhsm:RoleAssignment Managed HSM Crypto User: {name} at /"]
        assert assignment.inputs["principal_id"] == f"principal-of-{name}"
        assert not assignment.dependencies & {"batch-1", "testvmmhsm"}


def test_an_identity_of_somebody_else_is_attached_and_not_made(directory: Path) -> None:
    values = dev()
    values["managed-hsm:identities"]["shared"] = {"id": SHARED, "vms": ["batch-1"]}
    program = declare(parse(values, directory))
    assert program.of("managedidentity:UserAssignedIdentity") == []
    attached = program["compute:VirtualMachine batch-1"].inputs["identity"]
    assert attached == {"type": "UserAssigned", "userAssignedIdentities": [SHARED]}


def test_a_machine_is_made_as_its_settings_say(directory: Path) -> None:
    values = dev()
    subnet = f"{HUB}/subnets/apps"
    values["managed-hsm:identities"]["batch"] = {
        "userAssigned": True,
        "vms": ["batch-1"],
        "vmSettings": {
            "size": "Standard_D2s_v5",
            "image": "Debian:debian-12:12-gen2:latest",
            "subnet": subnet,
            "location": "westus2",
        },
    }
    program = declare(parse(values, directory))
    machine = program["compute:VirtualMachine batch-1"].inputs
    assert machine["hardwareProfile"] == {"vmSize": "Standard_D2s_v5"}
    assert machine["storageProfile"]["imageReference"] == {
        "publisher": "Debian",
        "offer": "debian-12",
        "sku": "12-gen2",
        "version": "latest",
    }
    interface = program["network:NetworkInterface batch-1-nic"].inputs
    assert interface["ipConfigurations"][0]["subnet"]["id"] == subnet
    assert machine["location"] == interface["location"] == "westus2"


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ({"objectId": "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"}, "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"),
        ({"user": "kim.akers@contoso.com"}, "user-kim.akers@contoso.com"),
        ({"group": "HSM Operators"}, "group-HSM Operators"),
        ({"servicePrincipal": "payments"}, "servicePrincipal-payments"),
        ("deployer", DEPLOYER.object_id),
    ],
)
def test_every_form_of_principal_is_resolved(directory: Path, principal: Any, expected: str) -> None:
    values = dev()
    values["managed-hsm:roleAssignments"] = [{"role": "Crypto User", "principal": principal, "scope": "/keys"}]
    (assignment,) = declare(parse(values, directory)).of("mhsm:RoleAssignment")
    assert assignment.inputs["principal_id"] == expected


def test_what_is_adopted_is_imported(directory: Path) -> None:
    program = declare(parse(changed("hsm", adopt=True), directory), Existing("group-id", "pool-id"))
    assert program["keyvault:ManagedHsm managed-hsm"].import_id == "pool-id"
    assert program["resources:ResourceGroup resource-group"].import_id == "group-id"


@pytest.mark.parametrize(("group", "left"), [("group-id", True), (None, False)])
def test_a_destroy_leaves_a_group_that_was_there_before(directory: Path, group: str | None, left: bool) -> None:
    program = declare(parse(changed("hsm", adopt=True), directory), Existing(group, None))
    assert program["resources:ResourceGroup resource-group"].retain_on_delete is left


def test_in_prod_pool_and_activation_and_keys_are_protected(directory: Path, tmp_path: Path) -> None:
    values = changed(
        "hsm",
        onDestroy="retain",
        purgeProtection=True,
        initialAdministrators=["8d6f2b04-53c7-4e19-b8a2-f01c7d9e4a65"],
    )
    values["managed-hsm:environment"] = "prod"
    values["managed-hsm:securityDomain"].pop("rehearsal")
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    for key in (tmp_path / ".local/custodians").glob("*.key"):
        key.unlink()
    program = declare(parse(values, tmp_path))
    for kind in ("keyvault:ManagedHsm", "mhsm:SecurityDomain", "mhsm:Key"):
        assert all(each.protect for each in program.of(kind)), kind


def test_no_private_key_goes_into_any_resource(program: Program) -> None:
    assert "PRIVATE KEY" not in str([each.inputs for each in program.values()])
