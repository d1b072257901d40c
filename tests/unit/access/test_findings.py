"""What the lint finds: each case, and nothing where all is as it should be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access.finding import CODES, LEVELS, Finding
from access.findings import findings
from access.model import Access, Principal
from tests.unit.access.support import KINDS, access

SOUND = ("admins: Administrator at /",)


def found(some: Access, *, rehearsal: bool = False) -> dict[str, list[Finding]]:
    told: dict[str, list[Finding]] = {}
    for each in findings(some, rehearsal=rehearsal):
        told.setdefault(each.code, []).append(each)
    return told


def test_a_pool_whose_duties_are_separated_gives_nothing_but_notes() -> None:
    told = findings(
        access(
            *SOUND,
            "payments: Crypto Service Encryption User at /keys/one",
            "operators: Crypto Auditor at /",
            "deployer: Key Manager at /",
            custom={"Key Manager": ["keys/read/action", "keys/create", "keys/delete", "roleAssignments/read/action"]},
        )
    )
    assert {each.level for each in told} == {"note"}
    assert [each.code for each in told] == ["custody", "global-administrators"]


@pytest.mark.parametrize("role", ["Crypto Officer", "Policy Administrator"])
def test_whoever_gives_roles_in_the_whole_pool_could_make_itself_administrator(role: str) -> None:
    [one] = found(access(*SOUND, f"kim: {role} at /"))["could-become-administrator"]
    assert one.level == "warning"
    assert one.line == (
        "user kim could make itself Administrator: it may give any role in the whole pool"
        f" (Managed HSM {role} at /) — give that role at /keys or at single keys, or leave giving roles to the"
        " Administrators [could-become-administrator]"
    )


def test_whoever_may_widen_its_own_role_could_as_well() -> None:
    some = access(*SOUND, "pipeline: Definer at /", custom={"Definer": ["roleDefinitions/write/action"]})
    [one] = found(some)["could-become-administrator"]
    assert "also the one it has (Definer at /)" in one.line
    narrow = access(*SOUND, "pipeline: Definer at /keys", custom={"Definer": ["roleDefinitions/write/action"]})
    assert "could-become-administrator" not in found(narrow)


@pytest.mark.parametrize(("scope", "where"), [("/keys", "at every key"), ("/keys/one", "at key one")])
def test_whoever_gives_roles_at_keys_could_give_itself_their_use_and_no_more(scope: str, where: str) -> None:
    told = found(access(*SOUND, f"operators: Crypto Officer at {scope}"))
    [one] = told["could-give-itself-keys"]
    assert one.what == f"could give itself every right {where}"
    assert "could-become-administrator" not in told


def test_a_standing_administrator_is_told_with_what_it_could_take_and_a_group_is_only_noted() -> None:
    told = found(access("admins: Administrator at /", "kim: Administrator at /"))
    [standing] = told["standing-administrator"]
    assert (standing.who, standing.level) == ("user kim", "warning")
    assert "could take the security domain for certificates of its own, a full backup, and any role" in standing.line
    [noted] = told["custody"]
    assert (noted.who, noted.level) == ("group admins", "note")


@pytest.mark.parametrize(
    ("role", "custom", "could"),
    [
        ("Backup User", None, "could take a full backup"),
        ("Exporter", ["securitydomain/download/action"], "could take the security domain for certificates of its own"),
    ],
)
def test_whoever_could_take_the_security_domain_or_a_full_backup(
    role: str, custom: list[str] | None, could: str
) -> None:
    some = access(*SOUND, f"pipeline: {role} at /", custom={role: custom} if custom else None)
    [one] = [each for each in found(some)["custody"] if each.who == "service principal pipeline"]
    assert one.what == could
    narrow = access(*SOUND, f"pipeline: {role} at /keys", custom={role: custom} if custom else None)
    assert [each.who for each in found(narrow)["custody"]] == ["group admins"]


def test_two_duties_in_one_hand() -> None:
    told = found(access(*SOUND, "operators: Crypto User at /keys", "operators: Crypto Officer at /keys/one"))
    [one] = told["two-duties"]
    assert one.what == "uses keys and also gives roles and purges at key one"
    assert "Managed HSM Crypto User at /keys, Managed HSM Crypto Officer at /keys/one" in one.why


def test_an_administrator_that_uses_keys_has_two_duties() -> None:
    told = found(access(*SOUND, "admins: Crypto User at /keys"))
    assert [each.who for each in told["two-duties"]] == ["group admins"]


def test_what_the_deployer_may_do_beyond_managing_keys_is_worth_a_note_in_a_rehearsal_and_a_warning_else() -> None:
    some = access(*SOUND, "deployer: Crypto User at /keys", "deployer: Crypto Officer at /keys")
    for rehearsal, level in ((False, "warning"), (True, "note")):
        [one] = found(some, rehearsal=rehearsal)["deployer"]
        assert one.what == "may use or release keys, purge keys and give roles"
        assert one.level == level


def test_a_user_where_a_group_would_do() -> None:
    [one] = found(access(*SOUND, "kim: Crypto Auditor at /"))["user"]
    assert one.line.startswith("user kim has Managed HSM Crypto Auditor at /: a role of a person outlives")


def test_a_pool_without_an_administrator_is_the_worst_of_all() -> None:
    first, *_ = findings(access("kim: Crypto User at /keys", "deployer: Administrator at /keys"))
    assert (first.code, first.level) == ("no-administrator", "danger")


def test_an_empty_group_and_a_deleted_principal_administer_nothing() -> None:
    empty = with_members(access("admins: Administrator at /", "old: Administrator at /"), admins=())
    first, *_ = findings(empty)
    assert (first.code, first.level) == ("no-administrator", "danger")
    assert "but groups without members or deleted principals (deleted principal old, group admins)" in first.line
    told = found(with_members(access("admins: Administrator at /", "kim: Administrator at /"), admins=()))
    assert [each.who for each in told["only-administrator"]] == ["user kim"]


def test_duties_that_only_two_groups_together_give_somebody_are_told_of_that_one_alone() -> None:
    given = ("admins: Crypto User at /keys", "operators: Crypto Officer at /keys/one")
    told = found(with_members(access(*given), admins=("kim",), operators=("kim", "lee")))
    [one] = told["two-duties"]
    assert one.who == "user kim"
    assert "at key one" in one.what
    assert "through group admins" in one.why
    assert "through group operators" in one.why
    both = access("operators: Crypto User at /keys", "operators: Crypto Officer at /keys")
    [one] = found(with_members(both, operators=("kim", "lee")))["two-duties"]
    assert one.who == "group operators"


def test_what_the_deployer_may_do_by_its_groups_alone_is_told_of_it() -> None:
    told = found(with_members(access(*SOUND, "operators: Crypto User at /keys"), operators=("deployer", "lee")))
    [one] = told["deployer"]
    assert one.what == "may use or release keys"


def with_members(some: Access, **members: tuple[str, ...]) -> Access:
    people = dict(some.principals)
    for each in (member for inside in members.values() for member in inside):
        people.setdefault(each, Principal(each, KINDS.get(each, "unknown"), each))
    people |= {group: replace(people[group], members=inside) for group, inside in members.items()}
    return replace(some, principals=people)


@pytest.mark.parametrize("only", ["deployer", "kim", "payments"])
def test_a_single_administrator_without_anybody_to_stand_in(only: str) -> None:
    assert "only-administrator" in found(access(f"{only}: Administrator at /"))


def test_a_group_of_several_or_of_unknown_members_can_stand_in_for_itself() -> None:
    assert "only-administrator" not in found(access("admins: Administrator at /"))
    assert "only-administrator" not in found(access("operators: Administrator at /", members=True))


def test_a_workload_that_may_use_every_key_is_noted() -> None:
    [one] = found(access(*SOUND, "payments: Crypto User at /"))["every-key"]
    assert one.what == "may use every key (Managed HSM Crypto User at /)"


def test_a_role_that_nobody_knows_and_a_principal_that_is_no_more() -> None:
    told = found(access(*SOUND, "kim: Something at /keys", "old: Crypto User at /keys"))
    assert told["unknown-role"][0].what == "has the role Managed HSM Something at every key"
    assert told["deleted-principal"][0].who == "deleted principal old"


def test_the_worst_comes_first_and_every_code_is_described() -> None:
    told = findings(access("kim: Administrator at /keys", "kim: Crypto User at /", "payments: Crypto User at /"))
    order = [LEVELS.index(each.level) for each in told]
    assert order == sorted(order)
    assert {each.code for each in told} <= CODES.keys()


def test_an_administrator_by_object_id_may_be_a_group_and_is_only_noted() -> None:
    told = found(access("6f2c9b1e: Administrator at /"))
    assert [told[code][0].level for code in ("standing-administrator", "only-administrator")] == ["note", "note"]
