"""The metadata service without a network."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local_azure.core.errors import ServiceError
from local_azure.core.http import Origin, Request
from local_azure.core.world import World
from local_azure.vm.imds.service import HOST, MetadataService
from tests.unit.local_azure.vm.support import MACHINE

TOKEN = "/metadata/identity/oauth2/token"
MHSM = "https://managedhsm.azure.net"


@dataclass(frozen=True)
class Answer:
    """A response, an error's included."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    @property
    def refusal(self) -> tuple[int, str, str]:
        """Status, error and description of a token that was not issued."""
        return self.status, self.body["error"], self.body["error_description"]


@dataclass(frozen=True)
class Metadata:
    """The service as one machine sees it."""

    world: World
    machine: str = MACHINE

    def ask(self, target: str, *, method: str = "GET", body: object = None, **headers: str) -> Answer:
        """Headers by name with underscores; ``Metadata: true`` unless told otherwise, empty ones are left out."""
        parts = urlsplit(target)
        sent = {"metadata": "true", **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = Request(
            method,
            HOST,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name: value for name, value in sent.items() if value},
            b"" if body is None else json.dumps(body).encode(),
            origin=Origin(self.machine, None),
        )
        try:
            response = MetadataService(self.world).handle(request)
        except ServiceError as error:
            return Answer(error.status, dict(error.headers), json.dumps(error.body()))
        return Answer(response.status, dict(response.headers), response.body.decode())

    def token(self, query: str = "", resource: str = MHSM, **headers: str) -> Answer:
        """A token with the api-version of the walkthrough."""
        return self.ask(f"{TOKEN}?api-version=2018-02-01&resource={resource}{query and '&'}{query}", **headers)
