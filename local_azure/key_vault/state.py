"""What a vault remembers of its secrets: one document a secret, all versions in it.

ARM shows the same secrets as child resources of the vault, without their values. So every secret has a resource there
too, without properties of its own: :func:`describe` fills them in when ARM is asked. Names are kept as written and
found without regard to case.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import JsonObject
from local_azure.core.world import World

SECRET_TYPE = "Microsoft.KeyVault/vaults/secrets"  # noqa: S105 - a resource type
_SECRETS, _DELETED = "vault.secrets", "vault.deleted_secrets"
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class SecretVersion:
    """One version. Times are seconds since 1970."""

    version: str
    """32 hexadecimal digits."""
    value: str = field(repr=False)
    content_type: str | None
    enabled: bool
    not_before: int | None
    expires: int | None
    created: int
    updated: int
    tags: dict[str, str] | None


@dataclass(frozen=True)
class Secret:
    """A secret with its versions, the oldest first."""

    name: str
    versions: tuple[SecretVersion, ...]

    @property
    def latest(self) -> SecretVersion:
        """The version that answers where none is named."""
        return self.versions[-1]

    def find(self, version: str | None) -> SecretVersion | None:
        """That version, the latest for None; None where there is no such version."""
        if version is None:
            return self.latest
        return next((known for known in self.versions if known.version == version.lower()), None)

    def with_version(self, version: SecretVersion) -> Secret:
        """The secret with one more version, which is the latest."""
        return replace(self, versions=(*self.versions, version))

    def with_changed(self, version: SecretVersion) -> Secret:
        """The secret with that version in place of the one of the same name."""
        changed = (version if known.version == version.version else known for known in self.versions)
        return replace(self, versions=tuple(changed))

    def document(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self)

    @staticmethod
    def of(document: dict[str, Any]) -> Secret:
        """Of :meth:`document`."""
        return Secret(document["name"], tuple(SecretVersion(**version) for version in document["versions"]))


@dataclass(frozen=True)
class DeletedSecret:
    """A soft-deleted secret."""

    secret: Secret
    deleted: int
    purge: int
    """When the service purges it by itself."""


class SecretStore:
    """The secrets of one vault, given its ARM id."""

    def __init__(self, world: World, vault_id: str) -> None:
        self._world = world
        self._vault_id = vault_id
        self._prefix = f"{vault_id.rpartition('/')[2].lower()}/"

    def now(self) -> int:
        """Seconds since 1970, by the local Azure's clock."""
        return int(self._world.clock.timestamp())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is read inside is not changed by anyone else before what is written inside."""
        with self._world.store.transaction():
            yield

    def find(self, name: str) -> Secret | None:
        """The live secret of that name."""
        document = self._world.store.get(_SECRETS, self._document_key(name))
        return None if document is None else Secret.of(document)

    def put(self, secret: Secret) -> None:
        """Keeps the secret, in place of what was known of it."""
        with self.transaction():
            self._world.store.put(_SECRETS, self._document_key(secret.name), secret.document())
            self._show(secret)

    def page(self, after: str, limit: int = -1) -> list[Secret]:
        """At most ``limit`` secrets whose names in lower case come after ``after``, in that order; -1 is all."""
        rows = self._world.store.scan(_SECRETS, self._prefix, self._prefix + after, limit)
        return [Secret.of(document) for _, document in rows]

    def find_deleted(self, name: str) -> DeletedSecret | None:
        """The soft-deleted secret of that name; one whose time is over is purged and gone."""
        document = self._world.store.get(_DELETED, self._document_key(name))
        if document is None:
            return None
        deleted = _deleted_of(document)
        if deleted.purge > self.now():
            return deleted
        self.purge(name)
        return None

    def soft_delete(self, secret: Secret, retention_days: int) -> DeletedSecret:
        """Takes the secret out of use and keeps it for that long."""
        now = self.now()
        deleted = DeletedSecret(secret, deleted=now, purge=now + retention_days * _SECONDS_A_DAY)
        document = {"secret": secret.document(), "deleted": deleted.deleted, "purge": deleted.purge}
        with self.transaction():
            self._world.store.put(_DELETED, self._document_key(secret.name), document)
            self._world.store.delete(_SECRETS, self._document_key(secret.name))
            Resources(self._world).remove(self._resource_id(secret.name))
        return deleted

    def recover(self, deleted: DeletedSecret) -> None:
        """Puts a soft-deleted secret back into use as it was."""
        with self.transaction():
            self.put(deleted.secret)
            self.purge(deleted.secret.name)

    def purge(self, name: str) -> None:
        """Forgets a soft-deleted secret."""
        self._world.store.delete(_DELETED, self._document_key(name))

    def deleted_page(self, after: str, limit: int) -> list[DeletedSecret]:
        """As :meth:`page`, of the soft-deleted secrets whose time is not over."""
        rows = self._world.store.scan(_DELETED, self._prefix, self._prefix + after)
        alive = (deleted for _, document in rows if (deleted := _deleted_of(document)).purge > self.now())
        return [deleted for deleted, _ in zip(alive, range(limit), strict=False)]

    def show_all(self) -> None:
        """Lets ARM know every secret: a vault that is recovered has them again."""
        for secret in self.page(""):
            self._show(secret)

    def forget(self) -> None:
        """The vault is purged, and whatever was in it."""
        for collection in (_SECRETS, _DELETED):
            self._world.store.delete_prefix(collection, self._prefix)

    def _show(self, secret: Secret) -> None:
        resources, resource_id = Resources(self._world), self._resource_id(secret.name)
        if resources.find(resource_id) is None:
            resources.put(Stored({"id": resource_id, "name": secret.name, "type": SECRET_TYPE, "properties": {}}))

    def _resource_id(self, name: str) -> str:
        return f"{self._vault_id}/secrets/{name}"

    def _document_key(self, name: str) -> str:
        return self._prefix + name.lower()


def describe(secret: Secret) -> JsonObject:
    """What ARM tells of a secret's latest version beside its URIs; never the value (``secrets.json``, 2024-11-01)."""
    latest = secret.latest
    attributes: JsonObject = {"enabled": latest.enabled, "created": latest.created, "updated": latest.updated}
    if latest.not_before is not None:
        attributes["nbf"] = latest.not_before
    if latest.expires is not None:
        attributes["exp"] = latest.expires
    described: JsonObject = {"attributes": attributes}
    if latest.content_type is not None:
        described["contentType"] = latest.content_type
    return described


def _deleted_of(document: dict[str, Any]) -> DeletedSecret:
    return DeletedSecret(Secret.of(document["secret"]), document["deleted"], document["purge"])
