"""A signed-in session, and pools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data_plane import propagation, session
from data_plane.pool import Pool
from tests.support import Azure
from tests.unit.data_plane.support import make_pool


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
