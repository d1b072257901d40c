"""That the gate knows what the program can declare."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from dynamic.base import HsmProvider
from local_azure.instance import REPOSITORY
from policy.gate.finding import Said
from policy.gate.rules import KINDS
from policy.gate.rules.kind import Kind

_DECLARED = re.compile(r'class \w+\(Resource, module="mhsm", name="(\w+)"\)')
_SERVICES = {"network", "keyvault", "resources", "compute", "privatedns", "authorization", "managedidentity"}
_NATIVE = re.compile(r"\b([a-z]+)\.([A-Z][A-Za-z]+)\(\n")
_TOKEN = re.compile(r'"([a-z]+:[A-Z][A-Za-z]+)"')


def dynamic_types() -> list[tuple[str, str]]:
    """Module and name of every dynamic resource."""
    files = sorted((REPOSITORY / "dynamic").glob("*.py"))
    return [(path.stem, name) for path in files for name in _DECLARED.findall(path.read_text())]


def native_types() -> set[str]:
    """Tokens of every azure-native resource that a component declares."""
    found = set[str]()
    for path in (REPOSITORY / "components").glob("*.py"):
        text = path.read_text()
        found |= {f"{service}:{name}" for service, name in _NATIVE.findall(text) if service in _SERVICES}
        found |= set(_TOKEN.findall(text))
    return {token for token in found if not token.endswith(("Args", "Response"))}


@pytest.mark.parametrize(("module", "name"), dynamic_types())
def test_the_gate_knows_every_dynamic_resource_and_all_that_changes_in_place(module: str, name: str) -> None:
    kind = KINDS[f"pulumi-python:dynamic/mhsm:{name}"]
    provider = getattr(importlib.import_module(f"dynamic.{module}"), f"{name}Provider")
    assert issubclass(provider, HsmProvider)
    # What only an operation needs to know changes along with something else.
    together = (*provider.UPDATE, *provider.FORBID, *(provider.PASSED_ON if provider.UPDATE else ()))
    assert [field for field in together if kind.judge_of(field) is None] == []


@pytest.mark.parametrize("token", sorted(native_types()))
def test_the_gate_knows_every_azure_native_resource(token: str) -> None:
    assert f"azure-native:{token}" in KINDS


def test_the_longest_path_counts() -> None:
    def judge_named(name: str) -> object:
        return lambda _change, _step, _preview: [Said(name)]

    short, long = judge_named("short"), judge_named("long")
    kind = Kind("it", _nothing, _nothing, _nothing, {"a": short, "a.b": long})  # type: ignore[dict-item]
    assert [kind.judge_of(path) for path in ("a", "a.c", "a.b", "a.b.c", "b")] == [short, short, long, long, None]


def _nothing(_step: object, _preview: object) -> list[Said]:
    return []


def test_there_is_something_to_look_at() -> None:
    assert len(dynamic_types()) > 10
    assert len(native_types()) > 10
    assert Path(REPOSITORY / "components").is_dir()
