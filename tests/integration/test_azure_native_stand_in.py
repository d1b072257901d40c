"""The azure-native stand-in under the real engine: every type that it plays, through its whole life."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.identity import ClientSecretCredential

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.plugin import tables
from local_azure.plugin.install import install
from local_azure.stack.pulumi import Pulumi
from tests.integration.project import Project
from tests.support import Azure

pytestmark = [pytest.mark.engine, pytest.mark.daemon]

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/Contoso"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net"
PROGRAM = """
import pulumi
from pulumi_azure_native import (
    authorization, compute, eventhub, keyvault, managedidentity, monitor, network, operationalinsights, privatedns,
    resources, storage,
)

settings = pulumi.Config("stand-in")
who = authorization.get_client_config()
role = "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"

group = resources.ResourceGroup(
    "group", resource_group_name="Contoso", location="eastus2", tags={"stage": settings.get("stage") or "one"}
)
here = {"resource_group_name": group.name}
west = {**here, "location": "westus"}

network_ = network.VirtualNetwork("vnet", address_space={"address_prefixes": ["10.0.0.0/16"]}, **west)
rules = network.NetworkSecurityGroup("rules", **west)
subnet = network.Subnet(
    "main",
    virtual_network_name=network_.name,
    address_prefix="10.0.1.0/24",
    network_security_group={"id": rules.id},
    private_endpoint_network_policies="Disabled",
    **here,
)
zone = privatedns.PrivateZone("zone", private_zone_name="privatelink.managedhsm.azure.net", location="global", **here)
privatedns.VirtualNetworkLink(
    "link",
    private_zone_name=zone.name,
    location="global",
    registration_enabled=True,
    virtual_network={"id": network_.id},
    **here,
)
record = privatedns.PrivateRecordSet(
    "record",
    private_zone_name=zone.name,
    record_type="A",
    relative_record_set_name="record",
    ttl=3600,
    a_records=[{"ipv4_address": "10.0.1.9"}],
    **here,
)

hsm = keyvault.ManagedHsm(
    "hsm",
    name="contosostandin",
    location="East US 2",
    sku={"family": "B", "name": "Standard_B1"},
    properties={
        "tenant_id": who.tenant_id,
        "initial_admin_object_ids": [who.object_id],
        "enable_soft_delete": True,
        "soft_delete_retention_in_days": 7,
        "enable_purge_protection": False,
        "public_network_access": "Enabled",
        "network_acls": {
            "default_action": settings.get("firewall") or "Deny",
            "bypass": "AzureServices",
            "ip_rules": [{"value": "203.0.113.10"}],
            "virtual_network_rules": [],
        },
    },
    **here,
)
endpoint = network.PrivateEndpoint(
    "endpoint",
    subnet={"id": subnet.id},
    private_link_service_connections=[
        {"name": "connection", "private_link_service_id": hsm.id, "group_ids": ["managedhsm"]}
    ],
    opts=pulumi.ResourceOptions(ignore_changes=["customDnsConfigs"]),
    **west,
)
network.PrivateDnsZoneGroup(
    "default",
    private_endpoint_name=endpoint.name,
    private_dns_zone_configs=[{"name": "hsm", "private_dns_zone_id": zone.id}],
    **here,
)

card = network.NetworkInterface(
    "card",
    ip_configurations=[{"name": "one", "subnet": {"id": subnet.id}, "private_ip_allocation_method": "Dynamic"}],
    **west,
)
machine = compute.VirtualMachine(
    "machine",
    vm_name="machine",
    identity={"type": "SystemAssigned"},
    hardware_profile={"vm_size": "Standard_B1s"},
    network_profile={"network_interfaces": [{"id": card.id, "primary": True}]},
    os_profile={
        "computer_name": "machine",
        "admin_username": "contoso",
        "admin_password": pulumi.Output.secret("Very-secret-1!"),
    },
    storage_profile={
        "image_reference": {
            "publisher": "Canonical",
            "offer": "0001-com-ubuntu-server-jammy",
            "sku": "22_04-lts-gen2",
            "version": "latest",
        },
        "os_disk": {"create_option": "FromImage"},
    },
    **west,
)
batch = managedidentity.UserAssignedIdentity("batch", location=settings.get("identities") or "westus", **here)
authorization.ManagementLockByScope("keep", scope=batch.id, level="CanNotDelete", notes="Others use it.")
authorization.RoleAssignment(
    "reader",
    scope=group.id,
    principal_id=machine.identity.principal_id,
    principal_type="ServicePrincipal",
    role_definition_id=role.format(who.subscription_id),
)

