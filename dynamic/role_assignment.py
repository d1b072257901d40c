"""A local role of a pool, given to a principal at a scope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource

from data_plane import built_in_roles
from data_plane.errors import DataPlaneError
from dynamic.base import (
    POOL_FIELDS,
    HsmProvider,
    Props,
    inputs_of,
    missing,
    one_line,
    pool_is_gone,
    tell,
)

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SCOPE = re.compile(r"/|/keys|/keys/[0-9A-Za-z-]{1,127}")


@dataclass
class RoleAssignmentArgs:
    """What a :class:`RoleAssignment` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    role: pulumi.Input[str]
    """Name, GUID or definition id of a local role, built in or custom."""
    principal_id: pulumi.Input[str]
    """Object id of a user, group, service principal or managed identity."""
    scope: pulumi.Input[str]
    """``/``, ``/keys`` or ``/keys/<name>``."""


class RoleAssignmentProvider(HsmProvider):
    """Every field replaces: an assignment cannot be changed. Its GUID is derived, so a second run finds the first's."""

    REPLACE = (*POOL_FIELDS, "role", "principal_id", "scope")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """The forms of principal and scope. Whether a custom role exists is the pool's to say."""
        del olds
        failures = missing(news, *self.REPLACE)
        principal, scope = news.get("principal_id"), news.get("scope")
        if isinstance(principal, str) and principal and not _GUID.fullmatch(principal):
            failures.append(CheckFailure("principal_id", f"{principal!r} is no object id; a GUID is needed"))
        if isinstance(scope, str) and scope and not _SCOPE.fullmatch(scope):
            failures.append(CheckFailure("scope", f"{scope!r}: accepted are /, /keys and /keys/<name>"))
        return news, failures

    def same(self, name: str, old: Any, new: Any) -> bool:
        """A role is the same by name and by GUID, ids are the same in upper and lower case."""
        if name == "role" and isinstance(old, str) and isinstance(new, str):
            return _role(old) == _role(new)
        if name == "principal_id" and isinstance(old, str) and isinstance(new, str):
            return old.lower() == new.lower()
        return super().same(name, old, new)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Assigns, or adopts the assignment that grants the very same."""
        from data_plane import role_assignments, session

        wanted, current = inputs_of(props), session.current()
        guid = role_assignments.role_guid(current, wanted["hsm_uri"], wanted["role"])
        name = role_assignments.assignment_name(
            wanted["hsm_id"], wanted["hsm_created_at"], guid, wanted["principal_id"], wanted["scope"]
        )
        made = role_assignments.ensure(
            current,
            wanted["hsm_uri"],
            role_assignments.Assignment(
                name, built_in_roles.role_definition_id(guid), wanted["principal_id"], wanted["scope"]
            ),
            say=tell,
        )
        outputs = {**wanted, "assignment_name": made.name, "role_definition_id": made.role_definition_id}
        return CreateResult(made.name, outputs)

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """Gone once several answers said so, or when the pool is."""
        from data_plane import role_assignments, session

        known = inputs_of(props)
        try:
            found = role_assignments.find(session.current(), known["hsm_uri"], known["scope"], id_)
        except DataPlaneError:
            if pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
                return ReadResult(None, {})
            raise
        if found is None:
            tell(
                f"{known['role']} of {known['principal_id']} at {known['scope']} is no longer in the pool: up gives it"
            )
            return ReadResult(None, {})
        return ReadResult(id_, known, self.declared(known))

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Revokes; an assignment that was adopted too: what the stack no longer says is no longer granted."""
        from data_plane import role_assignments, session

        known = inputs_of(_props)
        # A pool that was deleted and recovered has the same assignments: the replacement has adopted this very one.
        if not pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
            role_assignments.delete(session.current(), known["hsm_uri"], known["scope"], _id)


class RoleAssignment(Resource, module="mhsm", name="RoleAssignment"):
    """A role that a principal has."""

    assignment_name: pulumi.Output[str]
    """GUID of the assignment."""
    role_definition_id: pulumi.Output[str]

    def __init__(self, name: str, args: RoleAssignmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the assignment."""
        props = {**vars(args), "assignment_name": None, "role_definition_id": None}
        super().__init__(RoleAssignmentProvider(), name, props, opts)


def _role(role: str) -> str:
    return built_in_roles.guid_of(role) or role.strip().casefold()
