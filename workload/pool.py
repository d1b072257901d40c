"""The data plane of a pool, asked with one token: what it answers, and from which address.

Sources: the Key Vault data plane's REST reference (keys, api-version 7.4), "Azure Key Vault REST API error codes".
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workload.metadata import json_object
from workload.steps import NotAsPromised, NotYet

API_VERSION = "7.4"
TIMEOUT_SECONDS = 10.0
FIREWALL_CODES = ("ForbiddenByFirewall", "ForbiddenByConnection")
FIREWALL_WORDS = (
    "is not authorized and caller",
    "public network access is disabled",
    "is not an approved private link",
    "this tcp connection does not allow access",
)
"""The service does not send the codes everywhere."""


def resource_of(host: str) -> str:
    """What a token for a pool is asked for: the end of its name, which each of Azure's clouds has its own of."""
    return f"https://{host.partition('.')[2]}"


@dataclass(frozen=True)
class Answer:
    """What the service answered."""

    status: int
    body: dict[str, Any]
    address: str
    """Of whoever answered."""

    @property
    def code(self) -> str:
        """The inner code of an error where there is one, else the outer one; empty where the answer has none."""
        error = _object(self.body.get("error"))
        inner = _object(error.get("innererror"))
        return str(inner.get("code") or error.get("code") or "")

    @property
    def message(self) -> str:
        """Of an error."""
        return str(_object(self.body.get("error")).get("message") or "")

    @property
    def by_firewall(self) -> bool:
        """Whether it is the firewall's own refusal, and nobody else's."""
        message = self.message.lower()
        told = self.code in FIREWALL_CODES or any(words in message for words in FIREWALL_WORDS)
        return self.status == 403 and told


@dataclass(frozen=True)
class Pool:
    """A pool as the owner of a token sees it."""

    host: str
    private_addresses: Sequence[str]
    """Of its endpoints in this network."""
    token: str

    def privately(self, doing: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What it answers with 200, through a private endpoint. Raises NotAsPromised."""
        answer = self.ask(method, path, body)
        if answer.status == 200:
            if answer.address not in self.private_addresses:
                raise NotYet(f"{doing} was answered by {answer.address}, which is no private endpoint")
            return answer.body
        passing = answer.status in (403, 429) or answer.status >= 500
        refusal = f"{doing} was answered {answer.status} {answer.code} {answer.message}".strip()
        raise (NotYet if passing else NotAsPromised)(refusal)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, address: str | None = None) -> Answer:
        """One request; ``address`` is connected to instead of the name's. Raises OSError, HTTPException."""
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(self.host, timeout=TIMEOUT_SECONDS, context=context)
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.sock = socket.create_connection((address or self.host, 443), TIMEOUT_SECONDS)
            answered_by = str(connection.sock.getpeername()[0])
            connection.sock = context.wrap_socket(connection.sock, server_hostname=self.host)
            connection.request(method, f"{path}?api-version={API_VERSION}", body=content, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, json_object(response.read()), answered_by)
        finally:
            connection.close()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
