"""A new pool that takes in the security domain of another one instead of a new one, step by step and after kills."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import pytest

from ceremony.command_line import main
from data_plane import pool as pools
from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.errors import CustodyError, DataPlaneError, RequestError
from data_plane.key_use import restore
from data_plane.pool import Pool
from data_plane.recovered_domain import transfer_key_path
from data_plane.security_domain_file import Destination, attempt_path, manifest_path
from tests.support import Azure
from tests.unit.ceremony.support import custodians_open, may_use_keys, write_custodian
from tests.unit.data_plane.blob_ground import Custody
from tests.unit.data_plane.support import certificates, make_pool

pytestmark = pytest.mark.daemon


class Killed(BaseException):
    """The end of a process."""


@pytest.fixture
def lost(pool: Pool, tmp_path: Path) -> Path:
    """The security domain of a pool, and two of its custodians' keys beside it."""
    wanted = Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(tmp_path / "sd.json"),))
    Activation(session.current(), wanted).run()
    for number in (1, 2):
        write_custodian(tmp_path, number)
    return tmp_path / "sd.json"


def take_in(target: Pool, blob: Path, said: list[str] | None = None) -> None:
    """One run towards a pool that was recovered and belongs to other custodians."""
    path = blob.with_name("recovered-sd.json")
    wanted = Wanted(target.id, target.uri, certificates(4, 5, 6), 2, (Destination(path),), recover_from=blob)
    Activation(session.current(), wanted, say=(said if said is not None else []).append).run()


def quorum_makes(blob: Path, domain: Path) -> None:
    keys = [str(domain.with_name(f"custodian-{number}.key")) for number in (1, 2)]
    transfer = str(transfer_key_path(blob))
    assert main(["recover", str(domain), "--transfer-key", transfer, "--key", *keys, "--output", str(blob)]) == 0


def is_active(target: Pool) -> bool:
    found = pools.read(session.current(), target.id)
    return found is not None and found.activation_status == pools.ACTIVE


def test_up_says_what_the_quorum_has_to_do_and_the_next_one_ends_with_the_first_pools_twin(
    pool: Pool, lost: Path, tmp_path: Path
) -> None:
    may_use_keys(pool)
    keys = session.current().keys(pool.uri)
    made = keys.create_rsa_key("myrsakey", size=2048, hardware_protected=True)
    backup = keys.backup_key("myrsakey")
    target, blob = make_pool("recovered"), tmp_path / "restore.json"

    with pytest.raises(CustodyError, match=r"recovered: waits for a security domain; .* — have a quorum make") as info:
        take_in(target, blob)
    assert f"python -m ceremony recover SECURITY-DOMAIN.json --transfer-key {transfer_key_path(blob)}" in str(
        info.value
    )
    assert not is_active(target)
    transfer = transfer_key_path(blob).read_bytes()
    with pytest.raises(CustodyError, match="waits for a security domain"):
        take_in(target, blob)
    assert transfer_key_path(blob).read_bytes() == transfer

    quorum_makes(blob, lost)
    said: list[str] = []
    take_in(target, blob, said)
    assert said[0] == f"recovered: taking in {blob}"
    assert is_active(target)
    own = tmp_path / "recovered-sd.json"
    assert custodians_open(own, 4, 5, 6)
    assert json.loads(manifest_path(own).read_text())["hsm_id"] == target.id
    assert not attempt_path(own).exists()
    may_use_keys(target)
    assert restore(session.current(), target.uri, backup).version == made.properties.version
    content = own.read_bytes()
    take_in(target, blob)
    assert own.read_bytes() == content


