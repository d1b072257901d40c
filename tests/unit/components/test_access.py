"""What the program says of access and declares for it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import exclusive, previewed
from components.access_review import review
from components.stack import Existing, build
from config import Settings, parse
from data_plane import exclusive_access
from data_plane.built_in_roles import BUILT_IN_ROLES, role_definition_id
from data_plane.errors import UnreachableError
from data_plane.exclusive_access import Present
from data_plane.role_assignments import Assignment
from local_azure.stack import material
from tests.unit.components.recorder import DEPLOYER, Program, declare, dev, recorded

KIM = "e4f20b97-3c5d-4e81-a6b8-92d1c07f5e36"
STRAY = "11111111-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("program")
    material.make(made / ".local")
    return made


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    for level in ("info", "warn"):
        monkeypatch.setattr(pulumi.log, level, lambda line, level=level: lines.append(f"{level}: {line}"))
    return lines


def settings(directory: Path, **changes: Any) -> Settings:
    return parse({**dev(), **{f"managed-hsm:{name}": value for name, value in changes.items()}}, directory)


def with_present(of: Settings, present: Present | None) -> Program:
    return recorded(lambda: build(of, DEPLOYER, Existing(), lambda kind, name: f"{kind}-{name}", present))


def test_the_walkthrough_s_preview_only_counts_what_there_is_to_note(directory: Path, said: list[str]) -> None:
    told = review(settings(directory))
    assert said == ["info: access: 5 to note; python -m access lint --stack stack lists them"]
    assert told["matrix"]["identity testvmmhsm"]["/keys"]
    assert len(told["findings"]) == 6


def test_a_user_who_could_become_administrator_is_warned_of_in_one_line(directory: Path, said: list[str]) -> None:
    given = [{"role": "Policy Administrator", "principal": {"user": "kim"}, "scope": "/"}]
    review(settings(directory, roleAssignments=given))
    warnings = [each for each in said if each.startswith("warn: ")]
    assert [each.rsplit(" ", 1)[-1] for each in warnings] == ["[could-become-administrator]", "[user]"]
    assert warnings[0].startswith("warn: access: user kim could make itself Administrator: ")


def test_own_roles_come_before_their_assignments_and_go_with_the_pool(directory: Path) -> None:
    program = declare(
        settings(
            directory,
            roleDefinitions=[{"preset": "keyManager"}],
            roleAssignments=[{"role": "Key Manager", "principal": "deployer", "scope": "/"}],
        )
    )
    [role] = program.of("mhsm:RoleDefinition")
    [assignment] = program.of("mhsm:RoleAssignment")
    assert (role.name, role.deleted_with) == ("Key Manager", "managed-hsm")
    assert "security-domain" in role.dependencies
    assert "Key Manager" in assignment.dependencies
    assert all(assignment.name in each.dependencies for each in program.of("mhsm:Key"))


def test_without_the_word_nobody_is_looked_for(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(exclusive_access, "look")
    assert exclusive.look(settings(directory), _pool(), DEPLOYER.object_id) is None
    assert declare(settings(directory)).of("mhsm:ExclusiveAccess") == []


def test_a_pool_that_cannot_be_asked_is_a_warning_and_one_that_is_not_active_is_not_asked(
    directory: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> Present:
        raise UnreachableError("no answer")

    monkeypatch.setattr(exclusive_access, "look", unreachable)
    exact = settings(directory, access={"exclusive": True})
    assert exclusive.look(exact, _pool("NotActivated"), DEPLOYER.object_id) is None
    assert exclusive.look(exact, None, DEPLOYER.object_id) is None
    assert said == []
    assert exclusive.look(exact, _pool(), DEPLOYER.object_id) is None
    assert said == [
        "warn: managed-hsm:access.exclusive: who else has a role could not be looked at, so nothing is taken away:"
        " no answer"
    ]


@pytest.fixture
def note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a preview notes what it shows."""
    place = tmp_path / "previews" / "dev.json"
    monkeypatch.setattr(previewed, "place", lambda: place)
    return place


@pytest.fixture
def present(note: Path, monkeypatch: pytest.MonkeyPatch) -> Present:
    """A pool in which Kim has a role that nobody declares."""
    del note
    monkeypatch.setattr(exclusive_access, "names_of", lambda *_: {KIM: "user kim"})
    monkeypatch.setattr(exclusive_access, "deployers_groups", lambda *_: lambda _: [])
    given = {"Administrator": (DEPLOYER.object_id, "/", "1"), "Crypto User": (KIM, "/keys/myrsakey", STRAY)}
    return Present(
        tuple(
            Assignment(name, role_definition_id(BUILT_IN_ROLES[f"Managed HSM {role}"]), who, scope)
            for role, (who, scope, name) in given.items()
        ),
        {},
    )


def test_what_was_given_after_the_preview_stays_until_somebody_has_seen_it(
    directory: Path, said: list[str], present: Present, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = settings(directory, access={"exclusive": True})

    def revoked(of: Present | None = present, *, preview: bool = False) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
            [rule] = with_present(exact, of).of("mhsm:ExclusiveAccess")
        return rule.inputs["revoke"]

    assert revoked(Present((), {}), preview=True) == {}
    assert revoked() == {}
    assert any("given after the preview: stays for now: Managed HSM Crypto User of user kim" in each for each in said)
    assert not note.exists()
    assert list(revoked()) == [STRAY]
    assert list(revoked(preview=True)) == [STRAY]
    assert list(revoked()) == [STRAY]
    note.write_text("{broken")
    assert revoked() == {}
    assert revoked(None, preview=True) == {}
    assert revoked() == {}


def test_what_is_not_declared_is_handed_to_the_resource_that_comes_last_in_words(
    directory: Path, said: list[str], present: Present
) -> None:
    program = with_present(settings(directory, access={"exclusive": True}), present)
    [rule] = program.of("mhsm:ExclusiveAccess")
    sentence = "Managed HSM Crypto User of user kim at /keys/myrsakey"
    assert rule.inputs["revoke"] == {STRAY: sentence}
    assert f"warn: managed-hsm:access.exclusive: not in the configuration, up takes it away: {sentence}" in said
    made = {each.name for kind in ("RoleAssignment", "Key", "SecurityDomain") for each in program.of(f"mhsm:{kind}")}
    assert made <= rule.dependencies
    assert rule.deleted_with == "managed-hsm"
    declared = {(each["role"], each["principal_id"], each["ensured"]) for each in rule.inputs["declared"]}
    assert ("Managed HSM Administrator", DEPLOYER.object_id, False) in declared
    assert ("Managed HSM Crypto User", "principal-of-testvmmhsm", True) in declared


def _pool(status: str = "Active") -> Any:
    domain = SimpleNamespace(activation_status=status)
    properties = SimpleNamespace(security_domain_properties=domain, hsm_uri="https://x.managedhsm.azure.net/")
    return SimpleNamespace(properties=properties)
