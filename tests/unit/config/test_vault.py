"""The vault's section: what is filled in, what does not go together, and that no secret is told or taken in plain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

import config
from config import ConfigurationError, Settings, parse
from config.stack import plain_secrets
from config.vault import Vault

ROOT = Path(__file__).resolve().parents[3]
Values = dict[str, Any]

ZONES = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/dns/providers/Microsoft.Network"
ZONE = f"{ZONES}/privateDnsZones/privatelink.vaultcore.azure.net"
POLICY = {"principal": {"identity": "testvmmhsm"}, "permissions": ["get"]}
ROLE = {"role": "Key Vault Secrets User", "principal": {"identity": "testvmmhsm"}}
PLAIN = "plain text is not accepted; secret values (pulumi config set --secret --path)"


@pytest.fixture
def read(dev: Values, project: Path) -> Callable[..., Vault]:
    """Reads the dev stack with a vault that is right."""

    def vault_of(**vault: Any) -> Vault:
        found = _parsed(dev, project, vault).vault
        assert found is not None
        return found

    return vault_of


@pytest.fixture
def lines(dev: Values, project: Path) -> Callable[..., list[str]]:
    """Reads the dev stack with a vault that is wrong: the lines, without the section's name."""

    def told(**vault: Any) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            _parsed(dev, project, vault)
        return [str(problem).removeprefix("managed-hsm:vault.") for problem in caught.value.problems]

    return told


def _parsed(dev: Values, project: Path, vault: Values, **more: Any) -> Settings:
    dev["managed-hsm:vault"] = {"name": "contosomivault", **vault}
    secret = ["managed-hsm:vault"] if vault.get("secrets") else []
    return parse(dev, project, **{"secret_keys": secret, **more})


def test_a_name_is_enough_in_dev(read: Callable[..., Vault]) -> None:
    vault = read()
    assert (vault.retention_days, vault.purge_protection, vault.sku) == (7, False, "standard")
    assert (vault.firewall.public_network_access, vault.firewall.default_action) == ("Enabled", "Allow")
    assert vault.enable_rbac_authorization


def test_a_firewall_that_is_begun_denies_by_default(read: Callable[..., Vault]) -> None:
    firewall = read(firewall={"ipRules": ["203.0.113.10"]}).firewall
    assert (firewall.default_action, firewall.bypass) == ("Deny", "AzureServices")


def test_a_vault_ends_as_the_pool_does_unless_it_says_otherwise(read: Callable[..., Vault]) -> None:
    assert read().on_destroy == "purge"
    assert read(onDestroy="softDelete").on_destroy == "softDelete"


def test_in_prod_nothing_that_decides_about_safety_is_filled_in(dev: Values, project: Path) -> None:
    dev["managed-hsm:environment"] = "prod"
    with pytest.raises(ConfigurationError) as caught:
        _parsed(dev, project, {"onDestroy": "purge"})
    told = {problem.path: problem.message for problem in caught.value.problems}
    for name in ("retentionDays", "purgeProtection", "firewall"):
        assert "is missing" in told[f"managed-hsm:vault.{name}"], name


def test_in_prod_a_vault_is_not_purged(dev: Values, project: Path) -> None:
    dev["managed-hsm:environment"] = "prod"
    dev["managed-hsm:hsm"] = {
        **dev["managed-hsm:hsm"],
        "onDestroy": "retain",
        "initialAdministrators": ["8d6f2b04-53c7-4e19-b8a2-f01c7d9e4a65"],
    }
    dev["managed-hsm:securityDomain"].pop("rehearsal")
    for key in (project / ".local/custodians").glob("*.key"):
        key.unlink()
    firewall = {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}
    vault = {"retentionDays": 90, "purgeProtection": False, "firewall": firewall, "onDestroy": "purge"}
    with pytest.raises(ConfigurationError) as caught:
        _parsed(dev, project, vault)
    assert [str(problem) for problem in caught.value.problems] == [
        "managed-hsm:vault.onDestroy: purge is not accepted; retain or softDelete (purge only in dev)"
    ]


def test_what_is_protected_cannot_be_purged(lines: Callable[..., list[str]]) -> None:
    assert lines(purgeProtection=True) == [
        "onDestroy: purge is not accepted; retain or softDelete while purgeProtection is true"
    ]


def test_the_portals_template_is_a_list_of_permissions(read: Callable[..., Vault]) -> None:
    policy = {"principal": {"identity": "testvmmhsm"}, "permissions": "Secret Management"}
    (read_policy,) = read(enableRbacAuthorization=False, accessPolicies=[policy]).access_policies
    assert read_policy.permissions == ("get", "list", "set", "delete", "recover", "backup", "restore")


