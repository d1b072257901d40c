"""A machine with an identity, a vault that lets it read, and clients in this process led to both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.core.world import World, open_world
from local_azure.entra import binding_certificates, directory
from tests.unit.local_azure.key_vault.support import SECRET_MANAGEMENT, Client, make_vault, policy
from tests.unit.local_azure.vm.conftest import arm, group, machine, subnet
from tests.unit.local_azure.vm.support import MACHINE
from tests.unit.workload.managed_identity_v2.serving import Serving, serving
from workload.managed_identity_v2 import InMemoryKey
from workload.managed_identity_v2.metadata_host import OVERRIDE

__all__ = ["arm", "group", "machine", "subnet"]
_keys: dict[str, Any] = {}
_ready: list[rsa.RSAPrivateKey] = []


@pytest.fixture(autouse=True)
def _ready_made_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of which no two that follow each other are the same: making each anew would take longer than the tests."""
    if not _ready:
        _ready.extend(rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(5))
    keys = cycle(_ready)
    monkeypatch.setattr(InMemoryKey, "__init__", lambda self: setattr(self, "_key", next(keys)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A local Azure whose signing keys are those of all tests here: making them takes longer than most tests."""
    made = open_world(tmp_path / "azure", in_memory=True)
    for name, document in _keys.items():
        made.store.put(directory.SIGNING_KEYS, name, document)
    directory.seed(made)
    binding_certificates.authority(made)
    yield made
    _keys.update(made.store.scan(directory.SIGNING_KEYS))
    made.store.close()


@pytest.fixture
def azure(world: World, machine: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """``testvmmhsm`` and ``contosomivault`` with the secret ``contososecret``."""
    owner = Client(world)
    principal = str(machine["identity"]["principalId"])
    make_vault(owner, policy(principal, "get", "list"), policy(owner.object_id, *SECRET_MANAGEMENT))
    assert owner.send("PUT", "/secrets/contososecret", {"value": "from the vault"}).status == 200
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    with serving(world, MACHINE) as served:
        monkeypatch.setenv(OVERRIDE, served.metadata)
        monkeypatch.setenv("HTTPS_PROXY", served.proxy)
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(served.authority))
        yield served
