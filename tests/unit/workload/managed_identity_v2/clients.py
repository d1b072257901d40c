"""Clients as other people's programs make them, and a clock that can be moved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from azure.core.rest import HttpRequest, HttpResponse
from azure.keyvault.secrets import SecretClient

from tests.unit.workload.managed_identity_v2.serving import SCOPE, VAULT
from workload.managed_identity_v2 import Binding, BoundTransport, ManagedIdentityV2Credential, bound_client_options
from workload.managed_identity_v2.service_clock import ServiceClock


class MovableClock(ServiceClock):
    """The service's time, moved by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.moved = 0.0

    def now(self) -> float:
        return super().now() + self.moved

    def learn(self, date: str | None) -> None:
        """The local Azure's clock is moved apart from this one, where a test moves it."""
        del date


class Sleeps(list[float]):
    """Takes note of what was to be waited, and does not wait."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@contextmanager
def vault_client(credential: ManagedIdentityV2Credential, **options: Any) -> Iterator[SecretClient]:
    """The unmodified SDK with bound tokens."""
    with SecretClient(VAULT, credential, **bound_client_options(credential, SCOPE, **options)) as client:
        yield client


def call(token: str, binding: Binding | None, scheme: str = "mtls_pop") -> HttpResponse:
    """A request to the vault as anybody could send it."""
    headers = {"Authorization": f"{scheme} {token}", "x-ms-tokenboundauth": "true"}
    request = HttpRequest("GET", f"{VAULT}/secrets/contososecret?api-version=7.4", headers=headers)
    with BoundTransport() as transport:
        response = transport.send(request, binding=binding)
        response.read()
        return response
