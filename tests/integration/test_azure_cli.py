"""The walkthrough by hand: its commands, one by one, by an unmodified ``az`` (docs/official-clients.md).

They run once, in order, for all tests of this module; each test looks at what some of them said.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID, USER_OBJECT_ID
from local_azure.instance import Instance
from local_azure.server.control import ControlClient
from tests.integration.azure_cli import HOW_TO, VARIABLE, Outcome, Shell

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=HOW_TO),
    pytest.mark.xdist_group("azure-cli"),
    pytest.mark.timeout(600),
]

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoResourceGroup"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/testvmmhsm"
HSM, ZONE = "--hsm-name az400popMHSM", "privatelink.managedhsm.azure.net"
IN_GROUP = "--resource-group ContosoResourceGroup"
LOGS = (
    "--account-name contosohsmlogs --container-name insights-logs-auditevent --account-key"
    f" $(az storage account keys list {IN_GROUP} --account-name contosohsmlogs --query '[0].value' -o tsv)"
)
OPENSSL_CNF = """\
[req]
distinguished_name = subject
x509_extensions = extensions
prompt = no
[subject]
C = US
ST = WA
L = Redmond
O = Contoso
OU = MHSM
CN = www.Contoso.com
[extensions]
keyUsage = keyEncipherment, dataEncipherment
extendedKeyUsage = serverAuth
subjectAltName = DNS:www.Contoso.com, DNS:Contoso.com, DNS:www.Contoso.net, DNS:Contoso.net
"""
CERTIFICATE = "openssl req -newkey rsa:2048 -nodes -x509 -days 365 -config openssl.cnf"
SIGN_IN = "az login --service-principal --allow-no-subscriptions --tenant $AZURE_TENANT_ID"
FIELD = "python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])'"
TOKEN = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource"

COMMANDS = {
    "W0.0 sign in": "az login --service-principal --username $AZURE_CLIENT_ID --password $AZURE_CLIENT_SECRET"
    " --tenant $AZURE_TENANT_ID",
    "W0.0 choose": "az account set --subscription $AZURE_SUBSCRIPTION_ID",
    "W0.0 chosen": "az account show",
    "W0.1": "az group create --name ContosoResourceGroup --location eastus2",
    "W0.2": f"az keyvault create {HSM} --resource-group ContosoResourceGroup --location 'East US 2'"
    " --administrators $(az ad sp show --id $AZURE_CLIENT_ID --query id -o tsv) --retention-days 28",
    "W3.1": "az keyvault check-name --name az400popMHSM --resource-type hsm",
    "W1.2 account": f"az storage account create {IN_GROUP} --name contosohsmlogs --location eastus2 --sku Standard_LRS",
    "W1.2 workspace": f"az monitor log-analytics workspace create {IN_GROUP} --workspace-name contosohsm"
    " --location eastus2",
    "W1.2 namespace": f"az eventhubs namespace create {IN_GROUP} --name contosohsm --location eastus2 --sku Standard",
    "W1.2 hub": f"az eventhubs eventhub create {IN_GROUP} --namespace-name contosohsm --name audit",
    "W1.2 rule": f"az eventhubs namespace authorization-rule create {IN_GROUP} --namespace-name contosohsm"
    " --name diagnostics --rights Send",
    "W1.2 categories": f"az monitor diagnostic-settings categories list --resource {POOL}",
    "W1.2": f"az monitor diagnostic-settings create --name ContosoMHSM-Diagnostics --resource {POOL}"
    ' --logs \'[{"category": "AuditEvent","enabled": true}]\''
    ' --metrics \'[{"category": "AllMetrics","enabled": true}]\''
    f" --storage-account {GROUP}/providers/Microsoft.Storage/storageAccounts/contosohsmlogs"
    f" --workspace {GROUP}/providers/Microsoft.OperationalInsights/workspaces/contosohsm --event-hub audit"
    f" --event-hub-rule {GROUP}/providers/Microsoft.EventHub/namespaces/contosohsm/authorizationRules/diagnostics",
    "W3.2": f"az keyvault key list {HSM}",
    "W0.3 first": f"mkdir certs && {CERTIFICATE} -keyout certs/cert_1.key -out certs/cert_1.cer",
    "W0.3 second": f"{CERTIFICATE} -keyout certs/cert_2.key -out certs/cert_2.cer",
    "W0.3 third": f"{CERTIFICATE} -keyout certs/cert_3.key -out certs/cert_3.cer",
    "W3.3": f"az keyvault security-domain download {HSM} --sd-wrapping-keys certs/cert_1.cer certs/cert_2.cer"
    " --sd-quorum 2 --security-domain-file refused.json",
    "W0.4": f"az keyvault security-domain download {HSM} --sd-wrapping-keys ./certs/cert_1.cer ./certs/cert_2.cer"
    " ./certs/cert_3.cer --sd-quorum 2 --security-domain-file az400popMHSM-SD.json",
    "W0.4 shown": f"az keyvault show {HSM}",
    "W1.2 stored": f"az storage blob download {LOGS} --no-progress --file log.json"
    f" --name $(az storage blob list {LOGS} --query '[0].name' -o tsv) -o none && cat log.json",
    "W1.2 asked": "az rest --method post --resource https://api.loganalytics.io --url https://api.loganalytics.io/v1"
    f"/workspaces/$(az monitor log-analytics workspace show {IN_GROUP} --workspace-name contosohsm"
    ' --query customerId -o tsv)/query --body \'{"query": "AzureDiagnostics | project OperationName"}\'',
    "W0.5 definitions": f"az keyvault role definition list {HSM}",
    "W0.5 assign": f"az keyvault role assignment create {HSM} --role 'Managed HSM Crypto User'"
    f" --assignee {DEPLOYER_OBJECT_ID} --scope /",
    "W0.5 assign by name": f"az keyvault role assignment create {HSM} --role 'Managed HSM Crypto User'"
    " --assignee kim.akers@contoso.com --scope /",
    "W0.5 officer": f"az keyvault role assignment create {HSM} --role 'Managed HSM Crypto Officer'"
    f" --assignee {DEPLOYER_OBJECT_ID} --scope /keys",
    "W0.5 list": f"az keyvault role assignment list {HSM}",
    "own role": f"az keyvault role definition create {HSM} --role-definition @role.json > made.json && cat made.json",
    "own role listed": f"az keyvault role definition list {HSM} --custom-role-only",
    "own role assign": f"az keyvault role assignment create {HSM} --role Signer --scope /keys"
    f" --assignee-object-id {USER_OBJECT_ID}",
    "own role in use": f"az keyvault role definition delete {HSM} --name $({FIELD} made.json name)",
    "own role take": f"az keyvault role assignment delete {HSM} --role Signer --scope /keys"
    f" --assignee-object-id {USER_OBJECT_ID}",
    "own role delete": f"az keyvault role definition delete {HSM} --name $({FIELD} made.json name)",
    "own role mistyped": "sed s/sign/sing/ role.json > mistyped.json"
    f" && az keyvault role definition create {HSM} --role-definition @mistyped.json",
    "W0.6 rsa": f"az keyvault key create {HSM} --name myrsakey --ops wrapKey unwrapKey --kty RSA-HSM --size 3072",
    "W0.6 aes": f"az keyvault key create {HSM} --name myaeskey --ops encrypt decrypt --tags --kty oct-HSM --size 256",
    "W0.6 list": f"az keyvault key list {HSM}",
    "W0.7 pem": f"{CERTIFICATE} -keyout mycert2.key -out mycert2.cer && cat mycert2.key mycert2.cer > mycert2.pem",
    "W0.7": f"az keyvault key import {HSM} --name mypemrsakey --pem-file mycert2.pem",
    "W0.7 show": f"az keyvault key show {HSM} --name mypemrsakey",
    "W0.8 backup": f"az keyvault key backup {HSM} --name mypemrsakey --file mypemrsakey.backup",
    "W0.8 delete": f"az keyvault key delete {HSM} --name mypemrsakey",
    "W0.8 purge": f"az keyvault key purge {HSM} --name mypemrsakey",
    "W0.8 restore": f"az keyvault key restore {HSM} --file mypemrsakey.backup",
    "W0.9": "az provider register --namespace Microsoft.KeyVault",
    "W0.9 shown": "az provider show --namespace Microsoft.KeyVault",
    "W0.10": f"az keyvault update-hsm {HSM} --resource-group ContosoResourceGroup --default-action deny"
    " --bypass AzureServices",
    "W0.10 outside": f"az keyvault key list {HSM}",
    "W0.11": "az network vnet create --resource-group ContosoResourceGroup --name vnetwest --location westus"
    " --address-prefixes 10.0.0.0/16",
    "W0.11 subnet": "az network vnet subnet create --resource-group ContosoResourceGroup --vnet-name vnetwest"
    " --name mainsubnet --address-prefixes 10.0.1.0/24",
    "W0.11 policies": "az network vnet subnet update --resource-group ContosoResourceGroup --vnet-name vnetwest"
    " --name mainsubnet --disable-private-endpoint-network-policies true",
    "W0.12": f"az network private-dns zone create --resource-group ContosoResourceGroup --name {ZONE}",
    "W0.12 link": "az network private-dns link vnet create --resource-group ContosoResourceGroup"
    f" --virtual-network vnetwest --zone-name {ZONE} --name managedhsmzone --registration-enabled true",
    "W0.13": "az network private-endpoint create --resource-group ContosoResourceGroup --vnet-name vnetwest"
    f" --subnet mainsubnet --name privateendpointmainsubnet --private-connection-resource-id {POOL}"
    " --group-id managedhsm --connection-name privatelinkmain --location westus",
    "W0.13 show": "az network private-endpoint show --resource-group ContosoResourceGroup"
    " --name privateendpointmainsubnet",
    "W0.13 card": "az network nic show --ids $(az network private-endpoint show --query 'networkInterfaces[0].id'"
    " -o tsv --resource-group ContosoResourceGroup --name privateendpointmainsubnet)",
    "W0.14 zones": "az network private-dns zone list --resource-group ContosoResourceGroup",
    "W0.14": "az network private-dns record-set a add-record --resource-group ContosoResourceGroup"
    f" --zone-name {ZONE} --record-set-name az400popmhsm --ipv4-address 10.0.1.4",
    "W0.14 list": f"az network private-dns record-set list --resource-group ContosoResourceGroup --zone-name {ZONE}",
    "W1.3 secret": "az ad sp create-for-rbac --name contoso-batch > batch.json",
    "W1.3 secret sign in": f"AZURE_CONFIG_DIR=$PWD/batch {SIGN_IN} --username $({FIELD} batch.json appId)"
    f" --password $({FIELD} batch.json password)",
    "W1.3 certificate": f"{CERTIFICATE} -keyout web.key -out web.cer && cat web.key web.cer > web.pem"
    " && az ad sp create-for-rbac --name contoso-web --cert @web.cer > web.json",
    "W1.3 certificate sign in": f"AZURE_CONFIG_DIR=$PWD/web {SIGN_IN} --username $({FIELD} web.json appId)"
    " --certificate web.pem",
    "W0.16 card": "az network nic create --resource-group ContosoResourceGroup --name testnic --location westus"
    " --vnet-name vnetwest --subnet mainsubnet",
    "W0.16 machine": f"az rest --method put --url '{MACHINE}?api-version=2024-11-01' --body @machine.json",
    "W0.16 identity": "az vm identity assign --resource-group ContosoResourceGroup --name testvmmhsm",
    "W0.16 let in": f"az keyvault network-rule add {HSM} --resource-group ContosoResourceGroup"
    " --ip-address 203.0.113.10",
    "W0.16": f"az keyvault role assignment create {HSM} --role 'Managed HSM Crypto User' --scope / --assignee"
    " $(az vm identity show --resource-group ContosoResourceGroup --name testvmmhsm --query principalId -o tsv)",
}
"""By the row of the walkthrough. A machine is made by ``az rest``: ``az vm create`` deploys a template."""
REFUSED = {"W3.2", "W3.3", "W0.10 outside", "own role in use", "own role mistyped"}
ROLE = {
    "roleName": "Signer",
    "description": "Signs.",
    "actions": [],
    "notActions": [],
    "dataActions": ["Microsoft.KeyVault/managedHsm/keys/sign/action"],
    "notDataActions": [],
    "assignableScopes": ["/"],
}

INSIDE = {
    "W0.15": "getent hosts az400popmhsm.managedhsm.azure.net",
    "W0.15 private name": f"getent hosts az400popmhsm.{ZONE}",
    "W0.17 sign in": "az login --identity --allow-no-subscriptions",
    "W0.17 list": f"az keyvault key list {HSM}",
    "W0.17 show": f"az keyvault key show {HSM} --name myrsakey",
    "W0.18 management": f"curl -s '{TOKEN}=https%3A%2F%2Fmanagement.azure.com%2F' -H Metadata:true",
    "W0.18 hsm": f"curl -s '{TOKEN}=https://managedhsm.azure.net' -H Metadata:true | tee token.json",
    "W0.18 list": 'curl -s -H "Authorization: Bearer $(python3 -c \'import json; print(json.load(open("token.json"))'
    '["access_token"])\')" "https://az400popmhsm.managedhsm.azure.net/keys?api-version=7.2"',
}
"""The same inside the machine."""


def machine() -> dict[str, Any]:
    """The walkthrough's machine, which has no identity yet."""
    image = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJtwXrouN0LDZyjHCHluoeJH/UFs4wW7uYdZ9TfP0v6E"
    keys = [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": key}]
    linux = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": keys}}
    card = f"{GROUP}/providers/Microsoft.Network/networkInterfaces/testnic"
    return {
        "location": "westus",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_B2s"},
            "storageProfile": {"imageReference": image, "osDisk": {"createOption": "FromImage"}},
            "osProfile": {"computerName": "testvmmhsm", "adminUsername": "azureuser", "linuxConfiguration": linux},
            "networkProfile": {"networkInterfaces": [{"id": card}]},
        },
    }


