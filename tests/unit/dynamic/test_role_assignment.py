"""The provider's methods against a local Azure."""

from __future__ import annotations

from typing import Any

import pytest

from data_plane import built_in_roles, propagation, role_assignments, session
from data_plane.errors import ForbiddenError, RequestError
from data_plane.pool import Pool
from dynamic.role_assignment import RoleAssignmentProvider
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, make_pool, pool_props, recover_pool

pytestmark = pytest.mark.daemon

PRINCIPAL = "11111111-2222-3333-4444-555555555555"
PROVIDER = RoleAssignmentProvider()


def props(pool: Pool, **changes: Any) -> dict[str, Any]:
    return {
        **pool_props(pool),
        "role": "Managed HSM Crypto User",
        "principal_id": PRINCIPAL,
        "scope": "/",
        "__provider": "x",
        **changes,
    }


def granted(pool: Pool, scope: str = "/") -> list[str]:
    found = role_assignments.at_scope(session.current(), pool.uri, scope)
    return [each.name for each in found if (each.principal_id, each.scope) == (PRINCIPAL, scope)]


def test_a_role_is_assigned_read_and_revoked(active_pool: Pool) -> None:
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    assert made.outs["role_definition_id"].endswith("21dbd100-6940-42c2-9190-5d6cb909625b")
    assert granted(active_pool) == [made.id]
    assert PROVIDER.read(made.id, made.outs).id == made.id
    PROVIDER.delete(made.id, made.outs)
    assert granted(active_pool) == []
    gone = PROVIDER.read(made.id, made.outs)
    assert (gone.id, gone.outs) == (None, {})
    PROVIDER.delete(made.id, made.outs)


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_a_busy_pool_is_waited_for(active_pool: Pool, signed_in: Azure, method: str) -> None:
    # More often than the client itself tries again.
    busy = {"status": 429, "code": "TooManyRequests", "retry_after_seconds": 0, "count": 8}
    signed_in.control.add_fault("status", method=method, path="roleAssignments/", **busy)
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    assert PROVIDER.read(made.id, made.outs).id == made.id
    PROVIDER.delete(made.id, made.outs)
    assert granted(active_pool) == []


@pytest.mark.parametrize("scope", ["/keys", "/keys/mykey"])
def test_every_scope_works(active_pool: Pool, scope: str) -> None:
    made = PROVIDER.create(props(active_pool, scope=scope))
    assert made.outs is not None
    assert granted(active_pool, scope) == [made.id]
    PROVIDER.delete(made.id, made.outs)
    assert granted(active_pool, scope) == []


def test_a_second_create_adopts_what_the_first_made(active_pool: Pool) -> None:
    assert PROVIDER.create(props(active_pool)).id == PROVIDER.create(props(active_pool)).id
    assert len(granted(active_pool)) == 1


def test_a_create_whose_answer_was_lost_ends_well(active_pool: Pool, signed_in: Azure) -> None:
    PROVIDER.create(props(active_pool, scope="/keys"))
    signed_in.control.add_fault("drop-after", method="PUT", path="roleAssignments")
    made = PROVIDER.create(props(active_pool))
    assert granted(active_pool) == [made.id]


def test_the_same_grant_made_by_hand_is_adopted_and_then_revoked(
    active_pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    by_hand = (
        session.current()
        .access(active_pool.uri)
        .create_role_assignment(
            "/", built_in_roles.role_definition_id("21dbd100-6940-42c2-9190-5d6cb909625b"), PRINCIPAL
        )
    )
    made = PROVIDER.create(props(active_pool))
    assert made.id == by_hand.name
    assert "adopted" in capsys.readouterr().out
    assert made.outs is not None
    PROVIDER.delete(made.id, made.outs)
    assert granted(active_pool) == []


def test_a_pool_made_anew_gets_an_assignment_of_its_own(active_pool: Pool) -> None:
    delete_pool()
    second = make_pool()
    names = {
        role_assignments.assignment_name(each.id, each.created_at, "role", PRINCIPAL, "/")
        for each in (active_pool, second)
    }
    assert len(names) == 2


def test_when_the_pool_is_gone_so_is_the_assignment(active_pool: Pool) -> None:
    made = PROVIDER.create(props(active_pool))
    assert made.outs is not None
    delete_pool()
    PROVIDER.delete(made.id, made.outs)
    assert PROVIDER.read(made.id, made.outs).outs == {}


def test_an_assignment_of_a_recovered_pool_is_adopted_and_not_revoked_for_it(active_pool: Pool) -> None:
    first = PROVIDER.create(props(active_pool))
    assert first.outs is not None
    second = PROVIDER.create(props(recover_pool()))
    PROVIDER.delete(first.id, first.outs)
    assert granted(active_pool) == [second.id]


def test_an_unknown_role_is_named_with_a_suggestion(active_pool: Pool) -> None:
    with pytest.raises(RequestError, match=r"no role 'Crypto Usr' — did you mean Managed HSM Crypto User"):
        PROVIDER.create(props(active_pool, role="Crypto Usr"))


def test_a_role_that_the_pool_does_not_know_yet_is_waited_for(active_pool: Pool, signed_in: Azure) -> None:
    signed_in.control.add_fault(
        "status",
        status=400,
        code="BadRequest",
        message="Unkown role definition.",
        method="PUT",
        path="roleAssignments",
    )
    made = PROVIDER.create(props(active_pool))
    assert granted(active_pool) == [made.id]


def test_a_caller_who_is_no_administrator_is_told_within_seconds(active_pool: Pool, signed_in: Azure) -> None:
    signed_in.control.add_fault(
        "status",
        status=403,
        code="AccessDenied",
        message="Not authorized to access Microsoft.KeyVault/managedHsm/roleAssignments/write/action on /",
        method="PUT",
        path="roleAssignments",
        count=None,
    )
    with pytest.raises(ForbiddenError, match=r"roleAssignments/write/action on / .*give this principal"):
        PROVIDER.create(props(active_pool))


def test_a_new_assignment_is_remembered_for_those_who_wait_for_it(active_pool: Pool) -> None:
    propagation.forget()
    PROVIDER.create(props(active_pool, principal_id=DEPLOYER_OBJECT_ID))
    assert propagation.seconds_left(active_pool.uri.upper()) > 100
