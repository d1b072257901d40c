"""Virtual machines that run: what they reach, and what they see of changes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.by_hand import DNS, NETWORKS
from tests.support import Azure
from tests.unit.local_azure.arm.support import ENDPOINT, GROUP, NETWORK, SUBNET, endpoint_body, network_body
from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.network import Network, until
from tests.unit.local_azure.vm.support import FRONT_END, HOST, LINK, LINK_HOST, RECORD, link_body

pytestmark = [pytest.mark.daemon, needs_namespaces]

OTHER_NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vneteast"
OTHER_SUBNET = f"{OTHER_NETWORK}/subnets/one"
_GET = """
import json, socket, ssl, sys, time, urllib.request
host, address = sys.argv[1:3]
began = time.monotonic()
try:
    plain = socket.create_connection((address, 443), 10)
    with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection:
        names = [name for kind, name in connection.getpeercert()["subjectAltName"]]
        head = f"GET /keys?api-version=7.4 HTTP/1.1\\r\\nHost: {host}\\r\\nConnection: close\\r\\n\\r\\n"
        connection.sendall(head.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    print(json.dumps({"status": int(answer.split()[1]), "names": names}))
except OSError as error:
    print(json.dumps({"error": type(error).__name__, "says": str(error), "quick": time.monotonic() - began < 1}))
"""


def get(network: Network, host: str, address: str, name: str = "testvmmhsm") -> Any:
    """A request in a machine, to a host at an address."""
    return json.loads(network.python(_GET, host, address, name=name))


class TestWhatAMachineReaches:
    def test_the_endpoint_shows_the_certificate_of_the_pool_and_of_nothing_else(self, network: Network) -> None:
        address = network.make_private_pool()
        assert get(network, HOST, address) == {"status": 401, "names": [HOST]}
        assert "Hostname mismatch" in get(network, LINK_HOST, address)["says"]
        for other in ("management.azure.com", "login.microsoftonline.com", "nobody.managedhsm.azure.net"):
            assert get(network, other, address)["error"] in ("SSLError", "SSLEOFError")

    def test_either_name_leads_to_the_endpoint_over_either_transport(self, network: Network) -> None:
        address = network.make_private_pool()
        for transport in ("udp", "tcp"):
            records = network.dns(HOST, transport=transport)["records"]
            assert records == [[HOST, "CNAME", LINK_HOST, 60], [LINK_HOST, "A", address, 3600]]
            assert network.addresses(LINK_HOST, transport=transport) == [address]
        assert network.python(f"import socket; print(socket.gethostbyname('{HOST}'))") == address

    def test_public_resolvers_know_public_names_only(self, network: Network) -> None:
        network.make_private_pool()
        for server, transport in (("1.1.1.1", "udp"), ("1.0.0.1", "tcp"), ("8.8.8.8", "udp"), ("8.8.4.4", "tcp")):
            found = network.dns(HOST, server=server, transport=transport)["records"]
            assert [value for _, _, value, _ in found[:2]] == [LINK_HOST, FRONT_END]
            assert found[2][2].startswith("52.")

    def test_the_public_way_is_there_without_asking_for_the_name_first(self, network: Network) -> None:
        network.make_private_pool()
        (public,) = network.addresses(HOST, name="internet")
        assert get(network, HOST, public) == {"status": 401, "names": [HOST]}

    def test_an_unlinked_network_is_led_to_the_public_way(self, network: Network) -> None:
        address = network.make_private_pool()
        network.by_hand.arm("PUT", OTHER_NETWORK, NETWORKS, network_body("10.1.0.0/16"))
        network.by_hand.arm("PUT", OTHER_SUBNET, NETWORKS, {"properties": {"addressPrefix": "10.1.1.0/24"}})
        network.make_machine("elsewhere", OTHER_SUBNET)
        (public,) = network.addresses(HOST, name="elsewhere")
        assert public.startswith("52.")
        assert get(network, HOST, public, "elsewhere")["status"] == 401
        assert get(network, HOST, address, "elsewhere")["quick"] is True

    @pytest.mark.parametrize("address", ["10.0.1.4", "10.0.1.77", "203.0.113.7", "93.184.215.14", "127.0.0.1"])
    def test_everything_else_is_unreachable_and_says_so_at_once(self, network: Network, address: str) -> None:
        found = get(network, "www.example.com", address)
        assert (found["error"] in ("OSError", "ConnectionRefusedError"), found["quick"]) == (True, True)

    def test_a_machine_without_a_way_out_reaches_the_endpoint_and_nothing_public(self, azure: Azure) -> None:
        network = Network(azure.instance)
        network.make_network(defaultOutboundAccess=False)
        network.make_machine()
        address = network.make_private_pool()
        (public,) = network.addresses(HOST, name="internet")
        assert get(network, HOST, address)["status"] == 401
        for unreachable in (public, *network.addresses("login.microsoftonline.com")):
            found = get(network, HOST, unreachable)
            assert (found["error"], found["quick"]) == ("OSError", True)
        for server, transport in (("1.1.1.1", "udp"), ("8.8.8.8", "tcp")):
            assert network.dns(HOST, server=server, transport=transport) == {"error": "Network is unreachable"}

    def test_the_internet_reaches_neither_endpoint_nor_metadata(self, network: Network) -> None:
        address = network.make_private_pool()
        assert get(network, HOST, address, "internet")["quick"] is True
        program = (
            "import urllib.request\ntry: urllib.request.urlopen('http://169.254.169.254/', timeout=5)\n"
            "except OSError as error: print(error)"
        )
        assert "unreachable" in network.python(program, name="internet")

    def test_a_hundred_requests_at_once_are_all_answered(self, network: Network) -> None:
        network.make_private_pool()
        program = f"""
import collections, concurrent.futures, urllib.error, urllib.request
token = "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://managedhsm.azure.net"
def ask(number):
    url = ("https://{HOST}/keys?api-version=7.4", token)[number % 2]
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={{"Metadata": "true"}}), timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
with concurrent.futures.ThreadPoolExecutor(100) as pool:
    print(sorted(collections.Counter(pool.map(ask, range(100))).items()))