vault = keyvault.Vault(
    "vault",
    vault_name="contosovault1",
    location="eastus2",
    properties={
        "tenant_id": who.tenant_id,
        "sku": {"family": "A", "name": "standard"},
        "access_policies": [
            {"tenant_id": who.tenant_id, "object_id": who.object_id, "permissions": {"secrets": ["all"]}}
        ],
    },
    **here,
)
keyvault.Secret(
    "password",
    vault_name=vault.name,
    properties={"value": pulumi.Output.secret("Very-secret-2!")},
    opts=pulumi.ResourceOptions(deleted_with=vault),
    **here,
)

account = storage.StorageAccount(
    "logs", account_name="contosologs1", location="eastus2", kind="StorageV2", sku={"name": "Standard_LRS"}, **here
)
storage.BlobContainer(
    "backups", account_name=account.name, container_name=settings.get("container") or "backups", **here
)
workspace = operationalinsights.Workspace("workspace", location="eastus2", sku={"name": "PerGB2018"}, **here)
events = eventhub.Namespace(
    "events", namespace_name="contosoevents1", location="eastus2", sku={"name": "Standard", "tier": "Standard"}, **here
)
eventhub.EventHub("hub", namespace_name=events.name, partition_count=1, message_retention_in_days=1, **here)
sender = eventhub.NamespaceAuthorizationRule(
    "sender", namespace_name=events.name, rights=["Listen", "Manage", "Send"], **here
)
monitor.DiagnosticSetting(
    "audit",
    resource_uri=hsm.id,
    storage_account_id=account.id,
    workspace_id=workspace.id,
    logs=[{"category": "AuditEvent", "enabled": True}],
)

pulumi.export("hsm", hsm.id)
pulumi.export("uri", hsm.properties.hsm_uri)
pulumi.export("created", hsm.system_data.created_at)
pulumi.export("ip", card.ip_configurations[0].private_ip_address)
pulumi.export("network", network_.id)
"""
IMPORTS = """
import pulumi
from pulumi_azure_native import resources

resources.ResourceGroup(
    "found",
    resource_group_name="Found",
    location="westus",
    tags={"by": "hand"},
    opts=pulumi.ResourceOptions(import_="GROUP"),
)
"""


@pytest.fixture
def stack(azure: Azure, tmp_path: Path) -> Project:
    """An empty stack of the program above, on a local Azure with nothing in it."""
    instance = azure.instance
    shutil.rmtree(instance.pulumi_backend, ignore_errors=True)
    instance.pulumi_backend.mkdir(mode=0o700)
    install(instance.pulumi_home)
    (tmp_path / "Pulumi.yaml").write_text("name: stand-in\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    made = Project(tmp_path, instance)
    Pulumi(made.directory, made.environment).select()
    return made


class Arm:
    """ARM by hand, as a colleague with a script would change things behind the engine's back."""

    def __init__(self, environment: dict[str, str]) -> None:
        names = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
        credential = ClientSecretCredential(*(environment[name] for name in names))
        token = credential.get_token("https://management.azure.com/.default").token
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, resource_id: str, api_version: str, body: Any = None) -> Any:
        """The answer's body; None where there is no such resource."""
        url = f"https://management.azure.com{resource_id}?api-version={api_version}"
        answer = self._session.request(method, url, json=body, timeout=30)
        assert answer.ok or answer.status_code == 404, answer.text
        return answer.json() if answer.ok and answer.content else None


def _inputs(stack: Project) -> dict[str, Any]:
    """The inputs in the state, by resource name."""
    resources = stack.answer("stack", "export")["deployment"]["resources"]
    return {each["urn"].rpartition("::")[2]: each.get("inputs", {}) for each in resources}


