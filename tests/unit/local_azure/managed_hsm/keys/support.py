"""Drives the routes of keys as the service does, without tokens and roles, which the service's own tests cover."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local_azure.core.errors import ServiceError
from local_azure.core.http import OUTSIDE, Request
from local_azure.core.router import Route, Router
from local_azure.core.world import World
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.context import Caller, HsmRequest, HsmRoute
from local_azure.managed_hsm.keys.routes import key_routes
from local_azure.managed_hsm.pools import Pool
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64url

CALLER = Caller(
    object_id="5b1f3c86-0a44-4d0c-8f0e-6a5d2b7c9e10",
    groups=frozenset(),
    application_id="c2d6a0de-7f1b-4f60-9a3e-1b5c8d7e2f33",
    tenant_id="7a1c5be0-2f0e-4c57-9d43-0c2f6b1d9e11",
    origin=OUTSIDE,
)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def reason(self) -> str:
        return str(self.body["error"]["innererror"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class Hsm:
    """One pool, called by path."""

    world: World
    pool: Pool
    routes: list[HsmRoute] = field(default_factory=key_routes)

    def call(self, method: str, path: str, body: object = None) -> Answer:
        split = urlsplit(path)
        request = Request(
            method=method,
            host=self.pool.host,
            path=split.path,
            query=dict(parse_qsl(split.query)),
            body=b"" if body is None else json.dumps(body).encode(),
        )
        router = Router(Route(route.method, route.path, self._handler(route)) for route in self.routes)
        found = router.find(request)
        assert found is not None, f"no route for {method} {path}"
        handler, matched = found
        try:
            response = handler(matched)
        except ServiceError as error:
            return Answer(error.status, error.body())
        return Answer(response.status, json.loads(response.body) if response.body else None)

    def _handler(self, route: HsmRoute) -> Any:
        return lambda request: route.handler(HsmRequest(self.world, self.pool, CALLER, request))

    def ok(self, method: str, path: str, body: object = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.status in (200, 204), answer
        return answer.body

    def create(self, name: str, **body: Any) -> Any:
        return self.ok("POST", f"/keys/{name}/create", body)

    def names(self, path: str, page: int = 25) -> list[str]:
        """The last segment of every item's kid, over all pages."""
        names, link = [], f"{path}?maxresults={page}"
        while link:
            body = self.ok("GET", link)
            assert len(body["value"]) <= page
            names += [item["kid"].rsplit("/", 1)[1] for item in body["value"]]
            link = body.get("nextLink", "").removeprefix(f"https://{self.pool.host}")
        return names


def new_pool(world: World, name: str = "az400popMHSM", **changes: Any) -> Pool:
    settings: dict[str, Any] = {"retention_days": 28, "purge_protection": False, **changes}
    pool = pools.new_pool(
        world,
        name=name,
        arm_id=f"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs/{name}",
        location="eastus2",
        tenant_id=CALLER.tenant_id,
        initial_administrators=[CALLER.object_id],
        network={},
        **settings,
    )
    pools.create(world, pool)
    return pool


def version_of(bundle: Any) -> str:
    return str(bundle["key"]["kid"]).rsplit("/", 1)[1]


def b64(data: bytes) -> str:
    return base64url(data)


def unb64(text: str) -> bytes:
    return from_base64url(text)
