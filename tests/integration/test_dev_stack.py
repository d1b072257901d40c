"""The walkthrough, by the real engine: from nothing to an activated pool, through its life, to nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.identity import ClientSecretCredential
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultRoleScope
from azure.keyvault.keys import KeyClient

from local_azure.entra.directory import DEPLOYER_OBJECT_ID, GROUP_OBJECT_ID, USER_OBJECT_ID
from tests.integration.project import Project

pytestmark = pytest.mark.engine

URI = "https://az400popmhsm.managedhsm.azure.net/"


def in_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> ClientSecretCredential:
    """Leads the SDKs of this process to the project's local Azure."""
    set_to, removed = project.instance.variables({})
    for name in removed:
        monkeypatch.delenv(name, raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    return ClientSecretCredential(set_to["AZURE_TENANT_ID"], set_to["AZURE_CLIENT_ID"], set_to["AZURE_CLIENT_SECRET"])


def security_domain_file(project: Project) -> Path:
    return project.directory / ".local/security-domain/az400popMHSM-SD.json"


def test_the_walkthrough_from_nothing_to_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = project.control.status()["resources"]
    configure_what_the_walkthrough_has_not(project)
    first = project.up("--logtostderr", "-v=9")
    outputs = project.outputs()
    assert_walkthrough(project, outputs)
    assert_nothing_to_do(project)
    for text in (project.state(), first.output, json.dumps(project.answer("preview", "--json"))):
        assert_no_secret_in(project, text)
    assert_the_quorum_opens(project)
    assert_the_log_has_the_activation(project)

    credential = in_environment(project, monkeypatch)
    keys = KeyClient(URI, credential)
    assert_pool_is_as_described(credential, keys)

    # Drift: somebody disables a key by hand. Refresh sees it, and the next up mends it.
    keys.update_key_properties("myrsakey", enabled=False)
    project.pulumi("refresh", "--yes", "--skip-preview")
    assert project.steps() == {"myrsakey": "update"}
    project.up()
    assert keys.get_key("myrsakey").properties.enabled

    # Drift: somebody takes a role away by hand.
    roles = KeyVaultAccessControlClient(URI, credential)
    name = outputs["roleAssignments"]["Managed HSM Crypto Officer: deployer at /keys"]
    roles.delete_role_assignment(KeyVaultRoleScope.KEYS, name)
    project.pulumi("refresh", "--yes", "--skip-preview")
    assert project.steps() == {"Managed HSM Crypto Officer: deployer at /keys": "create"}
    project.up()

    # A change in place, of a key and of the pool.
    configured = project.configured("keys")
    configured["myrsakey"]["tags"] = {"owner": "crypto"}
    project.configure(keys=configured, hsm={**project.configured("hsm"), "tags": {"owner": "crypto"}})
    version = project.outputs()["keys"]["myrsakey"]["version"]
    assert project.steps() == {"myrsakey": "update", "managed-hsm": "update"}
    project.up()
    assert project.outputs()["keys"]["myrsakey"]["version"] == version
    assert keys.get_key("myrsakey").properties.tags == {"owner": "crypto"}

    # A change that replaces.
    assignments = project.configured("roleAssignments")
    assignments[2]["scope"] = "/keys/myrsakey"
    project.configure(roleAssignments=assignments)
    project.up()
    scoped = roles.list_role_assignments("/keys/myrsakey")
    principal = outputs["identities"]["testvmmhsm"]
    assert principal in {each.properties.principal_id for each in scoped if each.properties}
    assert_nothing_to_do(project)

    before = security_domain_file(project).read_bytes()
    project.pulumi("destroy", "--yes", "--skip-preview")
    assert project.control.status()["resources"] == empty
    assert security_domain_file(project).read_bytes() == before


NAMED = [
    {"role": "Managed HSM Crypto Auditor", "principal": {"group": "HSM Operators"}, "scope": "/keys"},
    {"role": "Managed HSM Crypto User", "principal": {"user": "kim.akers@contoso.com"}, "scope": "/keys/signingkey"},
    {"role": "Managed HSM Backup User", "principal": {"servicePrincipal": "contoso-deployer"}, "scope": "/"},
]
"""Roles of principals that the directory knows by name."""


def configure_what_the_walkthrough_has_not(project: Project) -> None:
    """A key on a curve, and principals by name."""
    project.configure(
        keys={**project.configured("keys"), "signingkey": {"type": "EC-HSM", "curve": "P-384"}},
        roleAssignments=[*project.configured("roleAssignments"), *NAMED],
    )


def assert_walkthrough(project: Project, outputs: dict[str, Any]) -> None:
    assert outputs["hsmUri"] == URI
    assert outputs["hsmId"].endswith(
        "/resourceGroups/ContosoResourceGroup/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
    )
    assert outputs["privateEndpoints"] == {"privateendpointmainsubnet": "10.0.1.4"}
    assert set(outputs["keys"]) == {"myrsakey", "myaeskey", "mypemrsakey", "signingkey"}
    assert len(outputs["roleAssignments"]) == 3 + len(NAMED)
    path = security_domain_file(project)
    assert outputs["securityDomain"]["files"] == [str(path)]
    assert outputs["securityDomain"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert_proved(outputs)


def assert_proved(outputs: dict[str, Any]) -> None:
    """The machine got in privately, as itself, and was refused at the public address."""
    found = {step: each["found"] for step, each in outputs["proof"]["testvmmhsm"]["steps"].items()}
    assert found["name"] == "10.0.1.4"
    assert found["token"] == f"principal {outputs['identities']['testvmmhsm']}"
    assert found["list"] == "4 keys"
    assert "wrapKey and unwrapKey with RSA-OAEP-256" in found["use"]
    assert found["publicWay"].endswith(": ForbiddenByFirewall")


def assert_nothing_to_do(project: Project) -> None:
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi("refresh", "--yes", "--skip-preview", "--diff", "--expect-no-changes")


def assert_no_secret_in(project: Project, state: str) -> None:
    """No private key, no client secret, and not a single datum of the security domain."""
    assert "PRIVATE KEY" not in state
    assert project.environment["AZURE_CLIENT_SECRET"] not in state
    domain = json.loads(security_domain_file(project).read_text())
    for datum in domain["EncData"]["data"]:
        assert datum["compact_jwe"][-40:] not in state
    material = (project.directory / ".local/keys/mycert2.pem").read_text().splitlines()[1:-1]
    assert not [line for line in material if line in state]


def assert_the_quorum_opens(project: Project) -> None:
    """As a custodian would check it: every quorum opens the file that the program wrote."""
    keys = [str(project.directory / f".local/custodians/cert_{number}.key") for number in (1, 2, 3)]
    command = [sys.executable, "-m", "ceremony", "verify", str(security_domain_file(project)), "--json", "--key", *keys]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["quorums"] == {"possible": 3, "tried": 3, "open": 3}


def assert_the_log_has_the_activation(project: Project) -> None:
    """As an auditor would ask: who activated the pool, when, from where; and nothing came before it."""
    command = [sys.executable, "-m", "audit", "az400popMHSM", "--limit", "0", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=project.environment)
    first, *others = [event for event in json.loads(done.stdout) if event["result"] == "ok"]
    assert (first["operation"], first["objectId"]) == ("SecurityDomainBackup", DEPLOYER_OBJECT_ID)
    assert first["caller"] == "203.0.113.10"
    assert {"KeyCreate", "KeyImport", "RoleAssignmentCreate", "KeyWrap"} <= {event["operation"] for event in others}
    domain = json.loads(security_domain_file(project).read_text())
    assert all(datum["compact_jwe"][-40:] not in done.stdout for datum in domain["EncData"]["data"])


def assert_pool_is_as_described(credential: ClientSecretCredential, keys: KeyClient) -> None:
    assert {key.name for key in keys.list_properties_of_keys()} == {"myrsakey", "myaeskey", "mypemrsakey", "signingkey"}
    elliptic = keys.get_key("signingkey")
    assert (elliptic.key_type, vars(elliptic.key)["crv"]) == ("EC-HSM", "P-384")
    rsa = keys.get_key("myrsakey")
    assert rsa.key_type == "RSA-HSM"
    assert set(rsa.key_operations) == {"wrapKey", "unwrapKey"}
    assert len(vars(rsa.key)["n"]) == 3072 // 8
    assert rsa.properties.recovery_level == "CustomizedRecoverable+Purgeable"
    roles = KeyVaultAccessControlClient(URI, credential)
    assert len(list(roles.list_role_definitions(KeyVaultRoleScope.GLOBAL))) >= 10
    found = zip((GROUP_OBJECT_ID, USER_OBJECT_ID, DEPLOYER_OBJECT_ID), NAMED, strict=True)
    for object_id, named in found:
        given = roles.list_role_assignments(str(named["scope"]))
        assert object_id in {each.properties.principal_id for each in given if each.properties}, named
