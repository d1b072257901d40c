"""Keys that come back from a backup, in the pool that they were lost in or in its twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.errors import ConflictError, KeyMaterialError, RequestError
from data_plane.keys import Keys
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination
from dynamic.base import Props
from dynamic.full_backup import FullBackupProvider
from dynamic.key import KeyProvider
from tests.unit.ceremony.support import may_use_keys
from tests.unit.data_plane.support import certificates, make_pool, pool_props
from tests.unit.dynamic.backup_ground import backup_props, give_identity, give_role, make_container

pytestmark = pytest.mark.daemon

PROVIDER = KeyProvider()


@pytest.fixture
def backup(usable_pool: Pool, tmp_path: Path) -> Path:
    """Of the key ``mykey``, which is in the pool no more."""
    made = PROVIDER.create(props(usable_pool)).outs
    assert made is not None
    path = tmp_path / "mykey.backup"
    path.write_bytes(session.current().keys(usable_pool.uri).backup_key("mykey"))
    path.with_suffix(".version").write_text(made["version"])
    keys = Keys(session.current(), usable_pool.uri)
    keys.soft_delete("mykey")
    keys.await_deleted("mykey")
    keys.purge("mykey")
    return path


def props(pool: Pool, olds: Props | None = None, **changes: Any) -> Props:
    given = {**pool_props(pool), "key_name": "mykey", "key_type": "EC-HSM", "curve": "P-256", **changes}
    checked = PROVIDER.check(olds or {}, given)
    assert checked.failures == []
    return checked.inputs


def test_a_lost_key_comes_back_with_its_version_and_shows_no_difference(usable_pool: Pool, backup: Path) -> None:
    wanted = props(usable_pool, restore_from=str(backup), tags={"owner": "crypto"})
    made = PROVIDER.create(wanted)
    assert made.outs is not None
    assert made.outs["version"] == backup.with_suffix(".version").read_text()
    read = PROVIDER.read(made.id, made.outs)
    assert read.outs is not None
    assert read.outs["tags"] == {"owner": "crypto"}
    backup.unlink()
    again = props(usable_pool, made.outs, restore_from=str(backup), tags={"owner": "crypto"})
    assert not PROVIDER.diff(made.id, read.outs, again).changes
    assert PROVIDER.create(again).outs == made.outs


def test_a_key_that_is_there_is_not_restored(usable_pool: Pool, backup: Path) -> None:
    there = PROVIDER.create(props(usable_pool)).outs
    assert there is not None
    made = PROVIDER.create(props(usable_pool, restore_from=str(backup))).outs
    assert made is not None
    assert made["version"] == there["version"] != backup.with_suffix(".version").read_text()


def test_a_backup_of_another_key_is_told(usable_pool: Pool, backup: Path) -> None:
    with pytest.raises(KeyMaterialError, match=r"mykey\.backup: holds the key mykey, .* — give other that name"):
        PROVIDER.create(props(usable_pool, key_name="other", restore_from=str(backup)))


def test_a_backup_of_a_key_of_another_kind_is_told(usable_pool: Pool, backup: Path) -> None:
    with pytest.raises(ConflictError, match=r"exists with curve P-256 instead of P-384"):
        PROVIDER.create(props(usable_pool, curve="P-384", restore_from=str(backup)))


def test_a_backup_of_another_security_domain_is_refused(backup: Path, tmp_path: Path) -> None:
    other = make_pool("other")
    wanted = Wanted(other.id, other.uri, certificates(4, 5, 6), 2, (Destination(tmp_path / "other.json"),))
    Activation(session.current(), wanted).run()
    may_use_keys(other)
    with pytest.raises(RequestError, match="belongs to a different crypto domain"):
        PROVIDER.create(props(other, restore_from=str(backup)))


def test_a_backup_that_is_not_there_is_told_before_anything_is_made(usable_pool: Pool, tmp_path: Path) -> None:
    given = {**pool_props(usable_pool), "key_name": "mykey", "key_type": "EC-HSM", "curve": "P-256"}
    checked = PROVIDER.check({}, {**given, "restore_from": str(tmp_path / "none")})
    assert [each.reason for each in checked.failures] == [f"{tmp_path / 'none'}: there is no such file"]


def _backed_up(pool: Pool, directory: Path) -> str:
    """The folder of a full backup with the key ``mykey``, which has been purged since."""
    make_container()
    give_role(give_identity(pool))
    PROVIDER.create(props(pool))
    made = FullBackupProvider().create(backup_props(pool, directory)).outs
    assert made is not None
    return str(made["folder_url"])


def test_a_purged_key_comes_back_from_a_full_backup_and_nothing_else_does(usable_pool: Pool, tmp_path: Path) -> None:
    PROVIDER.create(props(usable_pool, key_name="other"))
    folder, keys = _backed_up(usable_pool, tmp_path), Keys(session.current(), usable_pool.uri)
    before = keys.find("mykey")
    for name in ("mykey", "other"):
        keys.soft_delete(name)
        keys.await_deleted(name)
        keys.purge(name)
    made = PROVIDER.create(props(usable_pool, restore_from_backup=folder, tags={"owner": "crypto"}))
    assert before is not None
    assert made.outs is not None
    assert (made.outs["version"], made.outs["tags"]) == (before.version, {"owner": "crypto"})
    assert keys.find("other") is None
    again = props(usable_pool, made.outs, restore_from_backup=folder, tags={"owner": "crypto"})
    assert not PROVIDER.diff(made.id, made.outs, again).changes


def test_a_soft_deleted_key_is_recovered_and_not_restored(
    usable_pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, keys = _backed_up(usable_pool, tmp_path), Keys(session.current(), usable_pool.uri)
    before = keys.find("mykey")
    keys.soft_delete("mykey")
    keys.await_deleted("mykey")
    capsys.readouterr()
    made = PROVIDER.create(props(usable_pool, restore_from_backup=folder))
    assert before is not None
    assert made.outs is not None
    assert made.outs["version"] == before.version
    assert "recovering the identical key that was deleted" in capsys.readouterr().out


def test_a_key_that_the_full_backup_does_not_hold_is_told(usable_pool: Pool, tmp_path: Path) -> None:
    folder = _backed_up(usable_pool, tmp_path)
    with pytest.raises(RequestError, match="failed: Key younger is not in the backup provided"):
        PROVIDER.create(props(usable_pool, key_name="younger", restore_from_backup=folder))