def test_a_role_may_be_written_in_any_case_or_as_its_guid(read: Callable[..., Vault]) -> None:
    roles = ["key vault secrets user", "4633458B-17DE-408A-B874-0445C86B69E6"]
    principals = [{"identity": "testvmmhsm"}, "deployer"]
    found = read(roleAssignments=[{"role": r, "principal": p} for r, p in zip(roles, principals, strict=True)])
    assert {each.role for each in found.role_assignments} == {"Key Vault Secrets User"}
    assert {each.role_guid for each in found.role_assignments} == {"4633458b-17de-408a-b874-0445c86b69e6"}


def test_a_role_of_ones_own_is_named_by_its_guid(read: Callable[..., Vault]) -> None:
    own = "0D1E2F3A-4B5C-4D6E-8F7A-9B0C1D2E3F4A"
    (assignment,) = read(roleAssignments=[{"role": own, "principal": "deployer"}]).role_assignments
    assert assignment.role_guid == own.lower()


@pytest.mark.parametrize(
    ("vault", "line"),
    [
        (
            {"accessPolicies": [POLICY]},
            "accessPolicies: is not accepted; roleAssignments while enableRbacAuthorization",
        ),
        (
            {"enableRbacAuthorization": False, "roleAssignments": [ROLE]},
            "roleAssignments: is not accepted; accessPolicies while enableRbacAuthorization is false",
        ),
        (
            {
                "enableRbacAuthorization": False,
                "accessPolicies": [{**POLICY, "principal": {"identity": "testvmmshm"}}],
            },
            "accessPolicies[0].principal.identity: testvmmshm is not accepted; the name of an entry of identities; "
            "did you mean testvmmhsm?",
        ),
        (
            {"roleAssignments": [{**ROLE, "principal": {"identity": "other"}}]},
            "roleAssignments[0].principal.identity: other is not accepted; the name of an entry of identities",
        ),
        (
            {"enableRbacAuthorization": False, "accessPolicies": [POLICY, {**POLICY, "permissions": ["list"]}]},
            "accessPolicies[1]: is for the principal of accessPolicies[0]; each principal once",
        ),
        (
            {"enableRbacAuthorization": False, "accessPolicies": [{**POLICY, "permissions": ["get", "read"]}]},
            "accessPolicies[0].permissions[1]: read is not accepted; Secret Management, or a list of get, list, set",
        ),
        (
            {"enableRbacAuthorization": False, "accessPolicies": [{**POLICY, "permissions": []}]},
            "accessPolicies[0].permissions: [] is not accepted; Secret Management, or a list of get, list, set",
        ),
        (
            {"roleAssignments": [{**ROLE, "role": "Key Vault Secret User"}]},
            "roleAssignments[0].role: Key Vault Secret User is not accepted; Key Vault Secrets User, Key Vault Secrets "
            "Officer, Key Vault Reader, Key Vault Administrator, or a GUID; did you mean Key Vault Secrets User?",
        ),
        (
            {"roleAssignments": [{**ROLE, "scope": "/keys"}]},
            "roleAssignments[0].scope: /keys is not accepted; / or /secrets/<name>",
        ),
        ({"roleAssignments": [ROLE, ROLE]}, "roleAssignments[1]: says the same as roleAssignments[0]"),
        ({"name": "con--toso"}, "name: con--toso is not accepted; 3 to 24 letters, digits and single hyphens"),
        ({"retentionDays": 91}, "retentionDays: 91 is not accepted; 7 to 90 days"),
        (
            {"firewall": {"publicNetworkAccess": "Disabled", "ipRules": ["203.0.113.10"]}},
            'firewall.ipRules: ["203.0.113.10"] is not accepted; no rules while publicNetworkAccess is Disabled',
        ),
        (
            {"privateEndpoints": [{"name": "PrivateEndpointMainSubnet"}]},
            "privateEndpoints[0].name: PrivateEndpointMainSubnet is not accepted; a name that no other private",
        ),
        ({"zoneId": ZONE}, f"zoneId: {ZONE} is not accepted; no zone unless network.dns names one by zoneId"),
        ({"zoneID": ZONE}, "zoneID: there is no such key; did you mean zoneId?"),
    ],
)
def test_a_mistake_is_told_in_one_line(lines: Callable[..., list[str]], vault: Values, line: str) -> None:
    if "zoneId" in vault:
        vault = {**vault, "privateEndpoints": [{"name": "contosomivault-endpoint"}]}
    (told,) = lines(**vault)
    assert told.startswith(line)


def test_a_role_at_a_secret_needs_the_secret(lines: Callable[..., list[str]]) -> None:
    role = {**ROLE, "scope": "/secrets/databse"}
    (told,) = lines(secrets={"database": "hunter2"}, roleAssignments=[role])
    assert told == (
        "roleAssignments[0].scope: /secrets/databse is not accepted; /, or /secrets/ and the name of an entry of "
        "secrets; did you mean database?"
    )


