"""A pool made by hand comes under the program, is shared by stacks, and goes: the pages of the how-to, followed.

``docs/how-to/take-over-a-pool.md``, ``give-a-team-a-key.md`` and ``clean-up.md``, in this order, by the real engine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultRoleScope
from azure.keyvault.keys import KeyClient
from azure.keyvault.securitydomain import SecurityDomainClient
from azure.mgmt.keyvault import KeyVaultManagementClient

from data_plane.built_in_roles import guid_of
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.integration.how_to import Reader
from tests.integration.project import Project
from tests.unit.local_azure.managed_hsm.support import download_body

pytestmark = pytest.mark.engine

GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
URL = "https://az400popmhsm.managedhsm.azure.net"
ARM, GRAPH = "https://management.azure.com", "https://graph.microsoft.com"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
AUDITOR = "6c2e8b94-1f3d-4a70-8e55-d9b0c7a1f362"
ENCRYPTION_USER = "33413926-3206-4cdd-b39a-83574fe37a17"


def make_by_hand(azure: ByHand) -> None:
    """What the walkthrough's author had: a group elsewhere with tags, a pool, roles, keys; all by the official SDKs."""
    azure.arm("PUT", GROUP, "2024-03-01", {"location": "westus", "tags": {"made": "by hand"}})
    credential = DefaultAzureCredential()
    pools = KeyVaultManagementClient(credential, SUBSCRIPTION_ID, api_version=POOLS).managed_hsms
    properties = {
        "tenantId": TENANT_ID,
        "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
        "softDeleteRetentionInDays": 28,
        "enablePurgeProtection": True,
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]},
    }
    sku = {"family": "B", "name": "Standard_B1"}
    body: Any = {"location": "East US 2", "sku": sku, "tags": {"owner": "crypto"}, "properties": properties}
    pools.begin_create_or_update("ContosoResourceGroup", "az400popMHSM", body).result()
    certificates: Any = download_body()
    SecurityDomainClient(URL, credential).begin_download(certificates).result()
    roles = KeyVaultAccessControlClient(URL, credential)
    wide = [("Managed HSM Crypto User", "/keys"), ("Managed HSM Crypto Officer", "/keys")]
    for role, scope in wide:
        assign(roles, role, scope, DEPLOYER_OBJECT_ID)
    keys = KeyClient(URL, credential)
    keys.create_rsa_key("myrsakey", size=3072, hardware_protected=True, key_operations=["wrapKey", "unwrapKey"])
    keys.create_oct_key("myaeskey", size=256, hardware_protected=True, tags={"use": "files"})
    keys.create_ec_key("mysigner", curve="P-384", hardware_protected=True, enabled=False)
    assign(roles, "Managed HSM Crypto Auditor", "/keys/myrsakey", AUDITOR)


def assign(roles: KeyVaultAccessControlClient, role: str, scope: str, principal: str) -> None:
    definition = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{guid_of(role)}"
    roles.create_role_assignment(KeyVaultRoleScope(scope) if scope in ("/", "/keys") else scope, definition, principal)


def accepted_writes(project: Project) -> list[str]:
    """What changed anything in ARM or in the pool since the local Azure began."""
    return [
        f"{each['method']} {each['host']}{each['path']}"
        for each in project.control.log()
        if each["method"] in ("PUT", "PATCH", "DELETE", "POST")
        and each["status"] < 400
        and not each["host"].startswith(("login.", "graph."))
        and not each["path"].endswith("checkMhsmNameAvailability")
    ]


