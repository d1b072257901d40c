"""What somebody may do in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.effective import matrix, may, permitted, who_may
from access.model import KEYS, POOL, covers
from data_plane.built_in_roles import BUILT_IN_ROLES
from data_plane.data_actions import full
from tests.unit.access.support import access

SCOPES = (POOL, KEYS, "/keys/one", "/keys/two")
ROLES = [name.removeprefix("Managed HSM ") for name in BUILT_IN_ROLES]
WHO = ("deployer", "kim", "operators", "payments")
grants = st.lists(
    st.builds("{}: {} at {}".format, st.sampled_from(WHO), st.sampled_from(ROLES), st.sampled_from(SCOPES)), max_size=6
)


@pytest.mark.parametrize(
    ("scope", "where", "allowed"),
    [
        (POOL, "/keys/one", True),
        (KEYS, "/keys/one", True),
        ("/keys/one", "/keys/one", True),
        ("/keys/ONE", "/keys/one", True),
        ("/keys/two", "/keys/one", False),
        ("/keys/one", KEYS, False),
        (KEYS, POOL, False),
    ],
)
def test_a_role_holds_at_its_scope_and_below(scope: str, where: str, *, allowed: bool) -> None:
    assert may(access(f"kim: Crypto User at {scope}"), "kim", full("keys/sign/action"), where) is allowed


def test_what_is_asked_for_at_the_pool_alone_is_not_given_by_a_narrower_scope() -> None:
    narrow = access("kim: Administrator at /keys", "payments: Crypto User at /keys/one")
    assert not may(narrow, "kim", full("securitydomain/download/action"), KEYS)
    assert not may(narrow, "payments", full("keys/create"), "/keys/one")
    assert may(narrow, "kim", full("roleAssignments/write/action"), "/keys/one")


def test_a_group_gives_its_known_members_what_it_has_and_says_so() -> None:
    known = access("operators: Crypto Auditor at /keys", members=True)
    [[reason]] = [permitted(known, "kim", "/keys/one")[full("keys/read/action")]]
    assert reason.words == "Managed HSM Crypto Auditor at /keys through group operators"
    assert [each.id for each in who_may(known, [full("keys/read/action")], "two")] == ["operators", "kim", "lee"]


def test_the_matrix_names_a_key_only_where_somebody_has_more_there_than_everywhere() -> None:
    told = matrix(access("payments: Crypto Service Encryption User at /keys/one", "admins: Crypto Auditor at /"))
    assert told == {
        "identity payments": {"/keys/one": ["keys/read/action", "keys/unwrap/action", "keys/wrap/action"]},
        "group admins": {
            "/": ["roleAssignments/read/action", "roleDefinitions/read/action"],
            "/keys": ["keys/deletedKeys/read/action", "keys/read/action"],
        },
    }


@given(grants)
def test_nobody_has_less_further_down_but_for_what_belongs_to_the_pool_and_more_grants_never_take_away(
    given_to: list[str],
) -> None:
    full_access, without_last = access(*given_to), access(*given_to[:-1])
    for who in {each.principal for each in without_last.grants}:
        for outer in SCOPES:
            here = permitted(full_access, who, outer).keys()
            assert here >= permitted(without_last, who, outer).keys()
            for inner in SCOPES:
                if covers(outer, inner):
                    assert here <= permitted(full_access, who, inner).keys()


@given(grants)
def test_whatever_is_permitted_has_a_reason_that_permits_it(given_to: list[str]) -> None:
    some = access(*given_to)
    for who in {each.principal for each in some.grants}:
        for scope in SCOPES:
            for action, reasons in permitted(some, who, scope).items():
                assert reasons
                for each in reasons:
                    assert covers(each.grant.scope, scope)
                    assert action in some.actions_of(each.grant)
