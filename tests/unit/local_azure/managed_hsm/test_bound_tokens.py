"""Bound tokens at a pool: nothing public says that Managed HSM takes them, so it does not."""

from __future__ import annotations

import pytest

from local_azure.core.world import AsksForClientCertificate, World
from local_azure.managed_hsm.service import ManagedHsmService
from tests.unit.local_azure.managed_hsm.support import Client, make_pool, token

PATH = "/providers/Microsoft.Authorization/roleDefinitions?api-version=7.5"


@pytest.mark.parametrize("claims", [None, {"cnf": {"x5t#S256": "any"}}])
def test_the_scheme_for_them_counts_as_no_token(world: World, claims: dict[str, object] | None) -> None:
    make_pool(world)
    given = token(world, claims=claims)
    headers = {"authorization": f"mtls_pop {given}", "x-ms-tokenboundauth": "true"}
    answer = Client(world).send("GET", PATH, headers=headers)
    assert (answer.status, answer.body) == (401, b"OK")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer authorization=")


def test_as_a_bearer_token_one_is_worth_nothing(world: World) -> None:
    make_pool(world)
    given = token(world, claims={"cnf": {"x5t#S256": "any"}})
    answer = Client(world).send("GET", PATH, headers={"authorization": f"Bearer {given}"})
    assert (answer.status, answer.code) == (401, "Unauthorized")


def test_no_certificate_is_asked_for(world: World) -> None:
    assert not isinstance(ManagedHsmService(world), AsksForClientCertificate)
