"""A key of a pool.

What the service can change is changed in place. Type, size, curve and material cannot be: such a change means another
key, see docs/adr/0007-what-replaces-a-key.md. The state keeps the thumbprint of imported material at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import ConflictError, DataPlaneError
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
from dynamic.key_checks import moment_of, with_material, wrong_backup, wrong_dates, wrong_kind

if TYPE_CHECKING:
    from data_plane.key_model import Key as PoolKey
    from data_plane.key_model import KeySpec
    from data_plane.keys import Keys

ON_REMOVE = ("softDelete", "purge", "retain")
_IDENTITY = ("key_type", "size", "curve", "import_fingerprint")
_OUTPUTS = ("key_id", "versionless_id", "version", "thumbprint", "recovery_level")


@dataclass
class KeyArgs:
    """What a :class:`Key` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    key_name: str
    key_type: str
    """``RSA-HSM``, ``EC-HSM`` or ``oct-HSM``."""
    size: int | None = None
    """In bits; for RSA-HSM and oct-HSM."""
    curve: str | None = None
    """For EC-HSM."""
    operations: Sequence[str] | None = None
    """All that the type can do if left out."""
    enabled: bool = True
    expires: str | None = None
    """ISO 8601 with time zone. Can be moved, never taken away again."""
    not_before: str | None = None
    """ISO 8601 with time zone. Can be moved, never taken away again."""
    tags: Mapping[str, str] | None = None
    import_from: str | None = None
    """Absolute path of a PEM file with the private key; the provider reads it, the program never does."""
    restore_from: str | None = None
    """Absolute path of a backup of the key, made in a pool with the same security domain."""
    backup_to: str | None = None
    """Absolute path of a file that a backup of the key is kept in."""
    on_remove: str = "softDelete"
    """``softDelete``, ``purge`` or ``retain``."""


class KeyProvider(HsmProvider):
    """Makes, adopts, recovers, changes and deletes one key."""

    UPDATE = (
        "operations",
        "enabled",
        "expires",
        "not_before",
        "tags",
        "import_from",
        "restore_from",
        "backup_to",
        "on_remove",
    )
    REPLACE = (*POOL_FIELDS, "key_name", *_IDENTITY)

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Defaults, the thumbprint of the material to import, and what cannot be done."""
        failures = missing(news, *POOL_FIELDS, "key_name", "key_type")
        if failures:
            return news, failures
        news = {"enabled": True, "tags": {}, "on_remove": "softDelete", **news}
        if not news.get("operations"):
            news.pop("operations", None)
        if contains_unknown({name: news.get(name) for name in (*_IDENTITY, "import_from", "key_name")}):
            return news, []
        news, failures = with_material(olds, news)
        failures += wrong_kind(news) + wrong_backup(olds, news)
        if news["on_remove"] not in ON_REMOVE:
            failures.append(CheckFailure("on_remove", f"{news['on_remove']!r}: accepted are {', '.join(ON_REMOVE)}"))
        failures += wrong_dates(olds, news)
        if olds and not failures and not self.is_other_pool(olds, news):
            failures += self._wrong_replacement(olds, news)
        return news, failures

    def same(self, name: str, old: Any, new: Any) -> bool:
        """Operations are a set, dates are moments."""
        if name == "operations":
            return new is None or (old is not None and set(old) == set(new))
        if name in ("expires", "not_before") and old and new:
            return moment_of(old) == moment_of(new)
        if name == "tags":
            return dict(old or {}) == dict(new or {})
        return super().same(name, old, new)

    def deletes_first(self, olds: Props, news: Props) -> bool:
        """Another key under the same name can only be made once the old one is purged."""
        return olds.get("key_name") == news.get("key_name")

    def _wrong_replacement(self, olds: Props, news: Props) -> list[CheckFailure]:
        changed = [name for name in _IDENTITY if self._changed(name, olds, news)]
        if not changed or olds.get("key_name") != news["key_name"] or olds.get("on_remove") == "purge":
            return []
        return [
            CheckFailure(
                name,
                f"key {news['key_name']}: {name} {olds.get(name)} → {news.get(name)} means another key, and the "
                "deleted one would hold the name: give the new key another name; or, if everything that it protects "
                "may be lost, first run up with onRemove: purge for it",
            )
            for name in changed
        ]

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Makes, imports or restores the key, adopts the identical one, recovers it where it was deleted."""
        wanted = inputs_of(props)
        made = _keys(wanted).ensure(_spec(wanted))
        _back_up(wanted, made)
        return CreateResult(made.versionless_id, {**_without_outputs(wanted), **_outputs(made)})

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """The key as it is: disabled by hand, changed, with another version, or gone."""
        known = inputs_of(props)
        try:
            found = _keys(known).find(known["key_name"])
        except DataPlaneError:
            if pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
                return ReadResult(None, {})
            raise
        if found is None:
            return ReadResult(None, {})
        # What means the same stays as it was written: otherwise a preview would show it as changed.
        news = {
            name: value for name, value in _seen(known, found).items() if not self.same(name, known.get(name), value)
        }
        seen = {**_without_outputs(known), **news, **_outputs(found)}
        return ReadResult(id_, seen, self.declared(seen))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Changes in place."""
        wanted = inputs_of(_news)
        changed = _keys(wanted).update(_spec(wanted))
        _back_up(wanted, changed)
        return UpdateResult({**_without_outputs(wanted), **_outputs(changed)})

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Deletes softly; purges only where that was asked; leaves a key alone that is not the one it made."""
        known = inputs_of(_props)
        if known["on_remove"] == "retain":
            tell(f"key {known['key_name']} stays in {known['hsm_uri']}, as onRemove: retain asks")
            return
        # A pool that was deleted and recovered has the same keys: they are adopted, and must not be deleted for that.
        if not pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
            _remove(_keys(known), known)


