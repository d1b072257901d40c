"""The walkthrough's network in a running local Azure, and commands in its machines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.instance import REPOSITORY, Instance
from local_azure.server.control import ControlClient
from local_azure.vm.environment import inside
from tests.by_hand import DNS, MACHINES, NETWORKS, POOLS, ByHand
from tests.unit.local_azure.arm.support import (
    ENDPOINT,
    GROUP,
    POOL,
    SUBNET,
    VNET,
    ZONE,
    endpoint_body,
    network_body,
    pool_body,
    subnet_body,
)
from tests.unit.local_azure.managed_hsm.support import download_body
from tests.unit.local_azure.vm import support

_DNS_CLIENT = str(Path(__file__).with_name("dns_client.py"))
_SECONDS = 60
_ROLE_DEFINITIONS = "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions"
CRYPTO_USER = "21dbd100-6940-42c2-9190-5d6cb909625b"
CRYPTO_OFFICER = "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"


@dataclass(frozen=True)
class Network:
    """One local Azure with the walkthrough's network in it."""

    instance: Instance

    @cached_property
    def by_hand(self) -> ByHand:
        """The deployer's requests."""
        return _Remembering(self.instance)

    @property
    def control(self) -> ControlClient:
        """The local Azure's controls."""
        return ControlClient(self.instance.port)

    def make_network(self, **subnet: Any) -> None:
        """The group, the virtual network and its subnet."""
        arm = self.by_hand
        arm.arm("PUT", GROUP, "2024-03-01", {"location": "eastus2"})
        arm.arm("PUT", VNET, NETWORKS, network_body())
        body = subnet_body("10.0.1.0/24")
        body["properties"].update(subnet)
        arm.arm("PUT", SUBNET, NETWORKS, body)

    def make_machine(
        self, name: str = "testvmmhsm", subnet: str = SUBNET, identity: str | None = "SystemAssigned"
    ) -> str:
        """A machine with its interface; its resource id."""
        arm, machine = self.by_hand, f"{support.MACHINES}/{name}"
        arm.arm("PUT", f"{support.INTERFACES}/{name}", NETWORKS, support.interface_body(subnet))
        more = {} if identity is None else {"identity": {"type": identity}}
        arm.arm("PUT", machine, MACHINES, support.machine_body(name, **more))
        return machine

    def make_private_pool(self, **properties: Any) -> str:
        """The pool, its private endpoint and the linked zone with its record; the endpoint's address."""
        arm = self.by_hand
        arm.arm("PUT", POOL, POOLS, pool_body(**properties))
        arm.arm("PUT", ENDPOINT, NETWORKS, endpoint_body())
        address = self.endpoint_address()
        arm.arm("PUT", ZONE, DNS, {"location": "global"})
        arm.arm("PUT", support.LINK, DNS, support.link_body())
        arm.arm("PUT", support.RECORD, DNS, {"properties": {"ttl": 3600, "aRecords": [{"ipv4Address": address}]}})
        return address

    def activate_pool(self) -> None:
        """Downloads the security domain (W0.4); the deployer becomes Crypto User and Crypto Officer of all keys."""
        self.pool("POST", "/securitydomain/download", download_body())
        until(lambda: self.pool("GET", "/securitydomain/download/pending")["status"] == "Success", "not activated")
        for role in (CRYPTO_USER, CRYPTO_OFFICER):
            self.give(role, DEPLOYER_OBJECT_ID, "/keys")

    def give(self, role: str, principal: str, scope: str) -> None:
        """A role at a scope of the pool."""
        prefix = "" if scope == "/" else scope
        properties = {"principalId": principal, "roleDefinitionId": f"{_ROLE_DEFINITIONS}/{role}"}
        path = f"{prefix}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        self.pool("PUT", path, {"properties": properties})

    def pool(self, method: str, path: str, body: Any = None) -> Any:
        """What the pool's data plane answers to the deployer."""
        url = f"https://{support.HOST}{path}?api-version=7.5"
        answer = self.by_hand.ask(method, url, "https://managedhsm.azure.net", body)
        assert answer.ok, answer.text
        return answer.json()

    def endpoint_address(self) -> str:
        """The private endpoint's address."""
        (interface,) = self.by_hand.arm("GET", ENDPOINT, NETWORKS)["properties"]["networkInterfaces"]
        (configuration,) = self.by_hand.arm("GET", interface["id"], NETWORKS)["properties"]["ipConfigurations"]
        return str(configuration["properties"]["privateIPAddress"])

    def act(self, action: str, machine: str = support.MACHINE) -> None:
        """``deallocate``, ``powerOff`` or ``start``."""
        self.by_hand.arm("POST", f"{machine}/{action}", MACHINES)

    def command(self, *arguments: str) -> list[str]:
        """The command line of ``python -m local_azure``."""
        chosen = ["--home", str(self.instance.home), "--port", str(self.instance.port)]
        return [sys.executable, "-m", "local_azure", *chosen, *arguments]

    def vm(self, name: str, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """``python -m local_azure vm NAME -- CMD``."""
        return subprocess.run(
            self.command("vm", name, "--", *command),
            **{
                "cwd": REPOSITORY,
                "env": plain_environment(),
                "capture_output": True,
                "text": True,
                "timeout": _SECONDS,
                "check": False,
                "stdin": subprocess.DEVNULL,
                **options,
            },
        )

    def inside(self, name: str, *command: str) -> str:
        """What a command prints in a machine: the same as :meth:`vm`, which takes longer to begin."""
        entering, directory = self.control.enter_machine(name)
        done = subprocess.run(
            [*entering, *command],
            env=inside(self.instance, plain_environment(), Path(directory)),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def python(self, program: str, *arguments: str, name: str = "testvmmhsm") -> str:
        """What a program in this Python prints in a machine."""
        return self.inside(name, sys.executable, "-c", program, *arguments)

    def dns(
        self, host: str, kind: str = "A", server: str | None = None, transport: str = "udp", name: str = "testvmmhsm"
    ) -> Any:
        """What a DNS server, the machine's own or that one, answers: :func:`dns_client.read`'s, or ``{"error": …}``."""
        command = (sys.executable, "-I", "-S", _DNS_CLIENT, server or "own", transport, kind, host)
        return json.loads(self.inside(name, *command))

    def addresses(self, host: str, **more: Any) -> list[str]:
        """The addresses that a name leads to."""
        return [value for _, kind, value, _ in self.dns(host, **more).get("records", []) if kind == "A"]

    def holders(self) -> list[int]:
        """The processes that hold this local Azure's namespaces."""
        daemon = self.control.status()["pid"]
        return [pid for pid in _processes() if _parent(pid) == daemon and b"holder.py" in _command_line(pid)]


class _Remembering(ByHand):
    """Asks for each token once."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance)
        self._tokens: dict[str, str] = {}

    def token(self, resource: str) -> str:
        if resource not in self._tokens:
            self._tokens[resource] = super().token(resource)
        return self._tokens[resource]


def plain_environment() -> dict[str, str]:
    """The tests' own, without what leads to a local Azure."""
    names = ("LOCAL_AZURE_", "AZURE_", "ARM_")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def until(met: Any, what: str, seconds: float = 15.0) -> None:
    """Waits until ``met`` answers something true."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
