"""A vault to talk to without sockets, raw or through the unmodified SDK; ARM beside it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from azure.core.credentials import AccessToken, TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.keyvault.secrets import SecretClient
from requests.adapters import BaseAdapter

from local_azure.arm.service import ArmService
from local_azure.core.http import OUTSIDE, Origin, Request
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID, World
from local_azure.entra import directory, tokens
from local_azure.key_vault.service import KeyVaultService
from local_azure.server.dispatch import Dispatcher

ARM, VAULT = "https://management.azure.com", "https://vault.azure.net"
GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoResourceGroup"
VAULT_ID = f"{GROUP}/providers/Microsoft.KeyVault/vaults/ContosoMiVault"
HOST = "contosomivault.vault.azure.net"
SECRET_MANAGEMENT = ["get", "list", "set", "delete", "recover", "backup", "restore"]
KEY_VAULT = "2024-11-01"


@dataclass(frozen=True)
class Answer:
    """A response as it is on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])

    @property
    def reason(self) -> str:
        return str(self.json["error"]["innererror"]["code"])

    @property
    def message(self) -> str:
        return str(self.json["error"]["message"])


@dataclass(frozen=True)
class Client:
    """Somebody who sends requests to ARM and to vaults."""

    world: World
    object_id: str = directory.DEPLOYER_OBJECT_ID
    origin: Origin = OUTSIDE

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        host: str = HOST,
        headers: dict[str, str] | None = None,
        certificate: bytes | None = None,
    ) -> Answer:
        """One request with this caller's token, unless ``headers`` say otherwise."""
        if headers is None:
            resource = ARM if host == urlsplit(ARM).hostname else VAULT
            headers = {"authorization": f"Bearer {token(self.world, self.object_id, resource)}"}
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True)) or {"api-version": "7.4"}
        content = b"" if body is None else json.dumps(body).encode()
        sent = {"host": host, **headers}
        request = Request(method, host, unquote(parts.path), query, sent, content, self.origin, certificate)
        response = Dispatcher(self.world, [ArmService(self.world), KeyVaultService(self.world)]).handle(request)
        return Answer(response.status, response.headers, response.body)

    def arm(self, method: str, resource_id: str, body: object = None, version: str = KEY_VAULT) -> Answer:
        """One request to ARM."""
        return self.send(method, f"{resource_id}?api-version={version}", body, host="management.azure.com")

    def acting_as(self, object_id: str) -> Client:
        """Somebody else at the same place."""
        return Client(self.world, object_id, self.origin)

    def coming_from(self, origin: Origin) -> Client:
        """The same caller somewhere else."""
        return Client(self.world, self.object_id, origin)

    def sdk(self, credential: TokenCredential | None = None, **more: Any) -> SecretClient:
        """The unmodified SDK, as this caller unless another credential is given."""
        return SecretClient(
            f"https://{HOST}",
            credential or _Credential(self),
            transport=_transport(self),
            retry_total=0,
            logging_enable=False,
            **more,
        )


def token(world: World, object_id: str, audience: str = VAULT, **more: Any) -> str:
    """An access token of somebody in the directory."""
    principal = directory.principal(world, object_id)
    assert principal is not None
    return tokens.issue(world, principal, audience, **more)


def policy(object_id: str, *permissions: str, **more: str) -> dict[str, Any]:
    """An access policy for secrets."""
    return {"tenantId": TENANT_ID, "objectId": object_id, "permissions": {"secrets": list(permissions)}, **more}


def vault_body(*policies: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A vault; only what is said."""
    return {
        "location": "eastus2",
        "properties": {
            "tenantId": TENANT_ID,
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
            "accessPolicies": list(policies),
            **properties,
        },
    }


def make_vault(client: Client, *policies: dict[str, Any], **properties: Any) -> None:
    """The vault of these tests, in its group."""
    assert client.arm("PUT", GROUP, {"location": "eastus2"}, "2024-03-01").status in (200, 201)
    answer = client.arm("PUT", VAULT_ID, vault_body(*policies, **properties))
    assert answer.status == 200, answer
    assert client.arm("GET", VAULT_ID).json["properties"]["provisioningState"] == "Succeeded"


class _Credential:
    def __init__(self, client: Client) -> None:
        self._client = client

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        audience = scopes[0].removesuffix("/.default")
        world = self._client.world
        return AccessToken(token(world, self._client.object_id, audience), int(world.clock.timestamp()) + 3600)


class _Adapter(BaseAdapter):
    """Leads an unmodified HTTP client to the services in this process."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(request.url or "")
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        body = request.body or b""
        assert isinstance(body, str | bytes)
        found = self._client.send(
            request.method or "",
            f"{parts.path}?{parts.query}",
            json.loads(body) if body else None,
            host=parts.hostname or "",
            headers=headers,
        )
        response = requests.Response()
        response.status_code = found.status
        response.headers.update(found.headers)
        response.raw = io.BytesIO(found.body)
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        """Nothing is open."""


def _transport(client: Client) -> RequestsTransport:
    session = requests.Session()
    session.mount("https://", _Adapter(client))
    return RequestsTransport(session=session, session_owner=False)
