"""What a vault remembers of its secrets: one document a secret, all versions in it.

ARM shows the same secrets as child resources of the vault, without their values. So every secret has a resource there
too, without properties of its own: :func:`describe` fills them in when ARM is asked. Names are kept as written and
found without regard to case.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import JsonObject
from local_azure.core.soft_deletion import Deleted, Kind, SoftDeletionStore
from local_azure.core.world import World

SECRET_TYPE = "Microsoft.KeyVault/vaults/secrets"  # noqa: S105 - a resource type


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


DeletedSecret = Deleted[Secret]


class SecretStore(SoftDeletionStore[Secret]):
    """The secrets of one vault, given its ARM id."""

    def __init__(self, world: World, vault_id: str) -> None:
        super().__init__(world, _KIND, f"{vault_id.rpartition('/')[2].lower()}/")
        self._vault_id = vault_id
        self._resources = Resources(world)

    def put(self, item: Secret) -> None:
        """Keeps the secret, in place of what was known of it."""
        with self.transaction():
            super().put(item)
            self._show(item)

    def soft_delete(self, item: Secret, retention_days: int) -> DeletedSecret:
        """Takes the secret out of use and keeps it for that long."""
        with self.transaction():
            self._resources.remove(self._resource_id(item.name))
            return super().soft_delete(item, retention_days)

    def show_all(self) -> None:
        """Lets ARM know every secret: a vault that is recovered has them again."""
        for secret in self.page(""):
            self._show(secret)

    def _show(self, secret: Secret) -> None:
        resource_id = self._resource_id(secret.name)
        if self._resources.find(resource_id) is None:
            shown = {"id": resource_id, "name": secret.name, "type": SECRET_TYPE, "properties": {}}
            self._resources.put(Stored(shown))

    def _resource_id(self, name: str) -> str:
        return f"{self._vault_id}/secrets/{name}"


_KIND = Kind(live="vault.secrets", deleted="vault.deleted_secrets", of=Secret.of)


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
