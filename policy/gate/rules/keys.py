"""The keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import POOL_FIELDS, Kind, becomes, changed, difference, says
from policy.gate.state import Change

KEY: Final = "pulumi-python:dynamic/mhsm:Key"
_REMOVALS: Final = {"softDelete": "key-deleted", "retain": "key-abandoned"}


def _deleted(step: Step, _preview: Preview) -> list[Said]:
    removal = step.old.input("on_remove") if step.old else None
    rule = _REMOVALS.get(str(removal), "key-purged")
    return [Said(rule, f"onRemove: {removal}")]


def _replaced(step: Step, _preview: Preview) -> list[Said]:
    return [Said("key-replaced", f"because of {', '.join(step.reasons)}" if step.reasons else "")]


def _enabled(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("key-use-changed" if becomes(change, True) else "key-disabled", difference(change))]


def _on_remove(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    harmless = becomes(change, "softDelete", "retain")
    return [Said("changed" if harmless else "key-purge-armed", difference(change))]


KINDS: Final[Mapping[str, Kind]] = {
    KEY: Kind(
        "key",
        created=says("new"),
        deleted=_deleted,
        replaced=_replaced,
        properties={
            **POOL_FIELDS,
            "tags": changed("changed"),
            "operations": changed("key-use-changed"),
            "enabled": _enabled,
            "expires": changed("key-life-changed"),
            "not_before": changed("key-life-changed"),
            "on_remove": _on_remove,
            "backup_to": changed("changed"),
            "import_from": changed("changed"),
            "restore_from": changed("changed"),
            "restore_from_backup": changed("changed"),
            "attest_to": changed("changed"),
            "passphrase_variable": changed("changed"),
            "backup_right_is_new": changed("changed"),
            "release_policy": changed("key-release-changed"),
            "rotation": changed("key-life-changed"),
            "rotate_now": changed("key-rotated"),
            # What somebody did by hand, in words: the update puts back what the configuration says.
            "drift": changed("changed"),
        },
    )
}
