from __future__ import annotations

import pytest

from tests.support import Azure
from tests.unit.local_azure.storage.daemon import Storage


@pytest.fixture
def storage(azure: Azure) -> Storage:
    """An account in the daemon, and clients that reach it."""
    return Storage(azure)
