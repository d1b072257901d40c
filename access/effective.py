"""What somebody may do in the end: every grant at a scope or above it, one's own and those of one's groups.

Where an operation asks for its data action is in "Managed HSM local RBAC built-in roles" and "Access control for
Managed HSM": whatever concerns the whole pool at ``/``, making a key at ``/keys``, the rest at the key itself. There
are no deny assignments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from access.model import KEYS, POOL, Access, Grant, Principal, covers, key_of, key_scope
from data_plane import data_actions
from data_plane.data_actions import full

POOL_ACTIONS: Final = frozenset(
    map(
        full,
        (
            *data_actions.SECURITY_DOMAIN,
            *data_actions.BACKUPS,
            *data_actions.RESTORES,
            *data_actions.SETTINGS,
            *data_actions.EXTERNAL,
            "rng/action",
            # Roles of one's own belong to / only.
            "roleDefinitions/write/action",
            "roleDefinitions/delete/action",
        ),
    )
)
"""Asked for at ``/`` alone: granted at a narrower scope they permit nothing."""
MAKING_KEYS: Final = frozenset(map(full, ("keys/create", "keys/import/action", "keys/restore/action")))
"""Asked for at ``/keys``: there is no key yet."""
ASSIGNING: Final = full("roleAssignments/write/action")
DEFINING: Final = full("roleDefinitions/write/action")


@dataclass(frozen=True)
class Reason:
    """Why somebody may do something."""

    grant: Grant
    through: Principal | None = None
    """The group whose member it is, if any."""

    @property
    def words(self) -> str:
        """In words."""
        group = f" through group {self.through.name}" if self.through else ""
        return f"{self.grant.role} at {self.grant.scope}{group}"


def reasons(access: Access, principal: str) -> list[Reason]:
    """Every grant that counts for a principal."""
    found = [Reason(each) for each in access.grants_of(principal)]
    return found + [Reason(each, group) for group in access.groups_of(principal) for each in access.grants_of(group.id)]


def permitted(access: Access, principal: str, scope: str) -> dict[str, list[Reason]]:
    """The data actions that a principal may do at a scope, each with why."""
    found: dict[str, list[Reason]] = {}
    for reason in reasons(access, principal):
        if not covers(reason.grant.scope, scope):
            continue
        for action in access.actions_of(reason.grant):
            if _counts(action, reason.grant.scope):
                found.setdefault(action, []).append(reason)
    return found


def _counts(action: str, granted_at: str) -> bool:
    """Whether a data action that is granted there permits anything."""
    if action in POOL_ACTIONS:
        return granted_at == POOL
    return action not in MAKING_KEYS or key_of(granted_at) is None


def own_scopes(access: Access) -> list[str]:
    """The single keys at which something is granted, in order."""
    found = {each.scope.lower(): each.scope for each in access.grants if key_of(each.scope) is not None}
    return [found[each] for each in sorted(found)]


def scopes_of(access: Access, principal: str) -> list[str]:
    """The pool, all keys, and each key at which something is granted to a principal or one of its groups."""
    granted = {each.grant.scope.lower(): each.grant.scope for each in reasons(access, principal)}
    return [POOL, KEYS, *(granted[each] for each in sorted(granted) if key_of(each) is not None)]


def everybody(access: Access) -> list[Principal]:
    """Whoever may do anything: those with grants, and the known members of groups that have some."""
    holders = {each.principal for each in access.grants}
    members = {member for each in holders for member in access.principals[each].members or ()}
    return [each for key, each in access.principals.items() if key in holders | members]


def shown_actions(access: Access, principal: str, scope: str) -> dict[str, list[Reason]]:
    """What may be done at a scope, as a table has it: at ``/`` what concerns the pool, elsewhere what concerns keys."""
    everywhere = permitted(access, principal, scope)
    about_keys = scope != POOL
    return {action: why for action, why in everywhere.items() if _shown_at(action, about_keys=about_keys)}


def _shown_at(action: str, *, about_keys: bool) -> bool:
    plain = data_actions.short(action)
    return plain.startswith("keys/") == about_keys or (about_keys and action == ASSIGNING)


def matrix(access: Access) -> dict[str, dict[str, list[str]]]:
    """By principal and scope what may be done there: data actions without prefix, in the order of their names.

    A key is named where somebody has more there than at every key.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for each in everybody(access):
        rows = {
            scope: sorted(map(data_actions.short, shown_actions(access, each.id, scope)))
            for scope in scopes_of(access, each.id)
        }
        found[each.words] = {
            scope: actions
            for scope, actions in rows.items()
            if actions and (key_of(scope) is None or actions != rows[KEYS])
        }
    return found


def may(access: Access, principal: str, action: str, scope: str) -> bool:
    """Whether a principal may do a data action (with prefix) at a scope."""
    return action in permitted(access, principal, scope)


def who_may(access: Access, actions: Iterable[str], key: str) -> list[Principal]:
    """Whoever may do any of the data actions with a key."""
    wanted = set(actions)
    return [each for each in everybody(access) if wanted & permitted(access, each.id, key_scope(key)).keys()]
