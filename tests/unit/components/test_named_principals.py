from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.named_principals import named_principals
from config import Settings, parse
from data_plane.errors import ForbiddenError
from data_plane.principals import PrincipalError
from local_azure.stack import material
from tests.unit.components.recorder import dev

ROLE = {"role": "Managed HSM Crypto User", "scope": "/keys"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def settings(directory: Path, *principals: Any) -> Settings:
    values = dev()
    values["managed-hsm:roleAssignments"] = [{**ROLE, "principal": each} for each in principals]
    values["managed-hsm:vault"] = {}
    return parse(values, directory)


def test_each_name_is_looked_up_once(directory: Path) -> None:
    asked: list[tuple[str, str]] = []

    def object_id(kind: str, name: str) -> str:
        asked.append((kind, name))
        return f"id of {name}"

    found = named_principals(settings(directory, "deployer", {"user": "kim"}, {"group": "Crypto"}), object_id)
    assert asked == [("user", "kim"), ("group", "Crypto")]
    assert {each.value: value for each, value in found.items()} == {"kim": "id of kim", "Crypto": "id of Crypto"}


def test_everybody_who_is_not_there_is_told_with_the_key(directory: Path) -> None:
    def object_id(kind: str, name: str) -> str:
        raise PrincipalError(f"no {kind} {name}")

    with pytest.raises(pulumi.RunError) as told:
        named_principals(settings(directory, "deployer", {"user": "kim"}, {"group": "Crypto"}), object_id)
    assert str(told.value).split("\n") == [
        "managed-hsm:roleAssignments[1].principal: no user kim",
        "managed-hsm:roleAssignments[2].principal: no group Crypto",
    ]


def test_a_directory_that_cannot_be_asked_is_told_once(directory: Path) -> None:
    def object_id(kind: str, name: str) -> str:
        raise ForbiddenError(f"may not read {kind} {name}", status=403)

    with pytest.raises(pulumi.RunError, match=r"^managed-hsm:roleAssignments\[0\].principal: may not read user kim$"):
        named_principals(settings(directory, {"user": "kim"}, {"group": "Crypto"}), object_id)
