"""A client of ARM without a network: requests go straight into the service, with real tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local_azure.arm.service import ArmService
from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID, World
from local_azure.entra import directory, tokens
from local_azure.entra.directory import DEPLOYER_OBJECT_ID

AUDIENCE = "https://management.azure.com/"
SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup"


@dataclass
class Answer:
    """A response, an error's included, with its body read."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


_signing_key: dict[str, Any] = {}


def _reuse_signing_key(world: World) -> None:
    """One key for the worlds of all tests: making one takes longer than most tests."""
    if not _signing_key:
        tokens.signing_key(world, "tenant")
        _signing_key.update(world.store.get(directory.SIGNING_KEYS, "tenant") or {})
    world.store.put(directory.SIGNING_KEYS, "tenant", _signing_key)


class ArmClient:
    """Calls ARM as one principal."""

    def __init__(self, world: World, object_id: str = DEPLOYER_OBJECT_ID) -> None:
        self.world = world
        _reuse_signing_key(world)
        self.service = ArmService(world)
        principal = directory.principal(world, object_id)
        assert principal is not None
        self.token: str | None = tokens.issue(world, principal, AUDIENCE)

    def call(self, method: str, path: str, version: str | None = None, body: Any = None, **headers: str) -> Answer:
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        if version is not None:
            query["api-version"] = version
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("authorization", f"Bearer {self.token}")
        content = b"" if body is None else json.dumps(body).encode()
        request = Request(method, "management.azure.com", parts.path, query, sent, content)
        try:
            response = self.service.handle(request)
        except ServiceError as error:
            return Answer(error.status, dict(error.headers), error.body())
        return Answer(response.status, dict(response.headers), json.loads(response.body) if response.body else None)

    def get(self, path: str, version: str) -> Answer:
        return self.call("GET", path, version)

    def post(self, path: str, version: str, body: Any = None) -> Answer:
        return self.call("POST", path, version, body)

    def patch(self, path: str, version: str, body: Any) -> Answer:
        return self.call("PATCH", path, version, body)

    def put(self, path: str, version: str, body: Any, **headers: str) -> Answer:
        return self.call("PUT", path, version, body, **headers)

    def delete(self, path: str, version: str) -> Answer:
        return self.call("DELETE", path, version)

    def finish(self, answer: Answer) -> Answer:
        """The last answer of a long-running operation that takes no time."""
        url = answer.headers.get("Azure-AsyncOperation") or answer.headers.get("Location")
        if url is None:
            return answer
        parts = urlsplit(url)
        return self.call("GET", f"{parts.path}?{parts.query}")

    def made(self, path: str, version: str, body: Any) -> Any:
        """Creates the resource, waits for its end, answers it as a GET shows it."""
        answer = self.put(path, version, body)
        assert answer.status in (200, 201, 202), answer
        last = self.finish(answer)
        assert last.status in (200, 201), last
        return self.get(path, version).body

    def gone(self, path: str, version: str) -> None:
        """Deletes the resource and waits for its end."""
        answer = self.delete(path, version)
        assert answer.status in (200, 202), answer
        assert self.finish(answer).status in (200, 204)


VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnetwest"
SUBNET = f"{VNET}/subnets/mainsubnet"
POOL = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/privateendpointmainsubnet"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.managedhsm.azure.net"
KEY_VAULT, NETWORK, DNS, COMPUTE = "2024-11-01", "2024-05-01", "2024-06-01", "2024-11-01"


def pool_body(**properties: Any) -> dict[str, Any]:
    """The walkthrough's pool, with other properties where they are given; None leaves one out."""
    wanted = {
        "tenantId": TENANT_ID,
        "initialAdminObjectIds": [DEPLOYER_OBJECT_ID],
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 28,
        "enablePurgeProtection": False,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow"},
        **properties,
    }
    return {
        "location": "eastus2",
        "sku": {"family": "B", "name": "Standard_B1"},
        "properties": {name: value for name, value in wanted.items() if value is not None},
    }


def endpoint_body(target: str = POOL, *, manual: bool = False, group_id: str = "managedhsm") -> dict[str, Any]:
    """The walkthrough's private endpoint."""
    connection = {
        "name": "privatelinkmain",
        "properties": {"privateLinkServiceId": target, "groupIds": [group_id]},
    }
    kind = "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"
    return {"location": "westus", "properties": {"subnet": {"id": SUBNET}, kind: [connection]}}


def network_body(*prefixes: str, subnets: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A virtual network in the walkthrough's region."""
    properties: dict[str, Any] = {"addressSpace": {"addressPrefixes": list(prefixes) or ["10.0.0.0/16"]}}
    if subnets is not None:
        properties["subnets"] = subnets
    return {"location": "westus", "properties": properties}


def subnet_body(prefix: str) -> dict[str, Any]:
    """A subnet of that range."""
    return {"properties": {"addressPrefix": prefix}}
