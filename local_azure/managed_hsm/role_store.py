"""Role definitions and role assignments as the pools hold them.

Documents by ``<instance id>/<GUID in lower case>``. Nothing here decides who may do what.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from local_azure.core.world import World
from local_azure.managed_hsm.built_in_roles import ADMINISTRATOR, BUILT_IN_ROLES, ROLE_DEFINITION_PREFIX

_ASSIGNMENTS, _DEFINITIONS = "hsm.data.role_assignments", "hsm.data.role_definitions"
BUILT_IN, CUSTOM = "AKVBuiltInRole", "CustomRole"


@dataclass(frozen=True)
class RoleAssignment:
    """A principal has a role at a scope."""

    name: str
    """A GUID in lower case."""
    principal_id: str
    role: str
    """GUID of the role definition, in lower case."""
    scope: str
    """``/``, ``/keys`` or ``/keys/<name>``."""
    effective_at: float = 0.0
    """From when on it counts, in seconds since 1970: assignments take a moment to spread."""

    @property
    def role_definition_id(self) -> str:
        """The full id of the role definition."""
        return ROLE_DEFINITION_PREFIX + self.role


@dataclass(frozen=True)
class RoleDefinition:
    """A role, built in or custom."""

    name: str
    """A GUID in lower case."""
    role_name: str
    description: str
    permissions: list[dict[str, list[str]]]
    """Each with ``actions``, ``notActions``, ``dataActions`` and ``notDataActions``."""
    role_type: str = CUSTOM

    def permits(self, data_action: str) -> bool:
        """Whether one of the permissions names the data action and does not take it away again."""
        return any(
            data_action in permission["dataActions"] and data_action not in permission["notDataActions"]
            for permission in self.permissions
        )


BUILT_IN_DEFINITIONS: dict[str, RoleDefinition] = {
    role.name: RoleDefinition(
        role.name,
        role.role_name,
        "",
        [
            {
                "actions": list(role.actions),
                "dataActions": list(role.data_actions),
                "notActions": [],
                "notDataActions": [],
            }
        ],
        BUILT_IN,
    )
    for role in BUILT_IN_ROLES
}
"""By GUID, in the order in which the service lists them."""


def put_initial_administrators(world: World, instance_id: str, object_ids: Iterable[str]) -> None:
    """Makes these principals Administrator at ``/``, at once."""
    for object_id in dict.fromkeys(object_ids):
        name = str(uuid.uuid5(uuid.UUID(instance_id), object_id.lower()))
        put_assignment(world, instance_id, RoleAssignment(name, object_id, ADMINISTRATOR, "/"))


def assignments(world: World, instance_id: str) -> list[RoleAssignment]:
    """Every assignment in the pool."""
    return [RoleAssignment(**document) for _, document in world.store.scan(_ASSIGNMENTS, f"{instance_id}/")]


def assignment(world: World, instance_id: str, name: str) -> RoleAssignment | None:
    """The assignment of that GUID."""
    document = world.store.get(_ASSIGNMENTS, _key(instance_id, name))
    return None if document is None else RoleAssignment(**document)


def put_assignment(world: World, instance_id: str, made: RoleAssignment) -> None:
    """Adds an assignment."""
    world.store.put(_ASSIGNMENTS, _key(instance_id, made.name), asdict(made))


def delete_assignment(world: World, instance_id: str, name: str) -> None:
    """Takes an assignment away."""
    world.store.delete(_ASSIGNMENTS, _key(instance_id, name))


def definitions(world: World, instance_id: str) -> list[RoleDefinition]:
    """The built-in roles that are listed, then the pool's own."""
    built_in = [BUILT_IN_DEFINITIONS[role.name] for role in BUILT_IN_ROLES if role.listed]
    documents = world.store.scan(_DEFINITIONS, f"{instance_id}/")
    return [*built_in, *(RoleDefinition(**document) for _, document in documents)]


def definition(world: World, instance_id: str, name: str) -> RoleDefinition | None:
    """The role of that GUID."""
    if built_in := BUILT_IN_DEFINITIONS.get(name.lower()):
        return built_in
    document = world.store.get(_DEFINITIONS, _key(instance_id, name))
    return None if document is None else RoleDefinition(**document)


def put_definition(world: World, instance_id: str, made: RoleDefinition) -> None:
    """Adds a custom role, or writes it anew."""
    world.store.put(_DEFINITIONS, _key(instance_id, made.name), asdict(made))


def delete_definition(world: World, instance_id: str, name: str) -> None:
    """Takes a custom role away."""
    world.store.delete(_DEFINITIONS, _key(instance_id, name))


def _key(instance_id: str, name: str) -> str:
    return f"{instance_id}/{name.lower()}"
