"""Who does not get in, tried from inside of machines: no role, no link, no identity, the wrong token, the wrong key.

What each is refused with is in Microsoft's documentation or in what users report; the modules of the services that
answer say where.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.instance import Instance
from local_azure.server.control import ControlClient
from tests.by_hand import DNS, MACHINES, NETWORKS, POOLS, ByHand
from tests.in_machine import HSM, Answer, InMachine
from tests.unit.local_azure.arm import support as arm
from tests.unit.local_azure.managed_hsm.support import download_body
from tests.unit.local_azure.vm import support
from tests.unit.local_azure.vm.allowed import needs_namespaces

pytestmark = [pytest.mark.daemon, pytest.mark.xdist_group("who-gets-in"), needs_namespaces]

URL = f"https://{support.HOST}"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
OTHER_NETWORK = f"{arm.GROUP}/providers/Microsoft.Network/virtualNetworks/vneteast"
OTHER_SUBNET = f"{OTHER_NETWORK}/subnets/one"
WRAP = {"alg": "RSA-OAEP-256", "value": "Y29udG9zbw"}
DAY_SECONDS = 86400
_SDK = """
import json, sys
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential
from azure.keyvault.keys import KeyClient
keys = KeyClient(sys.argv[1], ManagedIdentityCredential())
try:
    found = sorted(key.name for key in keys.list_properties_of_keys())
except CredentialUnavailableError as error:
    found = {"unavailable": error.message}
except ClientAuthenticationError as error:
    found = {"authentication": error.message}
except HttpResponseError as error:
    found = {"status": error.status_code, "code": error.error.code, "message": error.error.message}
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Contoso:
    """The walkthrough's private pool, and machines that have more or less to do with it."""

    instance: Instance
    assignments: dict[str, str]
    """The role assignment of each machine that has one, as a URL."""

    @property
    def by_hand(self) -> ByHand:
        return ByHand(self.instance)

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.instance.port)

    def machine(self, name: str) -> InMachine:
        return InMachine(self.instance, name)


@pytest.fixture(scope="module")
def contoso(instance: Instance) -> Iterator[Contoso]:
    """Made once for all tests here: each has a machine of its own to change."""
    control = ControlClient(instance.port)
    control.reset()
    hand = ByHand(instance)
    _make_pool_and_network(hand)
    scopes = {"testvmmhsm": "/", "outsider": "/", "leaver": "/", "narrow": "/keys/myrsakey", "stranger": None}
    assignments = {}
    for number, (name, scope) in enumerate(scopes.items()):
        principal = _make_machine(hand, name, OTHER_SUBNET if name == "outsider" else arm.SUBNET)
        if scope is not None:
            assignments[name] = _give(hand, principal, scope, number)
    yield Contoso(instance, assignments)
    control.reset()


def _make_pool_and_network(hand: ByHand) -> None:
    rules = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    hand.arm("PUT", arm.GROUP, "2024-03-01", {"location": "eastus2"})
    hand.arm("PUT", arm.VNET, NETWORKS, arm.network_body())
    hand.arm("PUT", arm.SUBNET, NETWORKS, arm.subnet_body("10.0.1.0/24"))
    hand.arm("PUT", OTHER_NETWORK, NETWORKS, arm.network_body("10.1.0.0/16"))
    hand.arm("PUT", OTHER_SUBNET, NETWORKS, arm.subnet_body("10.1.1.0/24"))
    hand.arm("PUT", arm.POOL, POOLS, arm.pool_body(networkAcls=rules))
    hand.arm("PUT", arm.ENDPOINT, NETWORKS, arm.endpoint_body())
    hand.arm("PUT", arm.ZONE, DNS, {"location": "global"})
    hand.arm("PUT", support.LINK, DNS, support.link_body())
    hand.arm("PUT", support.RECORD, DNS, {"properties": {"ttl": 3600, "aRecords": [{"ipv4Address": "10.0.1.4"}]}})
    _done(hand.ask("POST", f"{URL}/securitydomain/download?api-version=7.5", HSM, download_body()))
    _done(hand.ask("GET", f"{URL}/securitydomain/download/pending?api-version=7.5", HSM))
    _give(hand, DEPLOYER_OBJECT_ID, "/keys", 99)
    for name in ("myrsakey", "otherkey"):
        body = {"kty": "RSA-HSM", "key_size": 2048}
        _done(hand.ask("POST", f"{URL}/keys/{name}/create?api-version=7.4", HSM, body))