def team_signed_in(azure: ByHand, environment: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A service principal for the team's deployer that may read the pool in ARM: its object id, and its environment."""
    application = azure.ask("POST", f"{GRAPH}/v1.0/applications", GRAPH, {"displayName": "payments-deployer"}).json()
    principal = azure.ask("POST", f"{GRAPH}/v1.0/servicePrincipals", GRAPH, {"appId": application["appId"]}).json()
    url = f"{GRAPH}/v1.0/applications/{application['id']}/addPassword"
    secret = azure.ask("POST", url, GRAPH, {"passwordCredential": {"displayName": "test"}}).json()["secretText"]
    name = "3e9d0a57-6b1c-4f28-93e4-a8c5d7f1b260"
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    properties = {"roleDefinitionId": role, "principalId": principal["id"], "principalType": "ServicePrincipal"}
    azure.arm(
        "PUT",
        f"{POOL}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "2022-04-01",
        {"properties": properties},
    )
    signed_in = {
        f"{prefix}_{name}": value
        for prefix in ("ARM", "AZURE")
        for name, value in (("CLIENT_ID", application["appId"]), ("CLIENT_SECRET", secret))
    }
    return principal["id"], {**environment, **signed_in}


def test_the_pages_of_the_how_to_followed_as_written(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    set_to, removed = project.instance.variables({})
    for name in removed:
        monkeypatch.delenv(name, raising=False)
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    azure = ByHand(project.instance)
    make_by_hand(azure)
    assert_taken_over_without_a_change(project)

    team_id, as_team = team_signed_in(azure, dict(project.environment))
    words = {"PAYMENTS_DEPLOYER": team_id, "POOL_ID": POOL}
    platform = Reader(project.directory, project.environment, words)
    team = Reader(project.directory, as_team, words)
    platform.follow("give-a-team-a-key.md", "As the platform team: let the team in")
    said = team.follow("give-a-team-a-key.md", "As the team: make the key and give it to a service")
    key = json.loads(said[-1])["payments-wrapping"]
    assert key["versionlessId"] == f"{URL}/keys/payments-wrapping"
    assert_the_team_has_its_key_and_no_other(as_team)
    assert_the_key_stays_while_the_service_uses_it(project, team)

    team.follow("clean-up.md", "Retire a key that a service encrypts with")
    keys = KeyClient(URL, DefaultAzureCredential())
    assert keys.get_deleted_key("payments-wrapping").name == "payments-wrapping"
    assert {each.name for each in keys.list_properties_of_keys()} == {"myrsakey", "myaeskey", "mysigner"}
    *_, destroyed, _ = platform.follow("clean-up.md", "Destroy the pool's own stack")
    assert "az400popMHSM is only deleted softly: it holds its name, and is billed" in destroyed
    assert azure.arm("GET", POOL, POOLS) is None
    assert azure.arm("GET", GROUP, "2024-03-01")["tags"] == {"made": "by hand"}


def assert_taken_over_without_a_change(project: Project) -> None:
    before = accepted_writes(project)
    Reader(project.directory, project.environment, {}).follow("take-over-a-pool.md")
    assert accepted_writes(project) == before
    written = yaml.safe_load((project.directory / "Pulumi.contoso.yaml").read_text())["config"]
    assert list(written["managed-hsm:keys"]) == ["myaeskey", "myrsakey", "mysigner"]
    assert written["managed-hsm:keys"]["mysigner"]["enabled"] is False
    assert len(written["managed-hsm:roleAssignments"]) == 1 + 2 + 1
    remarks = (project.directory / "Pulumi.contoso.yaml").read_text().split("config:")[0]
    assert "nobody can ask a pool who its custodians are" in remarks


def assert_the_team_has_its_key_and_no_other(as_team: dict[str, str]) -> None:
    credential = ClientSecretCredential(TENANT_ID, as_team["AZURE_CLIENT_ID"], as_team["AZURE_CLIENT_SECRET"])
    keys = KeyClient(URL, credential)
    own = keys.get_key("payments-wrapping")
    assert own.properties.tags == {"managed-by-stack": "payments"}
    with pytest.raises(HttpResponseError) as refused:
        keys.begin_delete_key("myrsakey")
    assert refused.value.status_code == 403
    roles = KeyVaultAccessControlClient(URL, credential)
    granted = {
        str(each.properties.role_definition_id).rsplit("/", 1)[-1]
        for each in roles.list_role_assignments("/keys/payments-wrapping")
        if each.properties
    }
    assert ENCRYPTION_USER in granted


def assert_the_key_stays_while_the_service_uses_it(project: Project, team: Reader) -> None:
    path: Path = project.directory / "Pulumi.payments.yaml"
    written = path.read_text()
    content = yaml.safe_load(written)
    content["config"]["managed-hsm:keys"] = {}
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(AssertionError, match='payments-wrapping" cannot be deleted'):
        team.run("pulumi preview --stack payments")
    path.write_text(written)
