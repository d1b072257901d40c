"""The directory of Contoso's tenant: users, groups, applications and service principals."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from local_azure.core.world import World

DEPLOYER_CLIENT_ID = "5c3a8f1e-7b24-4d69-9e10-8f6d2b4c7a53"
DEPLOYER_OBJECT_ID = "b81d6e0c-49f7-4a35-8c2e-1d7f0a9e6b42"
BREAK_GLASS_CLIENT_ID = "8e2d5b70-1c94-4f36-a7d8-5b0e9c3f6a12"
BREAK_GLASS_OBJECT_ID = "2a7f9d14-6e3b-4c80-95d1-e08b4f7c3a69"
USER_OBJECT_ID = "e4f20b97-3c5d-4e81-a6b8-92d1c07f5e36"
GROUP_OBJECT_ID = "0d6c9e3a-8b17-4f52-b940-6a2e5d8c1f70"

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
"""Template id of the role ("Microsoft Entra built-in roles")."""
PrincipalKind = Literal["User", "Group", "ServicePrincipal"]

_PRINCIPALS, _APPLICATIONS, _MEMBERS = "entra.principals", "entra.applications", "entra.members"
SIGNING_KEYS = "entra.keys"
"""Where the store keeps the keys that sign tokens: they outlast a reset, as the deployer's secret does."""
_SECRET_FILE = "deployer-secret"  # noqa: S105 - the name of the file, not what is in it
_BREAK_GLASS_FILE = "break-glass-secret"


@dataclass(frozen=True)
class Principal:
    """Whoever can be given a role."""

    object_id: str
    kind: PrincipalKind
    display_name: str
    app_id: str | None = None
    """Client id; service principals only."""
    user_principal_name: str | None = None
    managed_identity_resource_id: str | None = None
    """ARM id of the resource whose identity it is, or of the user-assigned identity."""
    graph_permissions: list[str] = field(default_factory=list)
    """Application permissions on Microsoft Graph, consented."""
    directory_roles: list[str] = field(default_factory=list)
    """Template ids of roles of the tenant, as the claim ``wids`` has them."""


@dataclass(frozen=True)
class Application:
    """An app registration and what it may prove itself with."""

    app_id: str
    display_name: str = ""
    secret_hashes: list[str] = field(default_factory=list)
    """Hexadecimal SHA-256 of client secrets without an end."""
    passwords: list[dict[str, Any]] = field(default_factory=list)
    """Client secrets that were added later, as Graph's ``passwordCredential`` has them, and ``hash`` as above."""
    certificates: list[str] = field(default_factory=list)
    """Base64 DER of each certificate."""
    federated: list[dict[str, Any]] = field(default_factory=list)
    """Federated identity credentials: ``issuer``, ``subject``, ``audiences``."""

    @property
    def object_id(self) -> str:
        """Of the registration, which is another object than its service principal."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, self.app_id.lower()))


def seed(world: World) -> None:
    """The directory as it is on the first day: the deployer, an emergency account, a user, a group.

    Changes nothing afterwards.
    """
    if world.store.get(_PRINCIPALS, DEPLOYER_OBJECT_ID) is not None:
        return
    secret = deployer_secret(world)
    put_principal(
        world,
        Principal(
            DEPLOYER_OBJECT_ID,
            "ServicePrincipal",
            "contoso-deployer",
            app_id=DEPLOYER_CLIENT_ID,
            graph_permissions=["Directory.ReadWrite.All"],
        ),
    )
    put_application(world, Application(DEPLOYER_CLIENT_ID, secret_hashes=[secret_hash(secret)]))
    put_principal(
        world,
        Principal(
            BREAK_GLASS_OBJECT_ID,
            "ServicePrincipal",
            "contoso-break-glass",
            app_id=BREAK_GLASS_CLIENT_ID,
            directory_roles=[GLOBAL_ADMINISTRATOR],
        ),
    )
    emergency = _secret(world, _BREAK_GLASS_FILE)
    put_application(world, Application(BREAK_GLASS_CLIENT_ID, secret_hashes=[secret_hash(emergency)]))
    put_principal(
        world,
        Principal(USER_OBJECT_ID, "User", "Kim Akers", user_principal_name="kim.akers@contoso.com"),
    )
    put_principal(world, Principal(GROUP_OBJECT_ID, "Group", "HSM Operators"))
    add_member(world, GROUP_OBJECT_ID, USER_OBJECT_ID)


def deployer_secret(world: World) -> str:
    """The deployer's client secret, from its file in the home directory; made when there is none."""
    return _secret(world, _SECRET_FILE)


