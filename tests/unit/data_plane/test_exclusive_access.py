"""What is taken away of the assignments that nobody has declared, and what stays whatever happens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from data_plane.built_in_roles import BUILT_IN_ROLES, role_definition_id
from data_plane.data_actions import BUILT_IN_DATA_ACTIONS, full
from data_plane.exclusive_access import Declared, Judgement, Present, Rule, judge
from data_plane.role_assignments import Assignment
from data_plane.role_definitions import Definition

DEPLOYER, KIM, GROUP, OTHER = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abcd")
NAMES = {DEPLOYER: "deployer", KIM: "kim", GROUP: "group", OTHER: "other"}
SIGNER = "11111111-0000-4000-8000-000000000000"
ROLES = {
    guid: Definition(guid, name, "", tuple(BUILT_IN_DATA_ACTIONS[guid]), custom=False)
    for name, guid in BUILT_IN_ROLES.items()
} | {SIGNER: Definition(SIGNER, "Signer", "", (full("keys/sign/action"),))}
GUIDS = {each.role_name: guid for guid, each in ROLES.items()}


def full_name(role: str) -> str:
    return role if role in GUIDS else f"Managed HSM {role}"


def present(*given: tuple[str, str, str]) -> Present:
    return Present(
        tuple(
            Assignment(f"{number}", role_definition_id(GUIDS[full_name(role)]), who, scope)
            for number, (role, who, scope) in enumerate(given)
        ),
        ROLES,
    )


def rule(*declared: tuple[str, str, str], **changes: object) -> Rule:
    given: dict[str, object] = {"everywhere": True, **changes}
    entries = tuple(Declared(full_name(role), who, scope) for role, who, scope in declared)
    return Rule(entries, DEPLOYER, **given)  # type: ignore[arg-type]  # whatever a test says


def judged(some: Present, by: Rule, groups: list[str] | None = None) -> Judgement:
    return judge(
        some, by, lambda candidates: None if groups is None else [each for each in candidates if each in groups]
    )


def taken(some: Present, by: Rule, groups: list[str] | None = None) -> list[tuple[str, str]]:
    return [(NAMES[each.principal_id], each.scope) for each in judged(some, by, groups).strays]


ADMIN = ("Administrator", GROUP, "/")


def test_what_is_not_declared_is_taken_away_at_every_scope_and_what_is_declared_stays() -> None:
    some = present(ADMIN, ("Crypto User", KIM, "/"), ("Signer", KIM, "/keys"), ("Signer", KIM, "/keys/one"))
    assert taken(some, rule(ADMIN, ("Signer", KIM, "/keys/one")), []) == [("kim", "/"), ("kim", "/keys")]
    assert taken(some, rule(ADMIN, ("Signer", KIM.upper(), "/KEYS/ONE/")), []) == [("kim", "/"), ("kim", "/keys")]


def test_what_others_look_after_is_left_and_with_own_keys_everything_but_them() -> None:
    some = present(ADMIN, ("Signer", KIM, "/keys/team-a-1"), ("Signer", KIM, "/keys/mine"), ("Signer", KIM, "/"))
    left = rule(ADMIN, leave=("/keys/team-a-*",))
    assert taken(some, left, []) == [("kim", "/keys/mine"), ("kim", "/")]
    own = rule(everywhere=False, keys=("mine",))
    assert taken(some, own, []) == [("kim", "/keys/mine")]


def test_the_last_administrator_stays() -> None:
    judgement = judged(present(("Administrator", KIM, "/")), rule(), [])
    assert judgement.strays == ()
    assert [each.why for each in judgement.kept] == ["it is the last Administrator"]
    assert taken(present(("Administrator", KIM, "/"), ADMIN), rule(ADMIN), []) == [("kim", "/")]


def test_an_initial_administrator_that_has_resigned_is_no_administrator_left() -> None:
    resigned = Declared("Managed HSM Administrator", GROUP, "/", ensured=False)
    by = Rule((resigned,), DEPLOYER, everywhere=True)
    assert [each.why for each in judged(present(("Administrator", KIM, "/")), by, []).kept] == [
        "it is the last Administrator"
    ]


def test_what_a_team_gives_roles_at_its_own_keys_by_stays_with_it() -> None:
    some = present(("Crypto Officer", DEPLOYER, "/keys/mine"), ("Crypto Officer", KIM, "/keys/mine"))
    by = rule(everywhere=False, keys=("mine",))
    assert taken(some, by, []) == [("kim", "/keys/mine")]
    through_group = present(("Crypto Officer", GROUP, "/keys/mine"), ("Crypto Officer", KIM, "/keys/mine"))
    assert taken(through_group, by, [GROUP]) == [("kim", "/keys/mine")]
    assert taken(through_group, by, None) == []


def test_what_the_deployer_gives_roles_by_stays() -> None:
    for role in ("Administrator", "Crypto Officer", "Policy Administrator"):
        judgement = judged(present(ADMIN, (role, DEPLOYER, "/")), rule(ADMIN), [])
        assert judgement.strays == ()
        assert "python -m access resign gives it up" in judgement.kept[0].why


def test_a_group_by_which_the_deployer_gives_roles_stays_and_others_go_where_the_directory_tells() -> None:
    some = present(("Administrator", KIM, "/"), ("Administrator", GROUP, "/"), ("Administrator", OTHER, "/"))
    by = rule(("Administrator", OTHER, "/"))
    assert taken(some, by, [GROUP]) == [("kim", "/")]
    assert taken(some, by, None) == []
    assert taken(some, by, [OTHER]) == [("kim", "/"), ("group", "/")]


def test_what_the_deployer_manages_keys_by_stays_unless_it_is_declared_otherwise() -> None:
    some = present(ADMIN, ("Crypto User", DEPLOYER, "/keys/one"), ("Administrator", DEPLOYER, "/"))
    declared = (ADMIN, ("Administrator", DEPLOYER, "/"))
    assert taken(some, rule(*declared), []) == []
    assert taken(some, rule(*declared, ("Crypto User", DEPLOYER, "/keys")), []) == [("deployer", "/keys/one")]


def test_what_the_deployer_only_uses_keys_by_is_taken_away() -> None:
    some = present(ADMIN, ("Signer", DEPLOYER, "/keys"), ("Crypto Officer", DEPLOYER, "/"))
    assert taken(some, rule(ADMIN, ("Crypto Officer", DEPLOYER, "/")), []) == [("deployer", "/keys")]


def test_a_principal_that_is_not_known_yet_may_be_whoever_has_that_role_there() -> None:
    some = present(ADMIN, ("Signer", KIM, "/keys"), ("Signer", OTHER, "/"))
    assert taken(some, rule(ADMIN, ("Signer", "", "/keys")), []) == [("other", "/")]


def test_a_role_that_the_pool_does_not_list_any_more_is_judged_all_the_same() -> None:
    gone = Assignment("9", role_definition_id("99999999-0000-4000-8000-000000000000"), KIM, "/keys")
    some = Present((*present(ADMIN).assignments, gone), ROLES)
    assert taken(some, rule(ADMIN), []) == [("kim", "/keys")]


assignments = st.lists(
    st.tuples(
        st.sampled_from(["Administrator", "Crypto Officer", "Crypto User", "Crypto Auditor", "Signer"]),
        st.sampled_from([DEPLOYER, KIM, GROUP, OTHER]),
        st.sampled_from(["/", "/keys", "/keys/one"]),
    ),
    max_size=7,
    unique=True,
)
groups = st.none() | st.lists(st.sampled_from([GROUP, OTHER]), unique=True)


@given(assignments, assignments, groups)
def test_there_is_always_an_administrator_left_and_the_deployer_can_still_give_roles(
    there: list[tuple[str, str, str]], declared: list[tuple[str, str, str]], members_of: list[str] | None
) -> None:
    some, by = present(*there), rule(*declared)
    judgement = judged(some, by, members_of)
    left = [each for each in some.assignments if each not in judgement.strays]

    def administers(role: str, scope: str) -> bool:
        return (role, scope) == (GUIDS["Managed HSM Administrator"], "/")

    before = any(administers(each.role_guid, each.scope) for each in some.assignments)
    after = any(administers(each.role_guid, each.scope) for each in left)
    promised = any(role == "Administrator" and scope == "/" for role, _, scope in declared)
    assert after or promised or not before

    def rules(found: list[Assignment]) -> set[str]:
        ruling = [
            each for each in found if each.scope == "/" and full("roleAssignments/write/action") in some.permits(each)
        ]
        return {each.principal_id for each in ruling} & {DEPLOYER, *(members_of or [])}

    assert not rules(list(some.assignments)) or rules(left)
    assert {each.name for each in judgement.strays} | {each.name for each in left} == {
        each.name for each in some.assignments
    }


@given(assignments, groups)
def test_what_is_declared_is_never_taken_away(there: list[tuple[str, str, str]], members_of: list[str] | None) -> None:
    assert judged(present(*there), rule(*there), members_of) == Judgement((), ())
