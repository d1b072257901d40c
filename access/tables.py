"""What page and Markdown have in common: who is told together, and which keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from access.capabilities import Capability, words_of
from access.effective import ASSIGNING, Reason, everybody, own_scopes, permitted
from access.model import KEYS, POOL, Access, Principal, key_of, key_scope


@dataclass(frozen=True)
class KeyClass:
    """Keys at which everybody may do the same."""

    keys: tuple[str, ...]
    scope: str
    """The scope that stands for all of them."""

    @property
    def name(self) -> str:
        """How a column is headed."""
        if not self.keys:
            return "every key"
        first = self.keys[0]
        return first if len(self.keys) == 1 else f"{first} and {len(self.keys) - 1} more"


@dataclass(frozen=True)
class Cell:
    """What somebody may do of a capability, and why."""

    capability: Capability
    actions: dict[str, list[Reason]]

    @property
    def whole(self) -> bool:
        """Whether it is all of it."""
        return len(self.actions) == len(self.capability.actions)

    @property
    def which(self) -> str:
        """The actions, in words."""
        return ", ".join(words_of(each) for each in self.capability.actions if each in self.actions)

    @property
    def why(self) -> str:
        """The assignments that it comes from."""
        return "; ".join(dict.fromkeys(reason.words for reasons in self.actions.values() for reason in reasons))


def cell(access: Access, principal: Principal, capability: Capability, scope: str) -> Cell | None:
    """What a principal may do of a capability at a scope; None where it is nothing."""
    there = permitted(access, principal.id, scope)
    actions = {each: there[each] for each in capability.actions if each in there}
    return Cell(capability, actions) if actions else None


def key_classes(access: Access) -> list[KeyClass]:
    """Every key, then the keys at which somebody has more than at every key, those with the same rights as one."""
    alike: dict[tuple[frozenset[tuple[str, str]], ...], list[str]] = {}
    for scope in own_scopes(access):
        rights = tuple(
            frozenset(
                (action, reason.grant.role)
                for action, why in permitted(access, each.id, scope).items()
                for reason in why
            )
            for each in everybody(access)
        )
        alike.setdefault(rights, []).append(str(key_of(scope)))
    classes = [KeyClass(tuple(keys), key_scope(keys[0])) for keys in alike.values()]
    return [KeyClass((), KEYS), *classes]


def sections(access: Access) -> Iterator[tuple[str, list[Principal]]]:
    """Everybody, under headings: who rules first, then by kind."""
    left = everybody(access)
    rulers = [each for each in left if ASSIGNING in permitted(access, each.id, POOL)]
    headings = {
        "Give roles in the whole pool": rulers,
        "Deployer": [each for each in left if each.kind == "deployer"],
        "Groups": [each for each in left if each.kind == "group"],
        "People": [each for each in left if each.kind == "user"],
        "Workloads": [each for each in left if each.kind in ("identity", "servicePrincipal")],
        "Others": left,
    }
    told: set[str] = set()
    for heading, principals in headings.items():
        mine = sorted((each for each in principals if each.id not in told), key=lambda each: each.name.lower())
        told |= {each.id for each in mine}
        if mine:
            yield heading, mine