def _secret(world: World, name: str) -> str:
    path: Path = world.home / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(30))
    return path.read_text()


def secret_hash(secret: str) -> str:
    """What the directory keeps of a client secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def put_principal(world: World, principal: Principal) -> None:
    """Adds a principal, or writes it anew."""
    world.store.put(_PRINCIPALS, principal.object_id.lower(), asdict(principal))


def principal(world: World, object_id: str) -> Principal | None:
    """The principal of that object id."""
    document = world.store.get(_PRINCIPALS, object_id.lower())
    return None if document is None else Principal(**document)


def principals(world: World) -> list[Principal]:
    """Everybody."""
    return [Principal(**document) for _, document in world.store.scan(_PRINCIPALS)]


def delete_principal(world: World, object_id: str) -> None:
    """Takes a principal out of the directory and out of every group."""
    with world.store.transaction():
        world.store.delete(_PRINCIPALS, object_id.lower())
        for group, document in world.store.scan(_MEMBERS):
            members = [member for member in document["members"] if member != object_id.lower()]
            world.store.put(_MEMBERS, group, {"members": members})


def service_principal_of(world: World, app_id: str) -> Principal | None:
    """The service principal of an application."""
    return next((each for each in principals(world) if (each.app_id or "").lower() == app_id.lower()), None)


def create_managed_identity(world: World, *, display_name: str, resource_id: str) -> Principal:
    """A service principal for a resource's identity; it has no credential that anybody could present."""
    made = Principal(
        str(uuid.uuid4()),
        "ServicePrincipal",
        display_name,
        app_id=str(uuid.uuid4()),
        managed_identity_resource_id=resource_id,
    )
    put_principal(world, made)
    return made


def put_application(world: World, application: Application) -> None:
    """Adds an app registration, or writes it anew."""
    world.store.put(_APPLICATIONS, application.app_id.lower(), asdict(application))


def application(world: World, app_id: str) -> Application | None:
    """The app registration of that client id."""
    document = world.store.get(_APPLICATIONS, app_id.lower())
    return None if document is None else Application(**document)


def applications(world: World) -> list[Application]:
    """Every app registration."""
    return [Application(**document) for _, document in world.store.scan(_APPLICATIONS)]


def delete_application(world: World, app_id: str) -> None:
    """Takes an app registration out of the directory, and its service principal with it."""
    with world.store.transaction():
        found = service_principal_of(world, app_id)
        if found is not None:
            delete_principal(world, found.object_id)
        world.store.delete(_APPLICATIONS, app_id.lower())


def add_member(world: World, group_object_id: str, member_object_id: str) -> None:
    """Puts a principal into a group."""
    with world.store.transaction():
        document = world.store.get(_MEMBERS, group_object_id.lower()) or {"members": []}
        members = sorted({*document["members"], member_object_id.lower()})
        world.store.put(_MEMBERS, group_object_id.lower(), {"members": members})


def members_of(world: World, group_object_id: str) -> list[Principal]:
    """The direct members of a group."""
    document = world.store.get(_MEMBERS, group_object_id.lower()) or {"members": []}
    return [found for each in document["members"] if (found := principal(world, each)) is not None]


def groups_of(world: World, object_id: str) -> set[str]:
    """Object ids of the groups that a principal is in, also through other groups."""
    parents = {group: set(document["members"]) for group, document in world.store.scan(_MEMBERS)}
    found: set[str] = set()
    frontier = {object_id.lower()}
    while frontier:
        frontier = {group for group, members in parents.items() if members & frontier} - found
        found |= frontier
    return found