def _types(state: str) -> set[str]:
    return set(re.findall(r'"type": "azure-native:([\w:]+)"', state))


def test_a_program_lives_its_whole_life(stack: Project) -> None:
    stack.up()
    outputs = stack.outputs()
    assert outputs["uri"] == "https://contosostandin.managedhsm.azure.net/"
    assert outputs["ip"].startswith("10.0.1.")
    arm = Arm(stack.environment)

    state = stack.state()
    not_made = {"compute:VirtualMachineRunCommandByVirtualMachine", "eventhub:EventHubAuthorizationRule"}
    not_made |= {"keyvault:MHSMPrivateEndpointConnection"}
    # The logs and alerts of test_vault.py have these.
    not_made |= {"monitor:ActionGroup", "monitor:ActivityLogAlert", "monitor:ScheduledQueryRule"}
    not_made |= {"storage:ManagementPolicy"}
    assert _types(state) == {each.token for each in tables.all_resource_types()} - not_made
    assert "Very-secret" not in state

    # A zone group empties its endpoint's customDnsConfigs, which azure-native has as an input: the one true drift.
    refreshed = stack.pulumi("refresh", "--yes", "--skip-preview")
    assert "~ 1 updated" in refreshed.changes(), refreshed.output
    stack.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    stack.pulumi("preview", "--expect-no-changes")

    # What was changed by hand is seen by a refresh: it stands in the inputs, where the next update finds it.
    rules = arm("GET", outputs["hsm"], "2024-11-01")["properties"]["networkAcls"]
    others = {**rules, "ipRules": [{"value": "198.51.100.7"}]}
    arm("PATCH", outputs["hsm"], "2024-11-01", {"properties": {"networkAcls": others}})
    arm("PATCH", GROUP, "2024-03-01", {"tags": {"stage": "one", "by": "hand"}})
    arm("DELETE", f"{ZONE}/A/record", "2024-06-01")
    stack.pulumi("refresh", "--yes", "--skip-preview")
    inputs = _inputs(stack)
    assert inputs["hsm"]["properties"]["networkAcls"] == others
    assert inputs["group"]["tags"] == {"stage": "one", "by": "hand"}
    assert "record" not in inputs

    # In one update: put back, changed in place, and replaced; the identity and its lock before the old ones go.
    changes = {"stage": "two", "container": "others", "identities": "eastus"}
    plain = [word for name, value in changes.items() for word in ("--plaintext", f"stand-in:{name}={value}")]
    stack.pulumi("config", "set-all", *plain)
    changed = stack.up()
    for each in ("+ 1 created", "~ 2 updated", "+-3 replaced"):
        assert each in changed.changes(), changed.output
    assert changed.output.index("UserAssignedIdentity batch created replacement") < changed.output.index(
        "UserAssignedIdentity batch deleting original"
    )
    assert arm("GET", GROUP, "2024-03-01")["tags"] == {"stage": "two"}
    assert arm("GET", outputs["hsm"], "2024-11-01")["properties"]["networkAcls"] == rules
    assert stack.outputs()["created"] == outputs["created"]

    stack.pulumi("destroy", "--yes", "--skip-preview")
    left = arm("GET", f"/subscriptions/{SUBSCRIPTION_ID}/resources", "2021-04-01")["value"]
    assert left == []
    assert arm("GET", GROUP, "2024-03-01") is None


def test_what_exists_is_imported_or_refused_in_one_line(stack: Project) -> None:
    arm = Arm(stack.environment)
    found = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/Found"
    arm("PUT", found, "2024-03-01", {"location": "westus", "tags": {"by": "hand"}})
    (stack.directory / "__main__.py").write_text(IMPORTS.replace("GROUP", "", 1).replace('import_=""', "import_=None"))
    refused = stack.up(check=False)
    assert refused.status != 0
    assert f"error: cannot create already existing resource '{found.replace('G', 'g')}'" in refused.output
    assert "Traceback" not in refused.output
    (stack.directory / "__main__.py").write_text(IMPORTS.replace("GROUP", found))
    assert "1 imported" in stack.up().changes()
    assert _inputs(stack)["found"]["tags"] == {"by": "hand"}
    stack.pulumi("preview", "--expect-no-changes")
