"""A key of a pool.

What the service can change is changed in place. Type, size, curve and material cannot be: such a change means another
key, see docs/adr/0007-what-replaces-a-key.md. The state keeps the thumbprint of imported material at most.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import CheckFailure, ConfigureRequest, CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from data_plane.errors import DataPlaneError
from dynamic import drift, key_changing, key_reading, key_removal, key_state
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
from dynamic.key_checks import moment_of, with_material, wrong_backup, wrong_dates, wrong_kind, wrong_life

if TYPE_CHECKING:
    from data_plane.keys import Keys

ON_REMOVE = ("softDelete", "purge", "retain")
PASSPHRASES = "managed-hsm:importPassphrases"
_IDENTITY = ("key_type", "size", "curve", "import_fingerprint", "exportable")


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
    """ISO 8601 with time zone. Can be moved; taken away again only with a new version."""
    not_before: str | None = None
    """ISO 8601 with time zone. Can be moved; taken away again only with a new version."""
    tags: Mapping[str, str] | None = None
    import_from: str | None = None
    """Absolute path of a file with the key; the provider reads it, the program never does."""
    passphrase_variable: str | None = None
    """The environment variable with the passphrase of that file."""
    restore_from: str | None = None
    """Absolute path of a backup of the key, made in a pool with the same security domain."""
    restore_from_backup: str | None = None
    """URL of the folder of a full backup, made in a pool with the same security domain."""
    backup_right_is_new: bool = False
    """Whether the right of the pool's identity at that backup may have been given a moment ago."""
    backup_to: str | None = None
    """Absolute path of a file that a backup of the key is kept in."""
    attest_to: str | None = None
    """Absolute path of a file that the HSM's attestation of the current version is kept in."""
    exportable: bool = False
    release_policy: Mapping[str, Any] | None = None
    """``policy`` (JSON with sorted members and no spaces) and ``immutable``; for an exportable key."""
    rotation: Mapping[str, str] | None = None
    """``after_creation`` or ``before_expiry``, and ``expires_after``: ISO 8601 durations."""
    rotate_now: str | None = None
    """Another text than at the last update makes a new version."""
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
        "restore_from_backup",
        "backup_to",
        "attest_to",
        "passphrase_variable",
        "release_policy",
        "rotation",
        "rotate_now",
        "on_remove",
        drift.FIELD,
    )
    REPLACE = (*POOL_FIELDS, "key_name", *_IDENTITY)
    PASSED_ON = ("backup_right_is_new",)
    passphrases: Mapping[str, str] = {}
    """Of files to import, by key. They come with the configuration, which the engine keeps in the state encrypted."""

    def configure(self, req: ConfigureRequest) -> None:
        """Takes up the passphrases too."""
        super().configure(req)
        given = req.config.get(PASSPHRASES)
        if given:
            self.passphrases = json.loads(given) if isinstance(given, str) else given

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
        news, failures = with_material(olds, news, self._passphrase(news))
        failures += wrong_kind(news) + wrong_backup(olds, news) + wrong_life(olds, news)
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
        if name in key_state.DATES and old and new:
            return moment_of(old) == moment_of(new)
        if name == "rotation":
            wanted, known = ({"rotation": each} for each in (new, old))
            return key_state.rotation_of(wanted).means(key_state.rotation_of(known))
        if name in ("passphrase_variable", "rotate_now") and new is None:
            return True
        if name == "exportable":
            return bool(old) == bool(new)
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
                f"key {news['key_name']}: {name} {drift.shown(olds.get(name))} → {drift.shown(news.get(name))} means "
                "another key, and the deleted one would hold the name: give the new key another name; or, if "
                "everything that it protects may be lost, first run up with onRemove: purge for it",
            )
            for name in changed
        ]

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Says in words what the last refresh saw to be different, and warns where versions run out."""
        olds = inputs_of(_olds)
        drift.say(f"key {olds['key_name']}", olds)
        key_reading.say_many_versions(olds["key_name"], olds.get("versions") or ())
        return super().diff(_id, _olds, _news)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Makes, imports or restores the key, adopts the identical one, recovers it where it was deleted."""
        wanted = inputs_of(props)
        made = key_changing.create(_keys(wanted), wanted, self._passphrase(wanted))
        return CreateResult(made["key_id"].rpartition("/")[0], made)

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """The key as it is: disabled by hand, changed, with another version, deleted, purged."""
        known = inputs_of(props)
        try:
            seen = key_reading.read(_keys(known), known, self.same)
        except DataPlaneError:
            if pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
                return ReadResult(None, {})
            raise
        return ReadResult(id_, seen, self.declared(seen))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Changes in place; recovers what a refresh saw deleted."""
        olds, wanted = inputs_of(_olds), inputs_of(_news)
        return UpdateResult(key_changing.update(_keys(wanted), olds, wanted, self.same, self._passphrase(wanted)))

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Deletes softly; purges only where that was asked; leaves a key alone that is not the one it made."""
        known = inputs_of(_props)
        if known["on_remove"] == "retain":
            tell(f"key {known['key_name']} stays in {known['hsm_uri']}, as onRemove: retain asks")
            return
        # A pool that was deleted and recovered has the same keys: they are adopted, and must not be deleted for that.
        if not pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
            key_removal.remove(_keys(known), known)

    def _passphrase(self, props: Props) -> str | None:
        variable = props.get("passphrase_variable")
        return self.passphrases.get(props["key_name"]) if variable is None else os.environ.get(variable)


class Key(Resource, module="mhsm", name="Key"):
    """A key of a pool. Its id is the one without a version, which always means the current version."""

    key_name: pulumi.Output[str]
    key_id: pulumi.Output[str]
    """With the current version."""
    version: pulumi.Output[str]
    """The current one."""
    versions: pulumi.Output[list[str]]
    """All of them, the oldest first."""
    thumbprint: pulumi.Output[str | None]
    """RFC 7638, of the public key; none for an oct-HSM key."""
    recovery_level: pulumi.Output[str]

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the key."""
        props = {field: None if _says_nothing(value) else value for field, value in vars(args).items()}
        props |= {"enabled": args.enabled, "import_fingerprint": None, **dict.fromkeys(key_state.OUTPUTS)}
        super().__init__(KeyProvider(), name, props, opts)


def _says_nothing(value: object) -> bool:
    """What means the same left out stays out of the state, which the engine writes anew after each step."""
    return value is False or (isinstance(value, Mapping | Sequence) and not value)


def _keys(props: Props) -> Keys:
    from data_plane import session
    from data_plane.keys import Keys

    return Keys(session.current(), props["hsm_uri"], say=tell)
