"""The walkthrough's commands from inside of the machine and from outside, as written: W0.15 to W0.18."""

from __future__ import annotations

import base64
import json
import shutil
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import TENANT_ID
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.instance import Instance
from local_azure.server.control import ControlClient
from tests.by_hand import MACHINES
from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.network import CRYPTO_USER, Network
from tests.unit.local_azure.vm.support import FRONT_END, HOST, LINK_HOST, MACHINE

pytestmark = [pytest.mark.daemon, pytest.mark.xdist_group("walkthrough-in-machine"), needs_namespaces]

TOKEN_URL = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
KEYS_URL = f"https://{HOST}/keys?api-version=7.2"
WALKTHROUGHS_KEYS = ["myaeskey", "mypemrsakey", "myrsakey"]
# What ``curl -sS -w '%{http_code}' -H NAME:VALUE … URL`` does, for computers that have none.
_CURL = """
import sys, urllib.error, urllib.request
request = urllib.request.Request(sys.argv[-1], headers=dict(each.split(": ", 1) for each in sys.argv[1:-1]))
try:
    with urllib.request.urlopen(request, timeout=20) as answer:
        print(answer.read().decode(), answer.status, sep="\\n")
except urllib.error.HTTPError as error:
    print(error.read().decode(), error.code, sep="\\n")
"""


@pytest.fixture(scope="module")
def network(instance: Instance) -> Iterator[Network]:
    """W0.1 to W0.14 and W0.16: everything stands, and the machine's identity was switched on after it was made."""
    control = ControlClient(instance.port)
    control.reset()
    made = Network(instance)
    made.make_network()
    rules = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    assert made.make_private_pool(networkAcls=rules) == "10.0.1.4"
    made.activate_pool()
    make_keys(made)
    machine = made.make_machine(identity=None)
    shown = made.by_hand.arm("PATCH", machine, MACHINES, {"identity": {"type": "SystemAssigned"}})
    made.give(CRYPTO_USER, shown["identity"]["principalId"], "/")
    yield made
    control.reset()


def make_keys(network: Network) -> None:
    network.pool("POST", "/keys/myrsakey/create", {"kty": "RSA-HSM", "key_size": 3072, "key_ops": ["wrapKey"]})
    network.pool("POST", "/keys/myaeskey/create", {"kty": "oct-HSM", "key_size": 256, "key_ops": ["encrypt"]})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    parts = {"p": key.p, "q": key.q, "d": key.d, "dp": key.dmp1, "dq": key.dmq1, "qi": key.iqmp}
    parts.update(n=key.public_numbers.n, e=key.public_numbers.e)
    encoded = {name: number(value) for name, value in parts.items()}
    network.pool("PUT", "/keys/mypemrsakey", {"key": {"kty": "RSA-HSM", **encoded}})


def number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def curl(network: Network, url: str, *headers: str, name: str = "testvmmhsm") -> tuple[int, str]:
    """Status and body, by ``curl`` where this computer has it, else by Python."""
    if shutil.which("curl"):
        given = [word for header in headers for word in ("-H", header)]
        done = network.vm(name, "curl", "-sS", "-w", "\n%{http_code}", *given, url)
    else:
        done = network.vm(name, sys.executable, "-c", _CURL, *headers, url)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.strip().rpartition("\n")
    return int(status), body


def token(network: Network, resource: str) -> Any:
    status, body = curl(network, TOKEN_URL + resource, "Metadata: true")
    assert status == 200, body
    return json.loads(body)


def nslookup(network: Network, host: str, name: str) -> str | None:
    """What a person reads; None where this computer has no ``nslookup``."""
    return network.vm(name, "nslookup", host).stdout if shutil.which("nslookup") else None


class TestNames:
    """W0.15"""

    def test_from_outside_the_name_leads_to_a_public_address_through_privatelink_and_a_region(
        self, network: Network
    ) -> None:
        records = network.dns(HOST, name="internet")["records"]
        assert [(kind, value) for _, kind, value, _ in records[:2]] == [("CNAME", LINK_HOST), ("CNAME", FRONT_END)]
        assert FRONT_END.startswith("eastus2.")
        owner, kind, address, _ = records[2]
        assert (owner, kind, address.split(".")[0]) == (FRONT_END, "A", "52")
        shown = nslookup(network, HOST, "internet")
        assert shown is None or (f"canonical name = {LINK_HOST}." in shown and f"Address: {address}" in shown)

    @pytest.mark.parametrize("host", [HOST, LINK_HOST])
    def test_from_the_machine_either_name_leads_to_the_endpoint(self, network: Network, host: str) -> None:
        assert network.addresses(host) == ["10.0.1.4"]
        shown = nslookup(network, host, "testvmmhsm")
        assert shown is None or "Address: 10.0.1.4" in shown

    def test_from_outside_the_pool_is_refused_whatever_one_brings(self, network: Network) -> None:
        bearer = token(network, "https://managedhsm.azure.net")["access_token"]
        status, body = curl(network, KEYS_URL, f"Authorization: Bearer {bearer}", name="internet")
        error = json.loads(body)["error"]
        assert (status, error["innererror"]["code"]) == (403, "ForbiddenByFirewall")
        assert error["message"].startswith("Client address (198.51.100.10) is not authorized")
        # The same from the machine, by its way out: only the private way is open.
        (public,) = network.addresses(HOST, server="8.8.8.8")
        program = (
            "import http.client, socket, ssl, sys\n"
            "host, address, bearer = sys.argv[1:]\n"
            "made = http.client.HTTPSConnection(host)\n"
            "plain = socket.create_connection((address, 443), 10)\n"
            "made.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)\n"
            "made.request('GET', '/keys?api-version=7.2', headers={'Authorization': 'Bearer ' + bearer})\n"
            "answer = made.getresponse()\n"
            "print(answer.status, answer.read().decode())\n"
        )
        said = network.python(program, HOST, public, bearer)
        assert said.startswith("403 ")
        assert "Client address (192.0.2." in said

    def test_from_outside_without_a_token_one_is_told_where_to_get_one(self, network: Network) -> None:
        assert curl(network, KEYS_URL, name="internet")[0] == 401