def test_endpoints_need_a_network(dev: Values, project: Path) -> None:
    del dev["managed-hsm:network"]
    dev["managed-hsm:identities"] = {}
    dev["managed-hsm:roleAssignments"].pop()
    with pytest.raises(ConfigurationError, match=r"vault\.privateEndpoints: is not accepted; the section network"):
        _parsed(dev, project, {"privateEndpoints": [{"name": "contosomivault-endpoint"}]})


def test_beside_somebody_elses_zone_the_vaults_zone_is_somebody_elses_too(dev: Values, project: Path) -> None:
    zone = f"{ZONES}/privateDnsZones/privatelink.managedhsm.azure.net"
    dev["managed-hsm:network"]["dns"] = {"zoneId": zone}
    endpoints = {"privateEndpoints": [{"name": "contosomivault-endpoint"}]}
    with pytest.raises(ConfigurationError, match=r"vault\.zoneId: is missing; the ARM id of a zone"):
        _parsed(dev, project, endpoints)
    with pytest.raises(ConfigurationError, match="is not accepted; the ARM id of a private DNS zone"):
        _parsed(dev, project, {**endpoints, "zoneId": zone})
    vault = _parsed(dev, project, {**endpoints, "zoneId": ZONE}).vault
    assert vault is not None
    assert vault.zone_id == ZONE


def test_secrets_whose_names_differ_in_case_only_are_one(lines: Callable[..., list[str]]) -> None:
    assert lines(secrets={"Database": "hunter2", "database": "hunter3"}) == [
        "secrets.database: the name is not accepted; a name that differs from Database in more than case"
    ]


def test_a_secret_that_is_too_long_is_told_without_its_value(lines: Callable[..., list[str]]) -> None:
    assert lines(secrets={"database": "x" * 25_601}) == [
        "secrets.database: the value is not accepted; at most 25600 octets"
    ]


def test_no_message_has_a_value_of_a_section_with_secrets(lines: Callable[..., list[str]]) -> None:
    told = lines(secrets={"database": ["hunter2"], "a b": "hunter2"}, sku="hunter2", tags={"owner": 7})
    assert len(told) == 4
    assert "hunter2" not in "\n".join(told)


def test_settings_do_not_show_a_secret(read: Callable[..., Vault]) -> None:
    assert "hunter2" not in repr(read(secrets={"database": "hunter2"}))


def test_a_secret_in_plain_text_is_refused_also_beside_others(dev: Values, project: Path) -> None:
    secrets = {"secrets": {"good": "hunter2", "database": "hunter3"}}
    with pytest.raises(ConfigurationError) as caught:
        _parsed(dev, project, secrets, plain_secrets=["vault.secrets.database"])
    assert [str(problem) for problem in caught.value.problems] == [f"managed-hsm:vault.secrets.database: {PLAIN}"]


def test_the_stacks_file_says_which_secrets_are_in_plain_text(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(
        "config:\n  managed-hsm:vault:\n    secrets:\n      good: {secure: v1}\n      database: hunter2\n      n: 7\n"
    )
    assert plain_secrets(file) == {"vault.secrets.database", "vault.secrets.n"}


@pytest.mark.parametrize("content", [None, "", "config: [", "config:\n  managed-hsm:vault: {secure: 'v1:x'}\n"])
def test_a_file_that_says_nothing_of_secrets_is_no_mistake(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "Pulumi.dev.yaml"
    if content is not None:
        file.write_text(content)
    assert plain_secrets(file) == frozenset()


def test_the_running_stacks_file_is_looked_at(dev: Values, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi, "get_root_directory", lambda: str(project))
    monkeypatch.setattr(pulumi, "get_stack", lambda: "dev")
    dev["managed-hsm:vault"] = {"name": "contosomivault", "secrets": {"database": "hunter2"}}
    (project / "Pulumi.dev.yaml").write_text(
        "config:\n  managed-hsm:vault: {name: contosomivault, secrets: {database: hunter2}}\n"
    )
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in dev.items()}
    pulumi.runtime.set_all_config(as_text, ["managed-hsm:vault"])
    try:
        with pytest.raises(ConfigurationError) as caught:
            config.load()
    finally:
        pulumi.runtime.set_all_config({}, [])
    assert str(caught.value) == f"1 mistake in Pulumi.dev.yaml:\nmanaged-hsm:vault.secrets.database: {PLAIN}"


def test_the_dev_stack_has_the_walkthroughs_vault_and_no_secret_in_plain_text(dev: Values, project: Path) -> None:
    file = ROOT / "Pulumi.dev.yaml"
    assert plain_secrets(file) == frozenset()
    written = yaml.safe_load(file.read_text())["config"]["managed-hsm:vault"]
    vault = _parsed(dev, project, {**written, "secrets": dict.fromkeys(written["secrets"], "a value")}).vault
    assert vault is not None
    assert (vault.name, vault.enable_rbac_authorization) == ("contosomivault", False)
    (machine,) = [each for each in vault.access_policies if each.principal.kind == "identity"]
    assert machine.principal.value == "testvmmhsm"
    assert "purge" not in machine.permissions
