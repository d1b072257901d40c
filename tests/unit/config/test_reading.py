"""Reading as a whole: what the values become, everything told at once, nothing told twice, nothing secret told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from config import ConfigurationError, Settings, parse
from config.access import Principal
from config.hsm import Hsm
from config.identities import UserAssignedIdentity, VmIdentity
from config.network import DnsLink, DnsZone, ExistingResource, VirtualNetwork
from config.reading import path_of

Values = dict[str, Any]
Accepted = Callable[[Values], Settings]
Mistakes = Callable[[Values], list[str]]

SUBSCRIPTION = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoNetworks/providers"


def test_the_walkthroughs_configuration_becomes_settings(dev: Values, accepted: Accepted, project: Path) -> None:
    settings = accepted(dev)
    assert settings.location == "eastus2"
    assert isinstance(settings.hsm, Hsm)
    assert (settings.hsm.name, settings.hsm.sku_family, settings.hsm.retention_days) == ("az400popMHSM", "B", 28)
    assert settings.hsm.firewall.ip_rules == ("203.0.113.10",)
    assert settings.security_domain is not None
    assert settings.security_domain.custodians[0].certificate == project / ".local/custodians/cert_1.cer"
    assert settings.role_assignments[2].principal == Principal.model_validate({"identity": "testvmmhsm"})
    assert settings.keys["mypemrsakey"].import_from == project / ".local/keys/mycert2.pem"
    assert settings.keys["mypemrsakey"].effective_operations == (
        "encrypt",
        "decrypt",
        "sign",
        "verify",
        "wrapKey",
        "unwrapKey",
    )
    assert settings.network is not None
    assert isinstance(settings.network.vnet, VirtualNetwork)
    assert isinstance(settings.network.dns, DnsLink)
    assert isinstance(settings.identities["testvmmhsm"], VmIdentity)


def test_sections_may_arrive_as_json_text_as_the_engine_hands_them_over(dev: Values, accepted: Accepted) -> None:
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in dev.items()}
    assert accepted(as_text) == accepted(dev)


def test_numbers_and_booleans_may_be_written_as_text(dev: Values, accepted: Accepted) -> None:
    as_written = accepted(dev)
    dev["managed-hsm:hsm"] |= {"retentionDays": "28", "purgeProtection": "false"}
    dev["managed-hsm:keys"]["myrsakey"]["size"] = 3072.0
    assert accepted(dev) == as_written


def test_an_empty_section_is_one_that_is_not_set(dev: Values, accepted: Accepted) -> None:
    as_written = accepted(dev)
    dev |= {"managed-hsm:vault": "{}", "managed-hsm:roleDefinitions": [], "managed-hsm:subscriptionId": ""}
    assert accepted(dev) == as_written


def test_keys_of_other_namespaces_are_none_of_ours(dev: Values, accepted: Accepted) -> None:
    as_written = accepted(dev)
    dev |= {"azure-native:clientId": "x", "pulumi:tags": {"a": "b"}}
    assert accepted(dev) == as_written


def test_the_values_that_are_read_stay_as_they_are(dev: Values, dev_values: Values, accepted: Accepted) -> None:
    accepted(dev)
    assert dev == dev_values


def test_settings_cannot_be_changed(dev: Values, accepted: Accepted) -> None:
    settings = accepted(dev)
    with pytest.raises(ValueError, match="frozen"):
        settings.location = "westus"


@pytest.mark.parametrize("region", ["East US 2", "eastus2", "EASTUS2"])
def test_a_region_is_read_in_every_spelling(dev: Values, accepted: Accepted, region: str) -> None:
    dev["azure-native:location"] = region
    assert accepted(dev).location == "eastus2"


def test_the_network_is_in_the_stacks_region_if_it_says_nothing_else(dev: Values, accepted: Accepted) -> None:
    del dev["managed-hsm:network"]["location"]
    network = accepted(dev).network
    assert network is not None
    assert network.location == "eastus2"


def test_a_network_of_somebody_else(dev: Values, accepted: Accepted) -> None:
    vnet = f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub"
    dev["managed-hsm:network"] |= {
        "vnet": {"id": vnet},
        "subnet": {"id": f"{vnet}/subnets/hsm"},
        "dns": {"zoneId": f"{SUBSCRIPTION}/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net"},
    }
    network = accepted(dev).network
    assert network is not None
    assert isinstance(network.vnet, ExistingResource)
    assert network.vnet.name == "hub"
    assert isinstance(network.dns, DnsZone)
    dev["managed-hsm:network"]["dns"] = "external"
    network = accepted(dev).network
    assert network is not None
    assert network.dns == "external"


def test_a_subnet_of_another_network_is_refused(dev: Values, mistakes: Mistakes) -> None:
    vnet = f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub"
    subnet = f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/spoke/subnets/hsm"
    dev["managed-hsm:network"] |= {"vnet": {"id": vnet}, "subnet": {"id": subnet}}
    assert mistakes(dev) == [f"network.subnet.id: {subnet} is not accepted; a subnet of the virtual network hub"]


def test_ids_of_the_wrong_type_are_refused(dev: Values, mistakes: Mistakes) -> None:
    vnet = f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub"
    dev["managed-hsm:network"] |= {"vnet": {"id": f"{vnet}/subnets/x"}, "subnet": {"id": vnet}, "dns": {"zoneId": vnet}}
    dev["managed-hsm:identities"]["testvmmhsm"]["vm"]["subnet"] = vnet
    assert [line.rpartition("; ")[2] for line in mistakes(dev)] == [
        "the ARM id of a virtual network",
        "the ARM id of a subnet",
        "the ARM id of a private DNS zone privatelink.managedhsm.azure.net",
        "the ARM id of a subnet",
    ]


def test_every_form_of_principal(dev: Values, accepted: Accepted) -> None:
    object_id = "6F2C9B1E-5D0A-4C3E-9B7F-2A1D8E4C6B05"
    forms: list[object] = [
        "deployer",
        {"identity": "testvmmhsm"},
        {"objectId": object_id},
        {"group": "Key Users"},
        {"user": "alice@contoso.com"},
        {"servicePrincipal": "pipeline"},
    ]
    dev["managed-hsm:roleAssignments"] = [
        {"role": "Managed HSM Crypto User", "principal": form, "scope": "/keys"} for form in forms
    ]
    principals = [(each.principal.kind, each.principal.value) for each in accepted(dev).role_assignments]
    assert principals == [
        ("deployer", ""),
        ("identity", "testvmmhsm"),
        ("objectId", object_id.lower()),
        ("group", "Key Users"),
        ("user", "alice@contoso.com"),
        ("servicePrincipal", "pipeline"),
    ]


@pytest.mark.parametrize(
    "role", ["Managed HSM Crypto User", "Crypto User", "crypto user", "21dbd100-6940-42c2-9190-5d6cb909625b"]
)
def test_a_built_in_role_in_every_spelling(dev: Values, accepted: Accepted, role: str) -> None:
    dev["managed-hsm:roleAssignments"][0]["role"] = role
    assignment = accepted(dev).role_assignments[0]
    assert assignment.role == "Managed HSM Crypto User"
    assert assignment.role_guid == "21dbd100-6940-42c2-9190-5d6cb909625b"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2031-01-01T00:00:00Z", datetime(2031, 1, 1, tzinfo=UTC)),
        ("2031-01-01T01:30:00+01:30", datetime(2031, 1, 1, tzinfo=UTC)),
        ("2031-01-01", datetime(2031, 1, 1, tzinfo=UTC)),
        ("2031-01-01 06:07:08 +0000 UTC", datetime(2031, 1, 1, 6, 7, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_in_every_way_that_yaml_and_the_engine_write_it(
    dev: Values, accepted: Accepted, written: str, meant: datetime
) -> None:
    dev["managed-hsm:keys"]["myrsakey"]["expires"] = written
    assert accepted(dev).keys["myrsakey"].expires == meant


def test_several_identities_on_one_machine(dev: Values, accepted: Accepted) -> None:
    dev["managed-hsm:identities"]["batch"] = {"userAssigned": True, "vms": ["testvmmhsm", "batch-1"]}
    dev["managed-hsm:identities"]["night"] = {"userAssigned": "true", "vms": ["batch-1"]}
    identity = accepted(dev).identities["night"]
    assert isinstance(identity, UserAssignedIdentity)
    assert identity.vms == ("batch-1",)


def test_machines_that_are_the_same_or_nowhere_are_refused(dev: Values, mistakes: Mistakes) -> None:
    del dev["managed-hsm:network"]
    dev["managed-hsm:identities"]["batch"] = {"userAssigned": True, "vms": ["TestVmMhsm", "b", "b"]}
    nowhere = "has no network; the section network, or a subnet of its own"
    assert mistakes(dev) == [
        f"identities.testvmmhsm: the machine testvmmhsm {nowhere}",
        "identities.batch.vms[0]: TestVmMhsm is not accepted; testvmmhsm, as the machine is called elsewhere,"
        " or another name",
        f"identities.batch.vms[0]: the machine TestVmMhsm {nowhere}",
        f"identities.batch.vms[1]: the machine b {nowhere}",
        "identities.batch.vms[2]: b is not accepted; each machine once",
        f"identities.batch.vms[2]: the machine b {nowhere}",
    ]


def test_nothing_at_all_names_everything_that_is_required(mistakes: Mistakes) -> None:
    assert [line.partition(";")[0] for line in mistakes({})] == [
        "azure-native:location: is missing",
        "environment: is missing",
        "resourceGroup: is missing",
        "hsm: is missing",
        "securityDomain: is missing",
    ]


def test_mistakes_of_single_values_do_not_hide_those_between_values(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:resourceGroup"] = "ends."
    dev["managed-hsm:hsm"]["name"] = "1"
    del dev["managed-hsm:hsm"]["initialAdministrators"]
    dev["managed-hsm:hsm"]["purgeProtection"] = True
    dev["managed-hsm:securityDomain"]["quorum"] = 7
    dev["managed-hsm:securityDomain"]["custodians"][0]["name"] = ""
    dev["managed-hsm:securityDomain"]["custodians"][1]["certificate"] = "missing.cer"
    dev["managed-hsm:roleAssignments"][0] |= {"role": "none", "scope": 5}
    dev["managed-hsm:keys"]["myrsakey"] = {"type": "RSA-HSM", "size": 1, "enabled": 2}
    dev["managed-hsm:network"]["subnet"]["addressPrefix"] = "10.9.0.0/24"
    dev["managed-hsm:network"]["zone"] = 1
    assert [line.partition(": ")[0] for line in mistakes(dev)] == [
        "resourceGroup",
        "hsm.name",
        "securityDomain.custodians[0].name",
        "roleAssignments[0].scope",
        "keys.myrsakey.enabled",
        "network.zone",
        "hsm.onDestroy",
        "securityDomain.quorum",
        "securityDomain.custodians[1].certificate",
        "roleAssignments[0].role",
        "keys.myrsakey.size",
        "network.subnet.addressPrefix",
    ]


def test_a_wrong_value_makes_no_second_mistake_of_what_depends_on_it(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:identities"] = "testvmmhsm"
    dev["managed-hsm:keys"]["myaeskey"]["type"] = "AES"
    dev["managed-hsm:securityDomain"]["custodians"] = "three"
    dev["managed-hsm:securityDomain"]["quorum"] = 9
    dev["managed-hsm:network"]["vnet"]["addressSpace"] = "ten"
    assert [line.partition(": ")[0] for line in mistakes(dev)] == [
        "securityDomain.custodians",
        "keys.myaeskey.type",
        "network.vnet.addressSpace",
        "identities",
    ]


def test_a_secret_value_is_never_told(dev: Values, project: Path) -> None:
    dev["managed-hsm:vault"] = {"name": "x", "secrets": {"a b": "hunter2", "c": ["hunter2"]}, "hunter2": 1}
    dev["managed-hsm:resourceGroup"] = "hunter2."
    with pytest.raises(ConfigurationError) as caught:
        parse(dev, project, secret_keys=["managed-hsm:vault", "managed-hsm:resourceGroup"])
    text = str(caught.value).replace("managed-hsm:vault.hunter2: there is no such key", "")
    assert "hunter2" not in text
    assert "managed-hsm:resourceGroup: (not shown) is not accepted" in text


def test_a_value_between_values_is_not_told_where_its_section_holds_a_secret(dev: Values, project: Path) -> None:
    dev["managed-hsm:hsm"]["firewall"] |= {"ipRules": ["203.0.113.77"], "defaultAction": "Allow"}
    with pytest.raises(ConfigurationError) as caught:
        parse(dev, project, secret_keys=["managed-hsm:hsm"])
    assert str(caught.value.problems[0]) == (
        "managed-hsm:hsm.firewall.ipRules: (not shown) is not accepted; the section holds a secret, so no more is told"
    )


@pytest.mark.parametrize("depth", [400, 5000])
def test_a_value_that_is_nested_too_deeply_is_a_mistake(dev: Values, mistakes: Mistakes, depth: int) -> None:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    dev["managed-hsm:keys"] = nested
    [line] = mistakes(dev)
    assert line.startswith((" a value is nested too deeply", "keys: [[["))


def test_a_secret_of_the_vault_in_plain_text_is_refused(dev: Values, project: Path) -> None:
    dev["managed-hsm:vault"] = {"name": "contosomivault", "secrets": {"a": "hunter2"}}
    with pytest.raises(ConfigurationError) as caught:
        parse(dev, project)
    assert "managed-hsm:vault.secrets: plain text is not accepted" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_private_key_that_was_pasted_into_the_configuration_is_never_told(dev: Values, mistakes: Mistakes) -> None:
    pasted = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----"
    dev["managed-hsm:securityDomain"]["custodians"][0]["certificate"] = pasted
    dev["managed-hsm:keys"]["mypemrsakey"]["importFrom"] = pasted
    dev["managed-hsm:hsm"]["name"] = pasted
    told = "\n".join(mistakes(dev))
    assert "MIIEvQ" not in told
    assert told.count("(not shown)") == 3


def test_every_mistake_is_one_line(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"]["name"] = "a\nb"
    dev["managed-hsm:hsm"]["a\nb"] = 1
    dev["managed-hsm:keys"]["a\nb"] = {"type": "RSA-HSM", "size": 2048}
    dev["managed-hsm:securityDomain"]["custodians"][0]["certificate"] = "a\nb"
    assert len(mistakes(dev)) == 4


def test_a_path_is_written_as_the_engine_writes_it() -> None:
    location = ("securityDomain", "custodians", 0, "name")
    assert path_of(location) == "managed-hsm:securityDomain.custodians[0].name"
    assert path_of(("azure-native:location",)) == "azure-native:location"
    assert path_of(("keys", 'a "b"', "size")) == 'managed-hsm:keys["a \\"b\\""].size'
    assert path_of(("network", "vnet", "<new>", "name")) == "managed-hsm:network.vnet.name"


def test_the_header_names_the_source_and_counts(dev: Values, project: Path) -> None:
    del dev["managed-hsm:environment"], dev["azure-native:location"]
    with pytest.raises(ConfigurationError, match=r"\A2 mistakes in Pulumi\.dev\.yaml:\n"):
        parse(dev, project, source="Pulumi.dev.yaml")