"""
        assert network.python(program) == "[(200, 50), (401, 50)]"


class TestWhatARunningMachineSees:
    def test_a_link_and_a_record_that_change(self, network: Network) -> None:
        address = network.make_private_pool()
        assert network.addresses(HOST) == [address]
        body = {"properties": {"ttl": 60, "aRecords": [{"ipv4Address": "10.0.1.99"}]}}
        network.by_hand.arm("PUT", RECORD, DNS, body)
        assert network.addresses(HOST) == ["10.0.1.99"]
        network.by_hand.arm("DELETE", LINK, DNS)
        until(lambda: network.addresses(HOST)[0].startswith("52."), "the link is still in force")
        network.by_hand.arm("PUT", LINK, DNS, link_body())
        assert network.addresses(HOST) == ["10.0.1.99"]
        assert len(network.holders()) == 1

    def test_an_endpoint_that_comes_and_goes_while_a_command_runs(self, network: Network) -> None:
        program = (
            "import socket, sys\n"
            "for line in sys.stdin:\n"
            "    try:\n"
            "        socket.create_connection((line.strip(), 443), 5).close()\n"
            "        print('yes', flush=True)\n"
            "    except OSError as error: print('no', flush=True)\n"
        )
        command = network.command("vm", "testvmmhsm", "--", sys.executable, "-c", program)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdin is not None
            assert running.stdout is not None

            def reaches(address: str) -> bool:
                assert running.stdin is not None
                assert running.stdout is not None
                print(address, file=running.stdin, flush=True)
                return running.stdout.readline() == "yes\n"

            assert not reaches("10.0.1.5")
            address = network.make_private_pool()
            until(lambda: reaches(address), "the endpoint does not answer")
            network.by_hand.arm("DELETE", ENDPOINT, NETWORK)
            until(lambda: not reaches(address), "the endpoint still answers")
            network.by_hand.arm("PUT", ENDPOINT, NETWORKS, endpoint_body())
            address = network.endpoint_address()
            until(lambda: reaches(address), "the endpoint that was made again does not answer")
            running.stdin.close()
            assert running.wait(10) == 0

    def test_a_way_out_that_is_taken_away(self, network: Network) -> None:
        assert "records" in network.dns(HOST, server="1.1.1.1")
        body = {"properties": {"addressPrefix": "10.0.1.0/24", "defaultOutboundAccess": False}}
        network.by_hand.arm("PUT", SUBNET, NETWORKS, body)
        assert network.dns(HOST, server="1.1.1.1") == {"error": "Network is unreachable"}
