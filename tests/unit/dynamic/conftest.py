"""Pools for the providers' methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data_plane import propagation, role_assignments, session
from data_plane.activation import Activation, Wanted
from data_plane.built_in_roles import CRYPTO_OFFICER, CRYPTO_USER, guid_of, role_definition_id
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.support import Azure
from tests.unit.data_plane.support import certificates, make_pool


@pytest.fixture
def signed_in(azure: Azure) -> Iterator[Azure]:
    """The local Azure, and nothing remembered of an earlier one."""
    session.forget()
    propagation.forget()
    yield azure
    session.forget()
    propagation.forget()


@pytest.fixture
def pool(signed_in: Azure) -> Pool:
    """A pool that is not activated."""
    del signed_in
    return make_pool()


@pytest.fixture
def active_pool(pool: Pool, tmp_path: Path) -> Pool:
    """An active pool in which the deployer has no other role than Administrator."""
    destinations = (Destination(tmp_path / "sd.json"),)
    Activation(session.current(), Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, destinations)).run()
    return pool


@pytest.fixture
def usable_pool(active_pool: Pool) -> Pool:
    """An active pool in which the deployer may do everything with keys."""
    for role in (CRYPTO_USER, CRYPTO_OFFICER):
        guid = guid_of(role)
        assert guid is not None
        name = role_assignments.assignment_name(
            active_pool.id, active_pool.created_at, guid, DEPLOYER_OBJECT_ID, "/keys"
        )
        role_assignments.ensure(
            session.current(),
            active_pool.uri,
            role_assignments.Assignment(name, role_definition_id(guid), DEPLOYER_OBJECT_ID, "/keys"),
        )
    propagation.forget()
    return active_pool
