"""Who may do what: local roles of the pool, and roles in Azure itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from data_plane.built_in_roles import ADMINISTRATOR, BUILT_IN_ROLES, guid_of, name_of
from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import POOL_FIELDS, Kind, changed, difference, says
from policy.gate.rules.pool import POOL, SOFT_DELETED
from policy.gate.state import UNKNOWN, Change, State, shown

ASSIGNMENT: Final = "pulumi-python:dynamic/mhsm:RoleAssignment"
_MANAGING: Final = frozenset((ADMINISTRATOR, "Managed HSM Policy Administrator"))
"""Roles that give roles ("Managed HSM local RBAC built-in roles")."""
_MODEST: Final = frozenset(
    ("Managed HSM Crypto User", "Managed HSM Crypto Service Encryption User", "Managed HSM Crypto Auditor")
)
"""Roles that at a single key only use or look at that key."""
_LOOKING: Final = frozenset(("Managed HSM Crypto Auditor",))
_WIDTH: Final = {"/": 3, "/keys": 2}
_ONE_KEY: Final = 1
_KEPT: Final = frozenset(("same", "create", "update", "replace"))
_GONE: Final = frozenset(("delete", "replace"))


def _role(state: State) -> str:
    """The role's name; what was given where it is no built-in one."""
    given = str(state.input("role"))
    return (
        next((name for name, guid in BUILT_IN_ROLES.items() if guid == guid_of(given)), None) or name_of(given) or given
    )


def _scope(state: State) -> str:
    return str(state.input("scope"))


def _width(scope: str) -> int:
    """How much a scope takes in; one that is no key and none of the known ones counts as everything."""
    return _WIDTH.get(scope, _ONE_KEY if scope.startswith("/keys/") and len(scope) > len("/keys/") else 3)


def _told(state: State) -> str:
    return f"{_role(state)} at {shown(_scope(state))} for {shown(state.input('principal_id'))}"


def _is_modest(state: State) -> bool:
    role, scope = _role(state), _scope(state)
    return role in _LOOKING or (role in _MODEST and _width(scope) == _ONE_KEY)


def _created(step: Step, preview: Preview) -> list[Said]:
    before = [each.old for each in _others(step, preview, _GONE) if each.old]
    return [_granted(step.state, before, in_new_pool=_is_pool_new(preview))]


def _is_pool_new(preview: Preview) -> bool:
    """Whether there is nothing yet in the pool that anybody could do something with; one that comes back is full."""
    made = {each.operation for each in preview.steps if each.type == POOL} == {"create"}
    decided = [each for each in preview.steps if each.type == SOFT_DELETED and each.operation in _KEPT and each.new]
    return made and all(each.state.input("action") != "recover" for each in decided)


def _granted(new: State, before: list[State], *, in_new_pool: bool) -> Said:
    narrower = [old for old in before if _is_same_but_for_scope(old, new) and _width(_scope(old)) < _width(_scope(new))]
    wider = [old for old in before if _is_same_but_for_scope(old, new) and _width(_scope(old)) > _width(_scope(new))]
    if _role(new) in _MANAGING:
        return Said("administrator-added", _told(new))
    if narrower:
        return Said("role-widened", f"{_told(new)}, until now at {shown(_scope(narrower[0]))}")
    if wider:
        return Said("tightened", f"{_told(new)}, until now at {shown(_scope(wider[0]))}")
    return Said("new" if _is_modest(new) or in_new_pool else "role-granted", _told(new))


def _is_same_but_for_scope(one: State, other: State) -> bool:
    same_principal = str(one.input("principal_id")).lower() == str(other.input("principal_id")).lower()
    return same_principal and _role(one) == _role(other)


def _removed(step: Step, preview: Preview) -> list[Said]:
    old = step.old
    if old is None:
        return [Said("role-removed")]
    if _role(old) == ADMINISTRATOR and _scope(old) == "/" and not _administrators_left(step, preview):
        return [Said("last-administrator", _told(old))]
    if _is_only_moved(old, step, preview):
        return [Said("part-removed", _told(old))]
    return [Said("role-removed", _told(old))]


def _is_only_moved(old: State, step: Step, preview: Preview) -> bool:
    """Whether the same principal has the same role at a scope that takes this one in."""
    kept = [each.new for each in _others(step, preview, _KEPT) if each.new and _may_be_in_one_pool(old, each.new)]
    return any(_is_same_but_for_scope(old, new) and _takes_in(_scope(new), _scope(old)) for new in kept)


