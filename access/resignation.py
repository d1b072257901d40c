"""How whoever set a pool up gives its rights up again: the last step of a bootstrap, after ``up``.

It takes away the caller's own assignments that give roles, take custody, use, release or purge keys, and keeps the
rest. Nothing is taken away unless somebody else administers the pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from access.effective import ASSIGNING, DEFINING
from access.findings import BACKUP, DOMAIN, PURGE, USES
from data_plane import directory, exclusive_access, role_assignments
from data_plane.built_in_roles import ADMINISTRATOR, BUILT_IN_ROLES
from data_plane.data_actions import ROLE_READS, full
from data_plane.errors import DataPlaneError
from data_plane.exclusive_access import Present, Rule
from data_plane.role_assignments import Assignment
from data_plane.session import Session

GIVEN_UP: Final = USES | {ASSIGNING, DEFINING, PURGE, DOMAIN, BACKUP, full("keys/export/action")}
"""What a deployer does not need once the pool is set up."""
_NEEDED: Final = frozenset(map(full, ROLE_READS))


class ResignationError(DataPlaneError):
    """Giving the rights up now would leave the pool, or the deployer, in a bad state."""


@dataclass(frozen=True)
class Resignation:
    """What goes and what stays, before anything is done."""

    present: Present
    gone: tuple[Assignment, ...]
    kept: tuple[Assignment, ...]
    through_groups: tuple[Assignment, ...] = ()
    """Assignments of groups that the principal is in, which give what it gives up."""

    def words(self, assignment: Assignment) -> str:
        """An assignment without its holder."""
        return f"{self.present.role_name(assignment)} at {assignment.scope}"


def plan(session: Session, hsm_uri: str, object_id: str) -> Resignation:
    """What the principal would give up. Raises ResignationError where it must not, DataPlaneError."""
    present = exclusive_access.look(session, hsm_uri, Rule((), object_id, everywhere=True))
    own = [each for each in present.assignments if each.principal_id.lower() == object_id.lower()]
    gone = [each for each in own if present.permits(each) & GIVEN_UP]
    kept = [each for each in own if each not in gone]
    administers = BUILT_IN_ROLES[ADMINISTRATOR]
    others = [
        each.principal_id
        for each in present.assignments
        if each not in own and each.role_guid == administers and each.scope == "/"
    ]
    if gone and not others:
        raise ResignationError(
            f"{hsm_uri}: nobody else is Administrator, so nobody could give roles any more — give Managed HSM"
            " Administrator at / to a group first (roleAssignments), run up, then resign"
        )
    left = {action for each in kept if each.scope == "/" for action in present.permits(each)}
    if gone and not left >= _NEEDED:
        raise ResignationError(
            f"{hsm_uri}: what is left to {object_id} would not let it read roles, so that previews and refreshes"
            " of the stack fail — give it the preset role keyManager at / first (roleDefinitions, roleAssignments)"
        )
    _refuse_empty_groups(session, hsm_uri, others if gone else [])
    return Resignation(
        present,
        tuple(_rights_to_roles_last(present, gone)),
        tuple(kept),
        _through_groups(session, present, object_id),
    )


def carry_out(session: Session, hsm_uri: str, resignation: Resignation) -> None:
    """Takes the assignments away, those that give roles last: without them nothing more could be taken away.

    Raises DataPlaneError.
    """
    for each in resignation.gone:
        role_assignments.delete(session, hsm_uri, each.scope, each.name, resigning=True)


def _through_groups(session: Session, present: Present, object_id: str) -> tuple[Assignment, ...]:
    strong = [each for each in present.assignments if present.permits(each) & GIVEN_UP]
    groups = exclusive_access.deployers_groups(session, object_id)([each.principal_id for each in strong])
    mine = {each.lower() for each in groups or ()}
    return tuple(each for each in strong if each.principal_id.lower() in mine)


def _rights_to_roles_last(present: Present, gone: Sequence[Assignment]) -> list[Assignment]:
    return sorted(gone, key=lambda each: (ASSIGNING in present.permits(each), each.scope == "/"))


def _refuse_empty_groups(session: Session, hsm_uri: str, administrators: Sequence[str]) -> None:
    """Where the directory tells, a group without members is nobody, and neither is a principal that was deleted."""
    try:
        known = directory.described(session, administrators)
        somebody = [
            each for each in known.values() if each.kind != "group" or directory.members(session, each.object_id)
        ]
    except DataPlaneError:
        return
    if administrators and not somebody:
        raise ResignationError(
            f"{hsm_uri}: the other Administrators ({', '.join(administrators)}) are deleted principals or groups"
            " without members — put somebody into the group first"
        )
