"""A role of a pool's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane import data_actions
from data_plane.errors import DataPlaneError
from dynamic.base import (
    POOL_FIELDS,
    HsmProvider,
    Props,
    contains_unknown,
    inputs_of,
    missing,
    one_line,
    pool_is_gone,
    tell,
)

if TYPE_CHECKING:
    from data_plane.role_definitions import Definition

_ACTIONS = ("data_actions", "not_data_actions")


@dataclass
class RoleDefinitionArgs:
    """What a :class:`RoleDefinition` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    role_name: str
    """As assignments and people call it."""
    data_actions: Sequence[str]
    """With the service's prefix."""
    not_data_actions: Sequence[str] = ()
    description: str = ""


class RoleDefinitionProvider(HsmProvider):
    """Changed in place but for its name, which its GUID is made of: a second run finds the first's."""

    UPDATE = ("description", *_ACTIONS)
    REPLACE = (*POOL_FIELDS, "role_name")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Data actions that the service does not have."""
        del olds
        completed = {"description": "", "not_data_actions": [], **news}
        failures = missing(completed, *POOL_FIELDS, "role_name", "data_actions")
        for name in _ACTIONS:
            given = completed.get(name) or []
            if contains_unknown(given):
                continue
            unknown = [each for each in given if each not in data_actions.DATA_ACTIONS]
            failures += [CheckFailure(name, f"{each!r} is no data action of a Managed HSM") for each in unknown]
        return completed, failures

    def same(self, name: str, old: Any, new: Any) -> bool:
        """The order of data actions means nothing."""
        if name in _ACTIONS and isinstance(old, list) and isinstance(new, list):
            return sorted(old) == sorted(new)
        return super().same(name, old, new)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Makes the role, or adopts one that says the very same."""
        from data_plane import role_definitions, session

        wanted = inputs_of(props)
        name = role_definitions.definition_name(wanted["hsm_id"], wanted["hsm_created_at"], wanted["role_name"])
        made = role_definitions.ensure(session.current(), wanted["hsm_uri"], _definition(name, wanted), say=tell)
        return CreateResult(made.name, {**wanted, "definition_name": made.name})

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """What the pool has under this GUID; gone once several answers said so, or when the pool is."""
        from data_plane import role_definitions, session

        known = inputs_of(props)
        try:
            found = role_definitions.find(session.current(), known["hsm_uri"], id_)
        except DataPlaneError:
            if pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
                return ReadResult(None, {})
            raise
        if found is None:
            tell(f"role {known.get('role_name')!r} ({id_}) is no longer in the pool: up makes it")
            return ReadResult(None, {})
        wanted = _definition(id_, known)
        if not found.says_same_as(wanted):
            difference = role_definitions.difference(found, wanted)
            tell(f"role {known['role_name']!r}: changed outside of this stack: {difference}")
        present = {**known, **self._present(known, found)}
        return ReadResult(id_, present, self.declared(present))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Writes it anew under the same GUID: assignments keep it."""
        from data_plane import role_definitions, session

        wanted = inputs_of(_news)
        role_definitions.put(session.current(), wanted["hsm_uri"], _definition(_id, wanted))
        return UpdateResult({**wanted, "definition_name": _id})

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Takes it away, also one that was adopted; the service refuses while it is assigned."""
        from data_plane import role_definitions, session

        known = inputs_of(_props)
        # A pool that was deleted and recovered has the same roles: the replacement has adopted this very one.
        if not pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
            role_definitions.delete(session.current(), known["hsm_uri"], _id)

    def _present(self, known: Props, found: Definition) -> Props:
        """What is there, in the words of the inputs where it means the same."""
        present = {
            "role_name": found.role_name,
            "description": found.description,
            "data_actions": list(found.data_actions),
            "not_data_actions": list(found.not_data_actions),
        }
        return {
            name: known[name] if self.same(name, known.get(name), value) else value for name, value in present.items()
        }


class RoleDefinition(Resource, module="mhsm", name="RoleDefinition"):
    """A role that can be given in the pool."""

    role_name: pulumi.Output[str]
    definition_name: pulumi.Output[str]
    """GUID of the definition."""

    def __init__(self, name: str, args: RoleDefinitionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the role."""
        super().__init__(RoleDefinitionProvider(), name, {**vars(args), "definition_name": None}, opts)


def _definition(name: str, props: Props) -> Definition:
    from data_plane.role_definitions import Definition

    return Definition(
        name=name,
        role_name=props["role_name"],
        description=props.get("description", ""),
        data_actions=tuple(props["data_actions"]),
        not_data_actions=tuple(props.get("not_data_actions", ())),
    )
