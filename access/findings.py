"""What is questionable in a pool's access, one line each: who, what, why, and the way out.

Separation of duties at a Managed HSM: "Best practices for Managed HSM role management", "Access control for Managed
HSM" (whoever may assign roles may assign the Administrator's, an Entra Global Administrator can always make itself
Administrator, an Administrator can download the security domain again for certificates of its own).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from access.effective import ASSIGNING, DEFINING, Reason, everybody, permitted, scopes_of
from access.finding import LEVELS, Finding, Level
from access.model import KEYS, POOL, Access, Principal, at, is_administrator
from data_plane import data_actions
from data_plane.data_actions import full

USES: Final = frozenset(map(full, (*data_actions.KEY_USES, "keys/release/action")))
PURGE: Final = full("keys/deletedKeys/delete")
DOMAIN: Final = full("securitydomain/download/action")
BACKUP: Final = full("backup/start/action")


def findings(access: Access, *, rehearsal: bool = False) -> list[Finding]:
    """Everything questionable, the worst first. In a rehearsal what the deployer may do is worth a note only."""
    holders = list(dict.fromkeys(each.principal for each in access.grants))
    found = list(_administrators(access, rehearsal=rehearsal)) if access.whole else []
    for each in holders:
        found += _of_principal(access, access.principals[each], rehearsal)
    for member in everybody(access):
        if member.id not in holders:
            found += _of_member(access, member, rehearsal)
    if access.whole:
        found.append(_GLOBAL_ADMINISTRATORS)
    return sorted(found, key=lambda each: LEVELS.index(each.level))


_GLOBAL_ADMINISTRATORS = Finding(
    "global-administrators",
    "note",
    "any Global Administrator of the tenant",
    "could make itself Administrator",
    "the service lets them, so that no pool is ever without one",
    "keep few of them, activated for a limited time, and watch for their role assignments in the audit log",
)


def _administrators(access: Access, *, rehearsal: bool) -> Iterator[Finding]:
    """Nobody, or nobody to stand in."""
    given = {each.principal for each in access.grants if is_administrator(each)}
    holders = {each for each in given if _is_somebody(access.principals[each])}
    if not holders:
        nobody = ", ".join(sorted(access.principals[each].words for each in given))
        yield Finding(
            "no-administrator",
            "danger",
            access.pool,
            "has no Administrator"
            + (f" but groups without members or deleted principals ({nobody})" if nobody else ""),
            "nobody could give or take roles, and only an Entra Global Administrator could put one in place",
            "give Managed HSM Administrator at / to a group",
        )
    if len(holders) == 1:
        (only,) = (access.principals[each] for each in holders)
        if only.kind == "group" and (only.members is None or len(only.members) > 1):
            return
        yield Finding(
            "only-administrator",
            "note" if only.kind == "unknown" or (rehearsal and only.kind == "deployer") else "warning",
            only.words,
            "is the only Administrator",
            "when it is lost, nobody but an Entra Global Administrator can put another in its place",
            "name a group with several members as Administrator at /",
        )


def _is_somebody(principal: Principal) -> bool:
    """Whether anybody could sign in with what a principal has: not by an empty group, nor by who is no more."""
    return principal.kind != "gone" and principal.members != ()


def _of_member(access: Access, principal: Principal, rehearsal: bool) -> Iterator[Finding]:
    """What only several groups together give one of their members; of each group it is said already."""
    level: Level = "note" if rehearsal and principal.kind == "deployer" else "warning"
    pool = permitted(access, principal.id, POOL)
    of_groups = {
        each.code
        for group in access.groups_of(principal.id)
        for each in _key_rulers(access, group, permitted(access, group.id, POOL), level)
    }
    found = _key_rulers(access, principal, pool, level)
    yield from (each for each in found if each.code == "two-duties" and each.code not in of_groups)
    if principal.kind == "deployer":
        yield from _deployer(access, principal, level)


def _of_principal(access: Access, principal: Principal, rehearsal: bool) -> Iterator[Finding]:
    level: Level = "note" if rehearsal and principal.kind == "deployer" else "warning"
    pool = permitted(access, principal.id, POOL)
    administrator = any(map(is_administrator, access.grants_of(principal.id)))
    if administrator:
        yield _administrator(principal, level)
    else:
        yield from _rulers(principal, pool, level)
        yield from _custody(principal, pool, level)
    yield from _key_rulers(access, principal, pool, level)
    if principal.kind == "deployer":
        yield from _deployer(access, principal, level)
    yield from _kind(access, principal)
    yield from _unknown_roles(access, principal)


def _administrator(principal: Principal, level: Level) -> Finding:
    could = "could take the security domain for certificates of its own, a full backup, and any role"
    if principal.kind == "group":
        return Finding(
            "custody",
            "note",
            principal.words,
            f"{could} (Administrator)",
            "so could each of its members",
            "let membership be activated for a limited time, with approval (Privileged Identity Management)",
        )
    return Finding(
        "standing-administrator",
        # An object id may be that of a group.
        "note" if principal.kind == "unknown" else level,
        principal.words,
        "is Administrator at all times",
        f"it {could}",
        "give the role to a group whose membership is activated for a limited time, and take it from this one",
    )


def _rulers(principal: Principal, pool: dict[str, list[Reason]], level: Level) -> Iterator[Finding]:
    if ASSIGNING in pool:
        yield Finding(
            "could-become-administrator",
            level,
            principal.words,
            "could make itself Administrator",
            f"it may give any role in the whole pool ({_why(pool[ASSIGNING])})",
            "give that role at /keys or at single keys, or leave giving roles to the Administrators",
        )
    elif DEFINING in pool:
        yield Finding(
            "could-become-administrator",
            level,
            principal.words,
            "could make itself Administrator",
            f"it may change roles of the pool's own, also the one it has ({_why(pool[DEFINING])})",
            "take roleDefinitions/write/action out of that role",
        )


def _custody(principal: Principal, pool: dict[str, list[Reason]], level: Level) -> Iterator[Finding]:
    taken = {DOMAIN: "the security domain for certificates of its own", BACKUP: "a full backup"}
    could = [words for action, words in taken.items() if action in pool]
    if could:
        reasons = [reason for action in taken for reason in pool.get(action, [])]
        yield Finding(
            "custody",
            level,
            principal.words,
            f"could take {_and(could)}",
            f"whoever has both has every key ({_why(reasons)})",
            "give the right to an identity that does nothing else, or to a group that is activated for a limited time",
        )


def _key_rulers(access: Access, principal: Principal, pool: dict[str, list[Reason]], level: Level) -> Iterator[Finding]:
    """At the widest scope at which it is so: what is said of every key is not said of single ones again."""
    for scope in scopes_of(access, principal.id)[1:]:
        there = permitted(access, principal.id, scope)
        uses, powers = USES & there.keys(), {ASSIGNING, PURGE} & there.keys()
        if uses and powers:
            words = _and([word for action, word in ((ASSIGNING, "gives roles"), (PURGE, "purges")) if action in powers])
            why = _why([reason for action in (*sorted(uses), *sorted(powers)) for reason in there[action]])
            yield Finding(
                "two-duties",
                level,
                principal.words,
                f"uses keys and also {words} {at(scope)}",
                f"nobody else is needed to misuse a key or to destroy it for good ({why})",
                "give the two to different principals",
            )
            return
        if ASSIGNING in there and ASSIGNING not in pool:
            yield Finding(
                "could-give-itself-keys",
                level,
                principal.words,
                f"could give itself every right {at(scope)}",
                f"it may give any role there ({_why(there[ASSIGNING])})",
                "leave giving roles to the Administrators",
            )
            return


def _deployer(access: Access, principal: Principal, level: Level) -> Iterator[Finding]:
    could: list[str] = []
    tests: tuple[tuple[str, Callable[[str], bool]], ...] = (
        ("use or release keys", lambda action: action in USES),
        ("purge keys", lambda action: action == PURGE),
        ("give roles", lambda action: action in (ASSIGNING, DEFINING)),
    )
    there = {action for scope in scopes_of(access, principal.id) for action in permitted(access, principal.id, scope)}
    could = [words for words, test in tests if any(map(test, there))]
    if could:
        yield Finding(
            "deployer",
            level,
            principal.words,
            f"may {_and(could)}",
            "whoever takes over what deploys may as well",
            "once the pool is set up, give it the preset role keyManager instead, and let it resign"
            " (docs/how-to/give-rights.md)",
        )


def _kind(access: Access, principal: Principal) -> Iterator[Finding]:
    mine = access.grants_of(principal.id)
    given = ", ".join(f"{each.role} at {each.scope}" for each in mine)
    if principal.kind == "user":
        yield Finding(
            "user",
            "warning",
            principal.words,
            f"has {given}",
            "a role of a person outlives the person's task",
            "give it to a group, and review who is in it",
        )
    if principal.kind == "gone":
        yield Finding(
            "deleted-principal",
            "note",
            principal.words,
            f"still has {given}",
            "the directory knows nobody of this id",
            "take the assignment away",
        )
    wide = [each for each in mine if each.scope in (POOL, KEYS) and USES & access.actions_of(each)]
    if principal.kind in ("identity", "servicePrincipal") and wide:
        yield Finding(
            "every-key",
            "note",
            principal.words,
            f"may use every key ({_and([f'{each.role} at {each.scope}' for each in wide])})",
            "also those that are made for others later",
            "give the role at the keys that it needs: scope /keys/<name>",
        )


def _unknown_roles(access: Access, principal: Principal) -> Iterator[Finding]:
    for each in access.grants_of(principal.id):
        if each.role not in access.roles:
            yield Finding(
                "unknown-role",
                "warning",
                principal.words,
                f"has the role {each.role} {at(each.scope)}",
                "nobody here knows what it permits",
                "name a role that is built in or in roleDefinitions",
            )


def _why(reasons: Iterable[Reason]) -> str:
    return ", ".join(dict.fromkeys(each.words for each in reasons))


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