@pytest.fixture(scope="module")
def said(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """What every command of the walkthrough came to."""
    ControlClient(instance.port).reset()
    directory = tmp_path_factory.mktemp("by-hand")
    (directory / "openssl.cnf").write_text(OPENSSL_CNF)
    (directory / "machine.json").write_text(json.dumps(machine()))
    (directory / "role.json").write_text(json.dumps(ROLE))
    shell = Shell(instance, directory, Path(os.environ[VARIABLE]).absolute())
    outcomes = {row: shell.run(command) if row in REFUSED else shell.ok(command) for row, command in COMMANDS.items()}
    outcomes |= {row: shell.inside("testvmmhsm", command) for row, command in INSIDE.items()}
    yield outcomes
    shell.ok("az logout")
    ControlClient(instance.port).reset()


def test_the_pool_logs_to_all_three_places_by_diagnostic_settings(said: dict[str, Outcome]) -> None:
    assert {each["name"] for each in said["W1.2 categories"].json["value"]} == {"AuditEvent", "AllMetrics"}
    made = said["W1.2"].json
    assert all(made[place] for place in ("storageAccountId", "workspaceId", "eventHubAuthorizationRuleId"))
    stored = [json.loads(line)["operationName"] for line in said["W1.2 stored"].output.splitlines()]
    asked = [row[0] for row in said["W1.2 asked"].json["tables"][0]["rows"]]
    assert "SecurityDomainBackup" in stored
    assert asked[: len(stored)] == stored


def test_signing_in_shows_the_subscription(said: dict[str, Outcome]) -> None:
    assert said["W0.0 chosen"].json["id"] == SUBSCRIPTION_ID
    assert said["W0.0 chosen"].json["isDefault"] is True


def test_a_pool_comes_out_as_it_was_asked_for_and_not_activated(said: dict[str, Outcome]) -> None:
    pool = said["W0.2"].json
    assert (pool["name"], pool["location"]) == ("az400popMHSM", "eastus2")
    assert pool["sku"] == {"family": "B", "name": "Standard_B1"}
    properties = pool["properties"]
    assert properties["hsmUri"] == "https://az400popmhsm.managedhsm.azure.net/"
    assert properties["softDeleteRetentionInDays"] == 28
    assert properties["initialAdminObjectIds"] == [DEPLOYER_OBJECT_ID]
    assert properties["securityDomainProperties"]["activationStatus"] == "NotActivated"
    assert said["W3.1"].json["nameAvailable"] is False


def test_nothing_on_the_data_plane_works_before_the_activation(said: dict[str, Outcome]) -> None:
    assert said["W3.2"].status != 0
    assert "until it is activated" in said["W3.2"].errors


def test_the_activation_takes_three_certificates_and_ends_with_an_active_resource(said: dict[str, Outcome]) -> None:
    assert said["W3.3"].status != 0
    assert "should be in range [3, 10]" in said["W3.3"].errors
    assert said["W0.4"].json == {"status": "Success", "statusDetails": "The resource is active."}
    assert said["W0.4 shown"].json["properties"]["securityDomainProperties"]["activationStatus"] == "Active"


def test_the_roles_are_listed_and_given(said: dict[str, Outcome]) -> None:
    names = {each["roleName"] for each in said["W0.5 definitions"].json}
    assert {f"Managed HSM {each}" for each in ("Administrator", "Crypto Officer", "Crypto User")} < names
    assert said["W0.5 assign by name"].json["principalId"] == USER_OBJECT_ID
    given = {(each["roleName"], each["principalId"], each["scope"]) for each in said["W0.5 list"].json}
    assert given == {
        ("Managed HSM Administrator", DEPLOYER_OBJECT_ID, "/"),
        ("Managed HSM Crypto User", DEPLOYER_OBJECT_ID, "/"),
        ("Managed HSM Crypto User", USER_OBJECT_ID, "/"),
        ("Managed HSM Crypto Officer", DEPLOYER_OBJECT_ID, "/keys"),
    }


def test_a_role_of_ones_own_is_made_given_kept_while_it_is_given_and_deleted(said: dict[str, Outcome]) -> None:
    made = said["own role"].json
    assert (made["roleName"], made["roleType"]) == ("Signer", "CustomRole")
    assert made["permissions"][0]["dataActions"] == ROLE["dataActions"]
    assert [each["name"] for each in said["own role listed"].json] == [made["name"]]
    assert said["own role assign"].json["roleName"] == "Signer"
    assert "(RoleDefinitionHasAssignments)" in said["own role in use"].errors
    assert "unknown action 'Microsoft.KeyVault/managedHsm/keys/sing/action'" in said["own role mistyped"].errors


def test_keys_are_made_and_listed(said: dict[str, Outcome]) -> None:
    key = said["W0.6 rsa"].json
    assert (key["key"]["kty"], len(base64.b64decode(key["key"]["n"]))) == ("RSA-HSM", 384)
    assert set(key["key"]["keyOps"]) == {"wrapKey", "unwrapKey"}
    assert (said["W0.6 aes"].json["key"]["kty"], said["W0.6 aes"].json["attributes"]["keySize"]) == ("oct-HSM", 256)
    assert [each["name"] for each in said["W0.6 list"].json] == ["myaeskey", "myrsakey"]


def test_an_imported_key_is_backed_up_deleted_purged_and_restored_as_it_was(said: dict[str, Outcome]) -> None:
    imported = said["W0.7"].json
    assert said["W0.7 show"].json["key"] == imported["key"]
    assert said["W0.8 delete"].json["recoveryId"].endswith("/deletedkeys/mypemrsakey")
    assert said["W0.8 restore"].json["key"] == imported["key"]


def test_the_provider_is_registered(said: dict[str, Outcome]) -> None:
    assert said["W0.9 shown"].json["registrationState"] == "Registered"


def test_the_firewall_denies_whoever_no_rule_names(said: dict[str, Outcome]) -> None:
    acls = said["W0.10"].json["properties"]["networkAcls"]
    assert (acls["defaultAction"], acls["bypass"]) == ("Deny", "AzureServices")
    assert said["W0.10 outside"].status != 0
    assert "Client address (203.0.113.10) is not authorized" in said["W0.10 outside"].errors


def test_the_private_network_gets_the_first_address_and_its_record(said: dict[str, Outcome]) -> None:
    assert said["W0.11 policies"].json["privateEndpointNetworkPolicies"] == "Disabled"
    assert said["W0.12 link"].json["virtualNetworkLinkState"] == "Completed"
    [connection] = said["W0.13"].json["privateLinkServiceConnections"]
    assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert re.fullmatch(r"privateendpointmainsubnet\.nic\.[0-9a-f-]{36}", said["W0.13 card"].json["name"])
    [address] = said["W0.13 card"].json["ipConfigurations"]
    assert address["privateIPAddress"] == "10.0.1.4"
    record = said["W0.14"].json
    assert (record["name"], record["ttl"], record["aRecords"]) == ("az400popmhsm", 3600, [{"ipv4Address": "10.0.1.4"}])
    assert {each["type"].rpartition("/")[2] for each in said["W0.14 list"].json} == {"A", "SOA"}


def test_applications_sign_in_with_a_secret_and_with_a_certificate(said: dict[str, Outcome]) -> None:
    for row in ("W1.3 secret sign in", "W1.3 certificate sign in"):
        [account] = said[row].json
        assert account["user"]["type"] == "servicePrincipal"


def test_the_machine_resolves_the_pool_privately_by_either_name(said: dict[str, Outcome]) -> None:
    for row in ("W0.15", "W0.15 private name"):
        assert said[row].output.split()[0] == "10.0.1.4"


def test_the_machine_s_identity_lists_and_shows_the_keys(said: dict[str, Outcome]) -> None:
    assert said["W0.16"].json["principalId"] == said["W0.16 identity"].json["systemAssignedIdentity"]
    assert said["W0.17 sign in"].json[0]["user"]["name"] == "systemAssignedIdentity"
    assert [each["name"] for each in said["W0.17 list"].json] == ["myaeskey", "mypemrsakey", "myrsakey"]
    assert said["W0.17 show"].json["attributes"]["recoveryLevel"] == "CustomizedRecoverable+Purgeable"


def test_plain_http_gets_a_token_and_the_keys(said: dict[str, Outcome]) -> None:
    assert said["W0.18 management"].json["resource"] == "https://management.azure.com/"
    answer = said["W0.18 hsm"].json
    numbers = ["expires_in", "expires_on", "ext_expires_in", "not_before"]
    assert set(answer) == {"access_token", "client_id", "resource", "token_type", *numbers}
    assert all(isinstance(answer[each], str) for each in numbers)
    part = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert claims["xms_mirid"].lower() == MACHINE.lower()
    listed = {each["kid"].rpartition("/")[2] for each in said["W0.18 list"].json["value"]}
    assert listed == {"myaeskey", "mypemrsakey", "myrsakey"}