def _make_machine(hand: ByHand, name: str, subnet: str) -> str:
    """Answers the principal of its identity."""
    hand.arm("PUT", f"{support.INTERFACES}/{name}", NETWORKS, support.interface_body(subnet))
    body = support.machine_body(name, identity={"type": "SystemAssigned"})
    return str(hand.arm("PUT", f"{support.MACHINES}/{name}", MACHINES, body)["identity"]["principalId"])


def _give(hand: ByHand, principal: str, scope: str, number: int) -> str:
    name = f"{number:08d}-0000-4000-8000-000000000000"
    prefix = "" if scope == "/" else scope
    url = f"{URL}{prefix}/providers/Microsoft.Authorization/roleAssignments/{name}?api-version=7.5"
    role = f"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/{CRYPTO_USER}"
    _done(hand.ask("PUT", url, HSM, {"properties": {"principalId": principal, "roleDefinitionId": role}}))
    return url


def _done(answer: Any) -> None:
    assert answer.ok, answer.text


def keys(machine: InMachine, token: str, path: str = "") -> Answer:
    return machine.ask("GET", f"{URL}/keys{path}?api-version=7.2", token)


def message(answer: Answer) -> str:
    """The message of an error, which ends with the id that is in the headers too."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    text: str = answer.error["message"]
    suffix = f" (Activity ID: {headers['x-ms-request-id']})"
    assert text.endswith(suffix)
    return text.removesuffix(suffix)


def assert_challenged(answer: Answer) -> None:
    """The answer says where tokens are issued, and for what (W1.5)."""
    assert answer.status == 401
    challenge = {name.lower(): value for name, value in answer.headers.items()}["www-authenticate"]
    assert challenge.startswith('Bearer authorization="https://login.microsoftonline.com/')
    assert challenge.endswith(f', resource="{HSM}"')


def test_the_machine_with_a_role_in_the_linked_network_gets_in(contoso: Contoso) -> None:
    machine = contoso.machine("testvmmhsm")
    answer = keys(machine, machine.token())
    assert answer.status == 200
    assert {each["kid"].rsplit("/", 1)[-1] for each in answer.json["value"]} == {"myrsakey", "otherkey"}
    assert "conn_type=PrivateLink" in answer.headers["x-ms-keyvault-network-info"]
    assert machine.python(_SDK, URL) == ["myrsakey", "otherkey"]


def test_another_machine_without_a_role_has_a_token_and_no_right(contoso: Contoso) -> None:
    machine = contoso.machine("stranger")
    refused = keys(machine, machine.token())
    assert (refused.status, refused.error["code"]) == (403, "AccessDenied")
    assert message(refused) == "Not authorized to access Microsoft.KeyVault/managedHsm/keys/read/action on /keys"
    by_sdk = machine.python(_SDK, URL)
    assert (by_sdk["status"], by_sdk["code"]) == (403, "AccessDenied")


def test_a_machine_in_an_unlinked_network_is_led_to_the_public_door_and_refused_there(contoso: Contoso) -> None:
    machine = contoso.machine("outsider")
    found = machine.python(
        "import json, socket, sys; print(json.dumps(socket.gethostbyname(sys.argv[1])))", support.HOST
    )
    assert found.startswith("52.")
    refused = keys(machine, machine.token())
    assert (refused.status, refused.error["code"]) == (403, "Forbidden")
    assert refused.error["innererror"] == {"code": "ForbiddenByFirewall"}
    assert message(refused).startswith("Client address (192.0.2.")
    assert contoso.machine("outsider").python(_SDK, URL)["status"] == 403


def test_no_way_leads_from_an_unlinked_network_to_the_private_address(contoso: Contoso) -> None:
    program = "import socket; socket.create_connection(('10.0.1.4', 443), 5)"
    done = contoso.machine("outsider").run(sys.executable, "-c", program)
    assert done.returncode != 0
    assert "OSError" in done.stderr or "TimeoutError" in done.stderr
    assert contoso.machine("testvmmhsm").run(sys.executable, "-c", program).returncode == 0


def test_a_token_that_was_carried_outside_is_refused_by_the_firewall(contoso: Contoso) -> None:
    refused = keys(contoso.machine("internet"), contoso.machine("testvmmhsm").token())
    assert (refused.status, refused.error["innererror"]) == (403, {"code": "ForbiddenByFirewall"})
    assert message(refused).startswith("Client address (198.51.100.10) is not authorized")


def test_an_identity_that_was_removed_gets_no_token_and_keeps_its_rights_for_the_token_it_has(
    contoso: Contoso,
) -> None:
    machine = contoso.machine("leaver")
    kept = machine.token()
    contoso.by_hand.arm("PATCH", f"{support.MACHINES}/leaver", MACHINES, {"identity": {"type": "None"}})
    refused = machine.ask_for_token()
    assert refused.status == 400
    assert refused.json == {"error": "invalid_request", "error_description": "Identity not found"}
    assert "Identity not found" in str(machine.python(_SDK, URL))
    # Access tokens cannot be called back, and local roles are not the directory's: this is taken away only by hand.
    assert keys(machine, kept).status == 200
    _done(contoso.by_hand.ask("DELETE", contoso.assignments["leaver"], HSM))
    assert keys(machine, kept).status == 403


def test_a_token_for_another_resource_is_refused_by_either_side(contoso: Contoso) -> None:
    machine = contoso.machine("testvmmhsm")
    refused = keys(machine, machine.token("https://management.azure.com/"))
    assert_challenged(refused)
    assert refused.error["code"] == "Unauthorized"
    assert message(refused) == f"Found token with aud=https://management.azure.com/, but expected aud={HSM}"

    url = f"https://management.azure.com{arm.GROUP}?api-version=2024-03-01"
    refused = machine.ask("GET", url, machine.token())
    assert (refused.status, refused.error["code"]) == (401, "InvalidAuthenticationTokenAudience")
    assert f"for wrong audience or resource '{HSM}'" in refused.error["message"]


def test_there_is_no_token_for_a_resource_that_nobody_knows(contoso: Contoso) -> None:
    refused = contoso.machine("testvmmhsm").ask_for_token(f"https://{support.HOST}")
    assert (refused.status, refused.json["error"]) == (400, "invalid_resource")
    assert "AADSTS500011" in refused.json["error_description"]


def test_a_token_that_has_expired_is_refused_and_a_new_one_is_not(contoso: Contoso) -> None:
    machine = contoso.machine("testvmmhsm")
    kept = machine.token()
    contoso.control.move_clock(DAY_SECONDS + 1)
    try:
        refused = keys(machine, kept)
        assert_challenged(refused)
        assert refused.error["code"] == "Unauthorized"
        assert message(refused) == "Token has expired"
        assert keys(machine, machine.token()).status == 200
    finally:
        contoso.control.move_clock(-DAY_SECONDS - 1)


def test_without_a_token_or_with_a_broken_one_there_is_the_challenge(contoso: Contoso) -> None:
    machine = contoso.machine("testvmmhsm")
    unsaid = machine.ask("GET", f"{URL}/keys?api-version=7.2")
    assert_challenged(unsaid)
    assert unsaid.text == "OK"
    broken = keys(machine, "nonsense")
    assert_challenged(broken)
    assert message(broken) == "Error decoding or parsing JWT components"


def test_a_key_outside_of_the_scope_is_out_of_reach(contoso: Contoso) -> None:
    machine = contoso.machine("narrow")
    token = machine.token()
    prefix = "Not authorized to access Microsoft.KeyVault/managedHsm/keys"
    assert keys(machine, token, "/myrsakey").status == 200
    assert machine.ask("POST", f"{URL}/keys/myrsakey/wrapkey?api-version=7.2", token, WRAP).status == 200
    for path, action, scope in (
        ("/otherkey", "read/action", "/keys/otherkey"),
        ("", "read/action", "/keys"),
    ):
        refused = keys(machine, token, path)
        assert (refused.status, message(refused)) == (403, f"{prefix}/{action} on {scope}")
    refused = machine.ask("POST", f"{URL}/keys/otherkey/wrapkey?api-version=7.2", token, WRAP)
    assert (refused.status, message(refused)) == (403, f"{prefix}/wrap/action on /keys/otherkey")
    body = {"kty": "RSA-HSM", "key_size": 2048}
    refused = machine.ask("POST", f"{URL}/keys/onemore/create?api-version=7.2", token, body)
    assert (refused.status, message(refused)) == (403, f"{prefix}/create on /keys")