def _may_be_in_one_pool(one: State, other: State) -> bool:
    """Whether nothing says that they lie in pools of another id: one that is made anew keeps it, or tells none yet."""
    ids = {str(each.input("hsm_id")).lower() for each in (one, other) if isinstance(each.input("hsm_id"), str)}
    return len(ids - UNKNOWN) < 2


def _takes_in(wide: str, narrow: str) -> bool:
    return wide in ("/", narrow) or (wide == "/keys" and narrow.startswith("/keys/"))


def _administrators_left(step: Step, preview: Preview) -> bool:
    left = [each.new for each in _others(step, preview, _KEPT) if each.new]
    return any(
        _role(new) == ADMINISTRATOR and _scope(new) == "/" and (step.old is None or _may_be_in_one_pool(step.old, new))
        for new in left
    )


def _others(step: Step, preview: Preview, operations: frozenset[str]) -> list[Step]:
    return [
        each
        for each in preview.steps
        if each.type == ASSIGNMENT and each.urn != step.urn and each.operation in operations
    ]


def _replaced(step: Step, preview: Preview) -> list[Said]:
    if step.old is None or step.new is None:
        return [Said("role-removed"), Said("role-granted")]
    if _is_same_but_for_scope(step.old, step.new) and _scope(step.old) == _scope(step.new):
        if _may_be_in_one_pool(step.old, step.new):
            return [Said("part-removed", f"{_told(step.new)}, in another pool")]
        return [_granted(step.new, [], in_new_pool=False), *_removed(step, preview)]
    granted = _granted(step.new, [step.old], in_new_pool=False)
    if granted.rule_id == "tightened":
        return [granted]
    left = _role(step.new) == ADMINISTRATOR and _scope(step.new) == "/"
    lost = [Said("part-removed", _told(step.old))] if left else _removed(step, preview)
    return [granted, *lost]


def _exclusive(step: Step, preview: Preview) -> list[Said]:
    return [Said("new"), *_taken_away(step.state.input("revoke"), preview)]


def _revoked(change: Change, step: Step, preview: Preview) -> list[Said]:
    # All of it: what was taken away last time as well, and is there again, is no difference of the inputs.
    return _taken_away(step.state.input("revoke"), preview) or [Said("changed", difference(change))]


def _taken_away(revoke: object, preview: Preview) -> list[Said]:
    """Roles that others have and that are to be taken away, as the program has put them into words."""
    if revoke in (None, {}):
        return []
    if not isinstance(revoke, Mapping):
        return [Said("last-administrator", "whom it takes roles from is known only later")]
    given = [each.new for each in preview.steps if each.type == ASSIGNMENT and each.operation in _KEPT and each.new]
    left = any(_role(new) == ADMINISTRATOR and _scope(new) == "/" for new in given)
    return [
        Said("last-administrator" if ADMINISTRATOR in str(words) and not left else "role-removed", shown(words))
        for words in revoke.values()
    ]


KINDS: Final[Mapping[str, Kind]] = {
    ASSIGNMENT: Kind("role", created=_created, deleted=_removed, replaced=_replaced, properties=POOL_FIELDS),
    "pulumi-python:dynamic/mhsm:RoleDefinition": Kind(
        "role of one's own",
        created=says("new"),
        deleted=says("role-redefined"),
        replaced=says("role-redefined"),
        properties={
            **POOL_FIELDS,
            "description": changed("changed"),
            "role_name": changed("role-redefined"),
            "data_actions": changed("role-redefined"),
            "not_data_actions": changed("role-redefined"),
        },
    ),
    "pulumi-python:dynamic/mhsm:ExclusiveAccess": Kind(
        "rule that nobody else has a role",
        created=_exclusive,
        deleted=says("part-removed"),
        replaced=_exclusive,
        properties={
            **POOL_FIELDS,
            **{name: changed("changed") for name in ("declared", "deployer_id", "everywhere", "keys", "leave")},
            "revoke": _revoked,
        },
    ),
    "azure-native:authorization:RoleAssignment": Kind(
        "role in Azure",
        created=says("cloud-role-changed"),
        deleted=says("cloud-role-changed"),
        replaced=says("cloud-role-changed"),
        properties={
            name: changed("cloud-role-changed")
            for name in ("roleDefinitionId", "condition", "conditionVersion", "description", "principalType")
        },
    ),
}
