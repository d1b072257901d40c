"""That nobody has a role in the pool whom the configuration does not give it.

Makes nothing. The program looks who has what (components/exclusive.py) and says in ``revoke`` what is to be taken away:
so a preview shows it in words, and ``up`` takes away what was previewed and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import DataPlaneError
from dynamic.base import POOL_FIELDS, HsmProvider, Props, inputs_of, missing, one_line, pool_is_gone, tell

if TYPE_CHECKING:
    from data_plane.exclusive_access import Rule


@dataclass
class ExclusiveAccessArgs:
    """What an :class:`ExclusiveAccess` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    declared: pulumi.Input[Sequence[Mapping[str, str | bool]]]
    """The assignments of the configuration: ``role``, ``principal_id``, ``scope``, ``ensured`` of each."""
    deployer_id: str
    """Object id of whoever runs the program."""
    everywhere: bool
    """At ``/``, ``/keys`` and every key; else at the stack's own keys."""
    keys: Sequence[str]
    """Names of the stack's own keys."""
    leave: Sequence[str]
    """Scopes of keys that others look after."""
    revoke: pulumi.Input[Mapping[str, str]]
    """What is to be taken away: in words, by the assignment's GUID."""


class ExclusiveAccessProvider(HsmProvider):
    """Only ``revoke`` ever changes the pool; whatever else changes is kept for the next refresh to judge by."""

    UPDATE = ("declared", "deployer_id", "everywhere", "keys", "leave", "revoke")
    REPLACE = POOL_FIELDS

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """The pool and the deployer are needed."""
        del olds
        return news, missing(news, *POOL_FIELDS, "deployer_id")

    def same(self, name: str, old: Any, new: Any) -> bool:
        """Nothing to take away is no change, whatever was taken away last time. Order means nothing."""
        if name == "revoke":
            return not new
        if name in ("declared", "keys", "leave") and isinstance(old, list) and isinstance(new, list):
            return _without_order(old) == _without_order(new)
        return super().same(name, old, new)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Takes away what is named."""
        wanted = inputs_of(props)
        _revoke(wanted)
        return CreateResult(f"exclusive-{wanted['hsm_id'].rsplit('/', 1)[-1].lower()}", {**wanted, "others": {}})

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """Whom the pool has besides, in words: what a refresh shows as drift."""
        from data_plane import exclusive_access, session

        known = inputs_of(props)
        rule, current = _rule(known), session.current()
        try:
            present = exclusive_access.look(current, known["hsm_uri"], rule)
        except DataPlaneError:
            if pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
                return ReadResult(None, {})
            raise
        groups = exclusive_access.deployers_groups(current, rule.deployer_id)
        others = exclusive_access.told(current, present, exclusive_access.judge(present, rule, groups))
        for sentence in others.values():
            tell(f"not in the configuration: {sentence}")
        seen = {**known, "revoke": {}, "others": others}
        return ReadResult(id_, seen, self.declared(seen))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Takes away what is named."""
        wanted = inputs_of(_news)
        _revoke(wanted)
        return UpdateResult({**wanted, "others": {}})

    def delete(self, _id: str, _props: Props) -> None:
        """From now on others may have roles again."""


class ExclusiveAccess(Resource, module="mhsm", name="ExclusiveAccess"):
    """The rule that there are no other assignments than the configuration's."""

    others: pulumi.Output[Mapping[str, str]]
    """Assignments besides, as the last refresh saw them: in words, by GUID."""

    def __init__(self, name: str, args: ExclusiveAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the rule."""
        super().__init__(ExclusiveAccessProvider(), name, {**vars(args), "others": None}, opts)


def _without_order(values: list[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True, default=str) for each in values)


def _revoke(props: Props) -> None:
    from data_plane import exclusive_access, session

    if props.get("revoke"):
        exclusive_access.revoke(session.current(), props["hsm_uri"], _rule(props), props["revoke"], say=tell)


def _rule(props: Props) -> Rule:
    from data_plane.exclusive_access import Declared, Rule

    return Rule(
        declared=tuple(Declared(**each) for each in props.get("declared", [])),
        deployer_id=props["deployer_id"],
        everywhere=bool(props.get("everywhere")),
        keys=tuple(props.get("keys", [])),
        leave=tuple(props.get("leave", [])),
    )