class TestTheIdentity:
    """W0.16"""

    def test_the_machines_principal_is_crypto_user_at_the_root(self, network: Network) -> None:
        principal = network.by_hand.arm("GET", MACHINE, MACHINES)["identity"]["principalId"]
        path = "/providers/Microsoft.Authorization/roleAssignments"
        found = [each["properties"] for each in network.pool("GET", path)["value"]]
        (mine,) = [each for each in found if each["principalId"] == principal]
        assert (mine["scope"], mine["roleDefinitionId"].rpartition("/")[2]) == ("/", CRYPTO_USER)
        assert principal != DEPLOYER_OBJECT_ID


class TestTheSdk:
    """W0.17: what ``az login --identity``, ``az keyvault key list`` and ``key show`` do, by the SDKs below them."""

    PROGRAM = """
import json, sys
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm
credential = {"managed": ManagedIdentityCredential, "default": DefaultAzureCredential}[sys.argv[2]]()
with credential, KeyClient(sys.argv[1], credential) as client:
    key = client.get_key("mypemrsakey")
    with CryptographyClient(key, credential) as use:
        wrapped = use.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"k" * 32)
        same = use.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped.encrypted_key).key == b"k" * 32
    print(json.dumps({
        "listed": sorted(each.name for each in client.list_properties_of_keys()),
        "level": key.properties.recovery_level,
        "days": key.properties.recoverable_days,
        "same": same,
    }))
"""

    @pytest.mark.parametrize("credential", ["managed", "default"])
    def test_the_keys_are_listed_shown_and_used(self, network: Network, credential: str) -> None:
        found = json.loads(network.python(self.PROGRAM, f"https://{HOST}", credential))
        assert [each for each in found["listed"] if each != "applicationkey"] == WALKTHROUGHS_KEYS
        assert (found["level"], found["days"]) == ("CustomizedRecoverable+Purgeable", 28)
        assert found["same"] is True

    def test_a_fourth_key_that_an_application_makes_is_shown_too(self, network: Network) -> None:
        made = network.pool("POST", "/keys/applicationkey/create", {"kty": "EC-HSM", "crv": "P-256"})
        found = json.loads(network.python(self.PROGRAM, f"https://{HOST}", "managed"))
        assert found["listed"] == ["applicationkey", *WALKTHROUGHS_KEYS]
        assert made["key"]["kid"].startswith(f"https://{HOST}/keys/applicationkey/")


class TestPlainHttp:
    """W0.18"""

    @pytest.mark.parametrize("resource", ["https://management.azure.com/", "https://managedhsm.azure.net"])
    def test_the_metadata_service_gives_a_token_for_the_resource(self, network: Network, resource: str) -> None:
        answer = token(network, resource)
        assert set(answer) == {
            *("access_token", "client_id", "expires_in", "expires_on"),
            *("ext_expires_in", "not_before", "resource", "token_type"),
        }
        assert all(isinstance(answer[name], str) and answer[name].isdecimal() for name in ("expires_in", "expires_on"))
        assert answer["resource"] == resource
        claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
        identity = network.by_hand.arm("GET", MACHINE, MACHINES)["identity"]
        assert jwt.get_unverified_header(answer["access_token"])["alg"] == "RS256"
        assert (claims["aud"], claims["tid"], claims["oid"]) == (resource, TENANT_ID, identity["principalId"])
        assert (claims["appid"], claims["xms_mirid"]) == (answer["client_id"], MACHINE)
        assert urllib.parse.urlsplit(claims["iss"]).path.strip("/") == TENANT_ID

    def test_the_keys_are_listed_with_that_token_by_api_version_7_2(self, network: Network) -> None:
        bearer = token(network, "https://managedhsm.azure.net")["access_token"]
        status, body = curl(network, KEYS_URL, f"Authorization: Bearer {bearer}")
        assert status == 200
        listed = {each["kid"].rpartition("/")[2]: each["attributes"] for each in json.loads(body)["value"]}
        assert listed.keys() >= set(WALKTHROUGHS_KEYS)
        assert {each["recoveryLevel"] for each in listed.values()} == {"CustomizedRecoverable+Purgeable"}

    def test_a_token_for_resource_manager_opens_no_pool(self, network: Network) -> None:
        bearer = token(network, "https://management.azure.com/")["access_token"]
        assert curl(network, KEYS_URL, f"Authorization: Bearer {bearer}")[0] == 401

    def test_no_token_is_left_on_disk(self, network: Network) -> None:
        bearer = token(network, "https://managedhsm.azure.net")["access_token"]
        network.pool("GET", "/keys")
        signature = bearer.rpartition(".")[2].encode()
        home = Path(network.instance.home)
        assert not [file for file in home.rglob("*") if file.is_file() and signature in file.read_bytes()]
