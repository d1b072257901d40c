"""Keys whose backups are kept in files: made, renewed with a new version, mended when they are lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data_plane import session
from data_plane.key_backups import manifest_path
from data_plane.key_use import restore
from data_plane.keys import Keys
from data_plane.pool import Pool
from dynamic.base import Props
from dynamic.key import KeyProvider
from tests.unit.data_plane.support import pool_props

pytestmark = pytest.mark.daemon

PROVIDER = KeyProvider()


def props(pool: Pool, olds: Props | None = None, **changes: Any) -> Props:
    given = {**pool_props(pool), "key_name": "mykey", "key_type": "EC-HSM", "curve": "P-256", **changes}
    checked = PROVIDER.check(olds or {}, given)
    assert checked.failures == []
    return checked.inputs


def test_a_new_key_is_backed_up_and_shows_no_difference(usable_pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "backups" / "mykey.backup"
    wanted = props(usable_pool, backup_to=str(path))
    made = PROVIDER.create(wanted)
    assert made.outs is not None
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert json.loads(manifest_path(path).read_text())["key_id"] == made.outs["key_id"]
    read = PROVIDER.read(made.id, made.outs)
    assert read.outs == made.outs
    content = path.read_bytes()
    assert content.decode()[:40] not in str(made.outs)
    PROVIDER.create(wanted)
    assert path.read_bytes() == content
    keys = Keys(session.current(), usable_pool.uri)
    keys.soft_delete("mykey")
    keys.await_deleted("mykey")
    keys.purge("mykey")
    assert restore(session.current(), usable_pool.uri, content).key_id == made.outs["key_id"]


@pytest.mark.parametrize("loss", ["missing", "altered", "without record", "of an earlier version"])
def test_a_backup_that_is_no_good_shows_and_is_made_anew(
    usable_pool: Pool, tmp_path: Path, loss: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mykey.backup"
    wanted = props(usable_pool, backup_to=str(path))
    made = PROVIDER.create(wanted)
    assert made.outs is not None
    if loss == "missing":
        path.unlink()
    elif loss == "altered":
        path.write_bytes(path.read_bytes() + b"x")
    elif loss == "without record":
        manifest_path(path).unlink()
    else:
        session.current().keys(usable_pool.uri).create_ec_key("mykey", curve="P-256", hardware_protected=True)
    read = PROVIDER.read(made.id, made.outs)
    assert read.outs is not None
    assert read.outs["backup_to"] is None
    assert "the backup of key mykey is missing, altered or of an earlier version" in capsys.readouterr().out
    difference = PROVIDER.diff(made.id, read.outs, props(usable_pool, read.outs, backup_to=str(path)))
    assert (difference.changes, difference.replaces) == (True, [])
    mended = PROVIDER.update(made.id, read.outs, wanted)
    assert mended.outs is not None
    assert PROVIDER.read(made.id, mended.outs).outs == mended.outs
    assert json.loads(manifest_path(path).read_text())["key_id"] == mended.outs["key_id"]