def test_transfer_key_and_answer_may_lie_in_blobs_so_that_nobody_shares_a_computer(
    lost: Path, signed_in: Azure, tmp_path: Path
) -> None:
    custody, target = Custody(signed_in), make_pool("recovered")
    blob, home = custody.place.with_name("restore.json"), tmp_path / "quorum" / "restore.json"
    wanted = Wanted(target.id, target.uri, certificates(4, 5, 6), 2, (Destination(custody.place),), recover_from=blob)
    for _ in range(2):
        with pytest.raises(CustodyError, match=r"its transfer key is at https://.*/restore.json.transfer-key.json"):
            Activation(session.current(), wanted).run()
    home.parent.mkdir()
    transfer_key_path(home).write_bytes(custody.content("contoso/restore.json.transfer-key.json"))
    quorum_makes(home, lost)
    custody.container.upload_blob("contoso/restore.json", home.read_bytes())
    Activation(session.current(), wanted).run()
    assert is_active(target)
    assert custody.opens(tmp_path, 4, 5, 6)
    assert custody.manifest_is_of(target)


@pytest.mark.parametrize("step", ["_await", "_upload"])
def test_a_process_killed_around_the_upload_costs_nothing(
    lost: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target, blob = make_pool("recovered"), tmp_path / "restore.json"
    with pytest.raises(CustodyError):
        take_in(target, blob)
    quorum_makes(blob, lost)
    with monkeypatch.context() as patched:
        patched.setattr(f"data_plane.recovery.{step}", die)
        with pytest.raises(Killed):
            take_in(target, blob)
    take_in(target, blob)
    assert is_active(target)
    assert custodians_open(tmp_path / "recovered-sd.json", 4, 5, 6)


def test_a_run_that_arm_lags_behind_goes_on_where_the_killed_one_ended(
    lost: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, blob = make_pool("recovered"), tmp_path / "restore.json"
    with pytest.raises(CustodyError):
        take_in(target, blob)
    quorum_makes(blob, lost)
    with monkeypatch.context() as patched:
        patched.setattr(Activation, "_download", die)
        with pytest.raises(Killed):
            take_in(target, blob)
    assert is_active(target)
    with monkeypatch.context() as patched:
        patched.setattr(pools, "read", lambda *_: target)
        take_in(target, blob)
    assert custodians_open(tmp_path / "recovered-sd.json", 4, 5, 6)


def test_a_failure_between_upload_and_download_costs_nothing(lost: Path, tmp_path: Path, signed_in: Azure) -> None:
    target, blob = make_pool("recovered"), tmp_path / "restore.json"
    with pytest.raises(CustodyError):
        take_in(target, blob)
    quorum_makes(blob, lost)
    signed_in.control.add_fault("status", status=403, code="AccessDenied", path="/securitydomain/download$", count=None)
    with pytest.raises(DataPlaneError, match="AccessDenied"):
        take_in(target, blob)
    assert is_active(target)
    signed_in.control.clear_faults()
    take_in(target, blob)
    assert custodians_open(tmp_path / "recovered-sd.json", 4, 5, 6)


def test_a_blob_for_an_earlier_pool_is_told_before_it_is_sent(lost: Path, tmp_path: Path) -> None:
    target, blob = make_pool("recovered"), tmp_path / "restore.json"
    with pytest.raises(CustodyError):
        take_in(target, blob)
    quorum_makes(blob, lost)
    path = transfer_key_path(blob)
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "hsm_created_at": "2020-01-01T00:00:00Z"}))
    with pytest.raises(CustodyError, match=r"restore\.json: was made for an earlier pool — move it away"):
        take_in(target, blob)
    assert json.loads(path.read_text())["hsm_created_at"] == target.created_at
    assert not is_active(target)


def test_a_blob_that_the_pool_refuses_is_one_line(lost: Path, tmp_path: Path) -> None:
    other, blob = make_pool("other"), tmp_path / "restore.json"
    with pytest.raises(CustodyError):
        take_in(other, blob)
    quorum_makes(blob, lost)
    transfer_key_path(blob).unlink()
    target = make_pool("recovered")
    with pytest.raises(RequestError, match="transfer key"):
        take_in(target, blob)
    assert not is_active(target)


def die(*_: object) -> NoReturn:
    raise Killed
