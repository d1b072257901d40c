"""A small ARM in memory, told what to answer, that remembers what it was asked."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import grpc

from local_azure.plugin.errors import ConnectionFailed
from local_azure.plugin.protocol import provider_pb2, provider_pb2_grpc, status_pb2
from local_azure.plugin.provider import Provider
from local_azure.plugin.transport import Answer
from local_azure.plugin.values import Values, from_struct, to_struct

SUBSCRIPTION, TENANT, CLIENT = (
    "3d9f4a52-61c8-4b7e-8a05-5e0b7c6d2f34",
    "7a1c5be0-2f0e-4c57-9d43-0c2f6b1d9e11",
    "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6",
)
OBJECT = "c0ffee00-1234-4abc-9def-0123456789ab"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/Contoso"
ENVIRONMENT = {
    "ARM_TENANT_ID": TENANT,
    "ARM_CLIENT_ID": CLIENT,
    "ARM_CLIENT_SECRET": "not-a-real-one",
    "ARM_SUBSCRIPTION_ID": SUBSCRIPTION,
}

NETWORK = f"{GROUP}/providers/Microsoft.Network"
VNET_ID = f"{NETWORK}/virtualNetworks/vnetwest"
VNET: Values = {
    "resourceGroupName": "Contoso",
    "virtualNetworkName": "vnetwest",
    "location": "westus",
    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    "azureApiVersion": "2024-05-01",
    "__createBeforeDelete": True,
}
HSM_ID = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/contosohsm"
HSM: Values = {
    "resourceGroupName": "Contoso",
    "name": "contosohsm",
    "location": "eastus2",
    "sku": {"family": "B", "name": "Standard_B1"},
    "properties": {"softDeleteRetentionInDays": 28, "networkAcls": {"defaultAction": "Allow"}},
}


@dataclass(frozen=True)
class Asked:
    method: str
    url: str
    headers: Mapping[str, str]
    body: Any

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))


@dataclass
class FakeArm:
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By id in lower case."""
    asked: list[Asked] = field(default_factory=list)
    scripts: list[tuple[str, str, Answer | Exception]] = field(default_factory=list)
    """Method, end of the path, and what happens the next time instead of the usual."""
    computed: dict[str, Any] = field(default_factory=dict)
    """Properties that every PUT gets beside those that were sent."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def then(self, method: str, path: str, status: int, body: Any = None, **headers: str) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.scripts.append((method, path, Answer(status, names, data)))

    def then_drop(self, method: str, path: str) -> None:
        self.scripts.append((method, path, ConnectionFailed("no answer from management.azure.com: reset", attempts=8)))

    def bodies(self, method: str) -> list[Any]:
        return [each.body for each in self.asked if each.method == method]

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        with self.lock:
            form = headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
            sent = None if body is None else dict(parse_qsl(body.decode())) if form else json.loads(body)
            asked = Asked(method, url, headers, sent)
            self.asked.append(asked)
            for script in self.scripts:
                if script[0] == method and asked.path.lower().endswith(script[1].lower()):
                    self.scripts.remove(script)
                    if isinstance(script[2], Exception):
                        raise script[2]
                    return script[2]
            return self._usual(asked)

    def _usual(self, asked: Asked) -> Answer:
        if asked.path.endswith("/oauth2/v2.0/token"):
            claims = {"oid": OBJECT, "tid": TENANT, "appid": CLIENT}
            payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
            return _json(200, {"access_token": f"h.{payload}.s", "expires_in": 3600})
        key = asked.path.lower()
        if asked.method == "PUT":
            made = key not in self.resources
            live = {"id": asked.path, "name": asked.path.rpartition("/")[2], **asked.body}
            live["properties"] = {**asked.body.get("properties", {}), **self.computed}
            self.resources[key] = live
            return _json(201 if made else 200, live)
        if key not in self.resources:
            error = {"code": "ResourceNotFound", "message": "The resource was not found."}
            return _json(404, {"error": error})
        if asked.method == "DELETE":
            del self.resources[key]
            return Answer(200, {}, b"")
        return _json(200, self.resources[key])


def _json(status: int, value: Any) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(value).encode())


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::managed-hsm::contoso:components:Network$azure-native:{token}::{name}"


@dataclass
class Engine:
    """The few calls of the engine, over real gRPC."""

    stub: Any

    def check(self, token: str, name: str, news: Values, olds: Values | None = None, **more: Any) -> Any:
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=urn(token, name), news=to_struct(news), olds=to_struct(olds or {}), randomSeed=b"seed", **more
            )
        )

    def checked(self, token: str, name: str, news: Values, olds: Values | None = None, **more: Any) -> Values:
        answer = self.check(token, name, news, olds, **more)
        assert [each.reason for each in answer.failures] == []
        return from_struct(answer.inputs)

    def diff(self, token: str, olds: Values, news: Values, outputs: Values | None = None) -> Any:
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id="/id",
                urn=urn(token, "x"),
                olds=to_struct(outputs or {}),
                old_inputs=to_struct(olds),
                news=to_struct(news),
            )
        )

    def create(self, token: str, inputs: Values, *, preview: bool = False, timeout: float = 0) -> Any:
        return self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(token, "x"), properties=to_struct(inputs), preview=preview, timeout=timeout
            )
        )

    def update(self, token: str, resource_id: str, inputs: Values, olds: Values, *, preview: bool = False) -> Values:
        request = provider_pb2.UpdateRequest(
            id=resource_id, urn=urn(token, "x"), news=to_struct(inputs), olds=to_struct(olds), preview=preview
        )
        return from_struct(self.stub.Update(request).properties)

    def read(self, token: str, resource_id: str, inputs: Values | None = None, outputs: Values | None = None) -> Any:
        return self.stub.Read(
            provider_pb2.ReadRequest(
                id=resource_id, urn=urn(token, "x"), inputs=to_struct(inputs or {}), properties=to_struct(outputs or {})
            )
        )

    def delete(self, token: str, resource_id: str) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(id=resource_id, urn=urn(token, "x")))

    def invoke(self, token: str, arguments: Values) -> Values:
        request = provider_pb2.InvokeRequest(tok=f"azure-native:{token}", args=to_struct(arguments))
        return from_struct(getattr(self.stub.Invoke(request), "return"))


@contextmanager
def engine(http: Any, environment: Mapping[str, str] = ENVIRONMENT, config: Values | None = None) -> Iterator[Engine]:
    """A provider behind gRPC, configured, whose calls to Azure reach ``http``."""
    server = grpc.server(futures.ThreadPoolExecutor(16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(environment, http), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(args=to_struct(config or {})))
        yield Engine(stub)
    server.stop(grace=None)


def refused(error: grpc.RpcError) -> str:
    message = error.details()
    assert "\n" not in message
    assert "Traceback" not in message
    return str(message)


def partly_done(error: grpc.RpcError) -> provider_pb2.ErrorResourceInitFailed:
    metadata = {each.key: each.value for each in error.trailing_metadata()}
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    return detail
