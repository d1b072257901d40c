"""Full restores as a resource, against the whole local Azure, whose clock the tests move."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from data_plane import pool as pools
from data_plane import role_assignments, session
from data_plane.activation import Activation, Wanted
from data_plane.errors import ConflictError, ForbiddenError, RequestError
from data_plane.keys import Keys
from data_plane.pool import Pool
from data_plane.pool_operations import Operation, PoolOperations
from data_plane.security_domain_file import Destination
from dynamic.base import Props
from dynamic.full_backup import FullBackupProvider
from dynamic.full_restore import FullRestoreProvider
from dynamic.key import KeyProvider
from tests.support import Azure
from tests.unit.data_plane.support import certificates, make_pool
from tests.unit.dynamic.backup_ground import backup_props, give_identity, give_role, make_container, restore_props
from tests.unit.dynamic.test_restored_key import props as key_props

pytestmark = pytest.mark.daemon

PROVIDER = FullRestoreProvider()
HALF_AN_HOUR = 30 * 60 + 10


@pytest.fixture
def folder(usable_pool: Pool, tmp_path: Path) -> str:
    """A backup of a pool with the key ``mykey``."""
    make_container()
    give_role(give_identity(usable_pool))
    KeyProvider().create(key_props(usable_pool))
    made = FullBackupProvider().create(backup_props(usable_pool, tmp_path)).outs
    assert made is not None
    return str(made["folder_url"])


def checked(props: Props, olds: Props | None = None) -> Props:
    result = PROVIDER.check(olds or {}, props)
    assert result.failures == []
    return result.inputs


class Later:
    """Moves the clock of the local Azure as soon as the provider says that it waits."""

    def __init__(self, azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self._azure = azure
        monkeypatch.setattr("dynamic.full_backup.tell", self._tell)

    def _tell(self, line: str) -> None:
        self.lines.append(line)
        if "waiting until" in line:
            threading.Timer(0.3, self._azure.control.move_clock, [HALF_AN_HOUR]).start()


@pytest.fixture
def later(signed_in: Azure, monkeypatch: pytest.MonkeyPatch) -> Later:
    return Later(signed_in, monkeypatch)


def restores(azure: Azure, path: str = "/restore") -> int:
    """How many were begun."""
    begun = ("PUT", path, 202)
    return sum(1 for each in azure.control.log() if (each["method"], each["path"], each["status"]) == begun)


def test_a_restore_makes_the_pool_s_own_backup_first_waits_its_half_hour_and_replaces_everything(
    usable_pool: Pool, folder: str, tmp_path: Path, later: Later
) -> None:
    keys = Keys(session.current(), usable_pool.uri)
    KeyProvider().create(key_props(usable_pool, key_name="younger"))
    made = PROVIDER.create(checked(restore_props(usable_pool, folder, tmp_path))).outs
    assert made is not None
    assert made["restored_at"]
    assert keys.find("mykey") is not None
    assert keys.find("younger") is None
    own, waiting = [each for each in later.lines if "own backup" in each]
    assert "to come back to: https://" in own
    assert "30 minutes after the pool's own backup: waiting until" in waiting


@pytest.mark.usefixtures("later")
def test_a_restore_is_done_once_and_taken_up_after_a_kill(
    usable_pool: Pool, folder: str, tmp_path: Path, signed_in: Azure
) -> None:
    props = checked(restore_props(usable_pool, folder, tmp_path))
    first = PROVIDER.create(props).outs
    assert first is not None
    KeyProvider().create(key_props(usable_pool, key_name="younger"))
    again = PROVIDER.create(props).outs
    assert again is not None
    assert again["job_id"] == first["job_id"]
    assert Keys(session.current(), usable_pool.uri).find("younger") is not None
    assert restores(signed_in) == 1
    assert not PROVIDER.diff("id", first, checked(restore_props(usable_pool, folder, tmp_path), first)).changes


@pytest.mark.usefixtures("later")
def test_another_trigger_restores_the_same_backup_again(usable_pool: Pool, folder: str, tmp_path: Path) -> None:
    first = PROVIDER.create(checked(restore_props(usable_pool, folder, tmp_path))).outs
    assert first is not None
    wanted = checked(restore_props(usable_pool, folder, tmp_path, trigger="once more"), first)
    assert PROVIDER.diff("id", first, wanted).changes
    session.forget()  # an hour later by the service's clock
    second = PROVIDER.update("id", first, wanted).outs
    assert second is not None
    assert second["job_id"] != first["job_id"]


def test_a_trigger_that_was_there_before_restores_again_after_another_backup_of_its_own(
    usable_pool: Pool, folder: str, tmp_path: Path, later: Later, signed_in: Azure
) -> None:
    first = done = PROVIDER.create(checked(restore_props(usable_pool, folder, tmp_path))).outs
    for trigger in ("once more", ""):
        session.forget()  # an hour later by the service's clock
        assert done is not None
        wanted = checked(restore_props(usable_pool, folder, tmp_path, trigger=trigger), done)
        done = PROVIDER.update("id", done, wanted).outs
    assert first is not None
    assert done is not None
    assert done["job_id"] != first["job_id"]
    assert restores(signed_in) == 3
    assert len({line for line in later.lines if "to come back to" in line}) == 3


def test_a_restore_that_was_taken_out_of_the_stack_is_done_anew_when_it_comes_back(
    usable_pool: Pool, folder: str, tmp_path: Path, later: Later, signed_in: Azure
) -> None:
    wanted = checked(restore_props(usable_pool, folder, tmp_path))
    first = PROVIDER.create(wanted).outs
    assert first is not None
    session.forget()  # an hour later by the service's clock
    PROVIDER.delete("id", first)
    PROVIDER.create(wanted)
    assert restores(signed_in) == 2
    assert len({line for line in later.lines if "to come back to" in line}) == 2


def test_a_stale_backup_of_the_pool_itself_is_made_anew(
    usable_pool: Pool, folder: str, tmp_path: Path, later: Later, signed_in: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = checked(restore_props(usable_pool, folder, tmp_path))

    def killed(_self: PoolOperations, _folder: str) -> Operation:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(PoolOperations, "begin_restore_check", killed)
        with pytest.raises(KeyboardInterrupt):
            PROVIDER.create(wanted)
    signed_in.control.move_clock(3 * 3600)
    session.forget()
    PROVIDER.create(wanted)
    assert len({line for line in later.lines if "to come back to" in line}) == 2


@pytest.mark.usefixtures("later")
def test_what_cannot_be_restored_is_found_out_before_anything_changes(
    usable_pool: Pool, folder: str, tmp_path: Path, signed_in: Azure
) -> None:
    wrong = f"{folder.rpartition('/')[0]}/mhsm-nothing-2026010100000000"
    with pytest.raises(RequestError, match=r"Invalid backup provided — .*another security domain"):
        PROVIDER.create(checked(restore_props(usable_pool, wrong, tmp_path)))
    assert (restores(signed_in), restores(signed_in, "/prerestore")) == (0, 1)
    assert Keys(session.current(), usable_pool.uri).find("mykey") is not None


@pytest.mark.usefixtures("later")
def test_a_backup_of_another_security_domain_is_refused_before_anything_changes(
    folder: str, tmp_path: Path, signed_in: Azure
) -> None:
    stranger = make_pool("az400other")
    destinations = (Destination(tmp_path / "other.json"),)
    Activation(session.current(), Wanted(stranger.id, stranger.uri, certificates(1, 2, 3), 2, destinations)).run()
    give_identity(stranger)
    with pytest.raises(RequestError, match=r"Invalid backup provided — .*of another security domain"):
        PROVIDER.create(checked(restore_props(stranger, folder, tmp_path / "other")))
    assert restores(signed_in) == 0


def test_while_it_lasts_resource_manager_shows_it_and_a_key_cannot_be_asked_for(
    usable_pool: Pool, folder: str, signed_in: Azure
) -> None:
    def state() -> str:
        found = session.current().resource_manager_get(usable_pool.id, pools.API_VERSION)
        return str(found["properties"]["provisioningState"])

    signed_in.control.move_clock(HALF_AN_HOUR)
    signed_in.control.set_latency(1.0)
    operations = PoolOperations(session.current(), usable_pool.uri)
    begun = operations.begin_restore(folder)
    assert state() == "Restoring"
    with pytest.raises(ConflictError, match="in restore mode"):
        Keys(session.current(), usable_pool.uri).find("mykey")
    signed_in.control.move_clock(60)
    ended = operations.find("restore", begun.job_id)
    assert ended is not None
    assert ended.succeeded
    assert state() == "Succeeded"


def test_it_says_in_words_what_it_destroys_and_wants_the_pool_s_name(
    usable_pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    props = restore_props(usable_pool, "https://a.blob.core.windows.net/c/mhsm-x-1", tmp_path, overwrite=None)
    (failure,) = PROVIDER.check({}, props).failures
    words = ("everything that is in the pool now is taken away", "role assignments", "half an hour after a backup")
    for word in words:
        assert word in failure.reason
    assert f"managed-hsm:restore.overwrite: {usable_pool.name}" in failure.reason
    assert PROVIDER.check({}, {**props, "overwrite": "another"}).failures
    capsys.readouterr()
    checked({**props, "overwrite": usable_pool.name})
    said = capsys.readouterr().out
    assert all(word in said for word in words)


def test_the_confirmation_may_go_once_it_is_done(
    usable_pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = restore_props(usable_pool, "https://a.blob.core.windows.net/c/mhsm-x-1", tmp_path)
    capsys.readouterr()
    checked({**done, "overwrite": None}, done)
    assert capsys.readouterr().out == ""
    other = {**done, "overwrite": None, "folder": "https://a.blob.core.windows.net/c/mhsm-x-2"}
    assert PROVIDER.check(done, other).failures


@pytest.mark.usefixtures("later")
def test_a_restore_that_takes_the_caller_s_own_role_away_says_so(
    usable_pool: Pool, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PoolOperations.finished

    def refused(self: PoolOperations, begun: Operation, subject: str) -> Any:
        if subject.startswith("full restore"):
            raise ForbiddenError("x: 403 AccessDenied: Not authorized", status=403, code="AccessDenied")
        return whole(self, begun, subject)

    monkeypatch.setattr(PoolOperations, "finished", refused)
    with pytest.raises(ForbiddenError, match="brought the roles of the pool that was backed up"):
        PROVIDER.create(checked(restore_props(usable_pool, folder, tmp_path)))


@pytest.mark.usefixtures("later")
def test_role_assignments_since_the_backup_are_gone(usable_pool: Pool, folder: str, tmp_path: Path) -> None:
    before = role_assignments.at_scope(session.current(), usable_pool.uri, "/")
    stranger = "9c1f04a7-52d8-4b3e-8e60-7a1d2c9b5f48"
    wanted = role_assignments.Assignment(
        "11111111-2222-4333-8444-555555555555", before[0].role_definition_id, stranger, "/"
    )
    role_assignments.ensure(session.current(), usable_pool.uri, wanted)
    PROVIDER.create(checked(restore_props(usable_pool, folder, tmp_path)))
    after = role_assignments.at_scope(session.current(), usable_pool.uri, "/")
    assert {each.name for each in after} == {each.name for each in before}
