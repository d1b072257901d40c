from __future__ import annotations

from tests.unit.local_azure.monitor.conftest import _tenant_key as _tenant_key
from tests.unit.local_azure.monitor.conftest import cloud as cloud
from tests.unit.local_azure.monitor.conftest import world as world
