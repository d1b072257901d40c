"""Full backups as a resource, against the whole local Azure."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from data_plane import session
from data_plane.errors import CustodyError, RequestError
from data_plane.pool import Pool
from data_plane.pool_operations import PoolOperations
from dynamic.base import Props
from dynamic.full_backup import FullBackupProvider
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, make_pool
from tests.unit.dynamic.backup_ground import (
    CONTAINER_URL,
    backup_props,
    give_identity,
    give_role,
    make_container,
)

pytestmark = pytest.mark.daemon

PROVIDER = FullBackupProvider()


@pytest.fixture
def backed_pool(usable_pool: Pool) -> Pool:
    """A pool whose identity may write into the container."""
    make_container()
    give_role(give_identity(usable_pool))
    return usable_pool


def checked(props: Props, olds: Props | None = None) -> Props:
    result = PROVIDER.check(olds or {}, props)
    assert result.failures == []
    return result.inputs


def made_of(pool: Pool, directory: Path, **changes: Any) -> Props:
    outs = PROVIDER.create(checked(backup_props(pool, directory, **changes))).outs
    assert outs is not None
    return outs


def posts(azure: Azure) -> int:
    """How many backups were begun."""
    begun = ("POST", "/backup", 202)
    return sum(1 for each in azure.control.log() if (each["method"], each["path"], each["status"]) == begun)


def test_a_backup_is_made_once_for_a_trigger_and_again_for_another(backed_pool: Pool, tmp_path: Path) -> None:
    first = made_of(backed_pool, tmp_path)
    assert first["folder_url"].startswith(f"{CONTAINER_URL}/mhsm-{backed_pool.name}-")
    same = checked(backup_props(backed_pool, tmp_path), first)
    assert not PROVIDER.diff("id", first, same).changes
    other = checked(backup_props(backed_pool, tmp_path, trigger="second"), first)
    difference = PROVIDER.diff("id", first, other)
    assert difference.changes
    assert not difference.replaces
    second = PROVIDER.update("id", first, other).outs
    assert second is not None
    assert second["folder_url"] != first["folder_url"]
    assert second["earlier_folders"] == [first["folder_url"]]


def test_what_a_killed_run_had_begun_is_waited_for_and_not_begun_twice(
    backed_pool: Pool, tmp_path: Path, signed_in: Azure
) -> None:
    props = checked(backup_props(backed_pool, tmp_path))
    first = made_of(backed_pool, tmp_path)
    # The state of the first run is lost; its note is not.
    again = PROVIDER.create(props).outs
    assert again is not None
    assert (again["job_id"], again["folder_url"]) == (first["job_id"], first["folder_url"])
    assert posts(signed_in) == 1


def test_a_trigger_that_was_there_before_makes_another_backup(
    backed_pool: Pool, tmp_path: Path, signed_in: Azure
) -> None:
    made = made_of(backed_pool, tmp_path)
    folders = [made["folder_url"]]
    for trigger in ("second", made["trigger"]):
        signed_in.control.move_clock(60)
        updated = PROVIDER.update("id", made, checked(backup_props(backed_pool, tmp_path, trigger=trigger), made)).outs
        assert updated is not None
        made = updated
        folders.append(made["folder_url"])
    assert len(set(folders)) == 3
    assert posts(signed_in) == 3


def test_an_update_that_was_killed_is_taken_up(backed_pool: Pool, tmp_path: Path, signed_in: Azure) -> None:
    first = made_of(backed_pool, tmp_path)
    signed_in.control.move_clock(60)
    wanted = checked(backup_props(backed_pool, tmp_path, trigger="second"), first)
    killed, again = PROVIDER.update("id", first, wanted).outs, PROVIDER.update("id", first, wanted).outs
    assert killed is not None
    assert again is not None
    assert again["job_id"] == killed["job_id"]
    assert posts(signed_in) == 2


def test_a_backup_that_was_taken_out_of_the_stack_is_made_anew_when_it_comes_back(
    backed_pool: Pool, tmp_path: Path, signed_in: Azure
) -> None:
    first = made_of(backed_pool, tmp_path)
    PROVIDER.delete("id", first)
    assert made_of(backed_pool, tmp_path)["job_id"] != first["job_id"]
    assert posts(signed_in) == 2


def test_a_backup_that_is_under_way_is_waited_for(
    backed_pool: Pool, tmp_path: Path, signed_in: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in.control.set_latency(0.1)
    signed_in.control.move_clock(10)  # the role has spread
    begun: list[str] = []

    def killed(_self: PoolOperations, operation: Any, _subject: str) -> None:
        begun.append(operation.job_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PoolOperations, "finished", killed)
        with pytest.raises(KeyboardInterrupt):
            made_of(backed_pool, tmp_path)
    assert made_of(backed_pool, tmp_path)["job_id"] == begun[0]


def test_somebody_else_s_operation_is_waited_for(backed_pool: Pool, tmp_path: Path, signed_in: Azure) -> None:
    signed_in.control.set_latency(0.1)
    signed_in.control.move_clock(10)  # the role has spread
    other = PoolOperations(session.current(), backed_pool.uri).begin_backup(CONTAINER_URL)
    assert made_of(backed_pool, tmp_path)["job_id"] != other.job_id


def test_the_note_says_nothing_secret_and_only_its_owner_reads_it(backed_pool: Pool, tmp_path: Path) -> None:
    made_of(backed_pool, tmp_path)
    path = tmp_path / "operations.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"hsm_id", "hsm_created_at", "jobs"}


def test_nothing_is_begun_that_could_not_be_noted(backed_pool: Pool, tmp_path: Path, signed_in: Azure) -> None:
    (tmp_path / "operations.json").mkdir()
    with pytest.raises(CustodyError, match=r"operations\.json"):
        made_of(backed_pool, tmp_path)
    assert posts(signed_in) == 0


def test_the_note_of_an_earlier_pool_of_that_name_counts_for_nothing(backed_pool: Pool, tmp_path: Path) -> None:
    first = made_of(backed_pool, tmp_path)
    path = tmp_path / "operations.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "hsm_created_at": "2020-01-01T00:00:00.0000000Z"}))
    assert made_of(backed_pool, tmp_path)["job_id"] != first["job_id"]
    path.write_text("{broken")
    assert made_of(backed_pool, tmp_path)["job_id"] != first["job_id"]


def test_what_storage_refuses_is_told_with_the_way_out(usable_pool: Pool, tmp_path: Path) -> None:
    make_container()
    with pytest.raises(RequestError, match="No user-assigned managed identity"):
        made_of(usable_pool, tmp_path)
    identity = give_identity(usable_pool)
    with pytest.raises(RequestError, match=r"AuthorizationPermissionMismatch — .*Storage Blob Data Contributor"):
        made_of(usable_pool, tmp_path)
    give_role(identity)
    assert made_of(usable_pool, tmp_path)["folder_url"]


def test_a_role_that_this_run_gave_may_take_its_time(usable_pool: Pool, tmp_path: Path, signed_in: Azure) -> None:
    make_container()
    signed_in.control.set_latency(0.03)
    give_role(give_identity(usable_pool))
    assert made_of(usable_pool, tmp_path, role_is_new=True)["folder_url"]


def test_a_start_whose_answer_was_lost_ends_in_one_more_backup_at_most(
    backed_pool: Pool, tmp_path: Path, signed_in: Azure
) -> None:
    signed_in.control.add_fault("status", path="/backup", status=503, count=1)
    with pytest.raises(Exception, match="503"):
        made_of(backed_pool, tmp_path)
    assert made_of(backed_pool, tmp_path)["folder_url"]


def test_a_refresh_finds_it_while_the_pool_is_there(backed_pool: Pool, tmp_path: Path) -> None:
    made = made_of(backed_pool, tmp_path)
    read = PROVIDER.read("id", made)
    assert read.outs == made
    assert not PROVIDER.diff("id", made, checked(backup_props(backed_pool, tmp_path), made)).changes
    delete_pool()
    assert PROVIDER.read("id", made).outs == {}


def test_deleting_it_leaves_the_backup_and_says_where(
    backed_pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = made_of(backed_pool, tmp_path)
    PROVIDER.delete("id", made)
    assert made["folder_url"] in capsys.readouterr().out


def test_another_pool_means_another_backup(backed_pool: Pool, tmp_path: Path) -> None:
    made = made_of(backed_pool, tmp_path)
    other = make_pool("az400other")
    wanted = checked(backup_props(other, tmp_path), made)
    assert PROVIDER.diff("id", made, wanted).replaces