class Key(Resource, module="mhsm", name="Key"):
    """A key of a pool."""

    key_name: pulumi.Output[str]
    key_id: pulumi.Output[str]
    """With the current version."""
    versionless_id: pulumi.Output[str]
    """Always means the current version."""
    version: pulumi.Output[str]
    thumbprint: pulumi.Output[str | None]
    """RFC 7638, of the public key; none for an oct-HSM key."""
    recovery_level: pulumi.Output[str]

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the key."""
        props = {**vars(args), "import_fingerprint": None, **dict.fromkeys(_OUTPUTS)}
        super().__init__(KeyProvider(), name, props, opts)


def _keys(props: Props) -> Keys:
    from data_plane import session
    from data_plane.keys import Keys

    return Keys(session.current(), props["hsm_uri"], say=tell)


def _spec(props: Props) -> KeySpec:
    from data_plane.key_model import KeySpec

    operations, source = props.get("operations"), props.get("import_from")
    return KeySpec(
        name=props["key_name"],
        key_type=props["key_type"],
        size=props.get("size"),
        curve=props.get("curve"),
        operations=tuple(operations) if operations else None,
        enabled=props["enabled"],
        expires=moment_of(props.get("expires")),
        not_before=moment_of(props.get("not_before")),
        tags=dict(props["tags"]),
        import_from=Path(source) if source else None,
        restore_from=Path(props["restore_from"]) if props.get("restore_from") else None,
        thumbprint=props.get("import_fingerprint"),
    )


def _back_up(props: Props, key: PoolKey) -> None:
    if props.get("backup_to"):
        _keys(props).back_up(key, Path(props["backup_to"]))


def _remove(keys: Keys, known: Props) -> None:
    from data_plane.key_model import can_be_purged

    name, purge = known["key_name"], known["on_remove"] == "purge"
    if not keys.has_version(name, known["version"]):
        deleted = keys.deleted(name) if purge else None
        if deleted is not None and deleted.version == known["version"]:
            keys.purge(name)
        return
    if not purge:
        keys.soft_delete(name)
        tell(f"key {name} is deleted softly: it holds its name and can be recovered until its retention has passed")
        return
    if not can_be_purged(known["recovery_level"]):
        raise ConflictError(
            f"key {name}: the pool has purge protection, so it cannot be purged — set onRemove: softDelete, run up, "
            "and remove it then"
        )
    keys.soft_delete(name)
    keys.await_deleted(name)
    keys.purge(name)


def _outputs(key: PoolKey) -> Props:
    return {
        "key_id": key.key_id,
        "versionless_id": key.versionless_id,
        "version": key.version,
        "thumbprint": key.thumbprint,
        "recovery_level": key.recovery_level,
    }


def _without_outputs(props: Props) -> Props:
    return {name: value for name, value in props.items() if name not in _OUTPUTS}


def _is_backed_up(known: Props, found: PoolKey) -> bool:
    from data_plane.key_backups import is_current

    backed_up = is_current(Path(known["backup_to"]), found.key_id)
    if not backed_up:
        tell(f"{known['backup_to']}: the backup of key {found.name} is missing, altered or of an earlier version")
    return backed_up


def _seen(known: Props, found: PoolKey) -> Props:
    """The declared fields as the pool has them; what was not declared is nobody's drift."""
    seen: Props = {"key_type": found.key_type, "enabled": found.enabled, "tags": dict(found.tags)}
    if "size" in known and found.size is not None:
        seen["size"] = found.size
    if "curve" in known:
        seen["curve"] = found.curve
    if "operations" in known:
        seen["operations"] = list(found.operations)
    if "import_fingerprint" in known:
        seen["import_fingerprint"] = found.thumbprint
    if known.get("backup_to") and not _is_backed_up(known, found):
        seen["backup_to"] = None
    for name, moment in (("expires", found.expires), ("not_before", found.not_before)):
        if name in known:
            seen[name] = None if moment is None else moment.isoformat()
    return seen
