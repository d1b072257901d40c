"""Activation against a local Azure: what a first run does, and how later runs find their way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from data_plane import pool as pools
from data_plane import session
from data_plane.activation import Activation, Result, Wanted
from data_plane.durable_files import sha256_of
from data_plane.errors import CustodyError, DeadlineError, ForbiddenError
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination, attempt_path, look, manifest_path
from tests.support import Azure
from tests.unit.data_plane.support import FakeClock, certificates, delete_pool, make_pool

pytestmark = pytest.mark.daemon


def wanted_for(pool: Pool, *paths: Path, custodians: tuple[int, ...] = (1, 2, 3), quorum: int = 2) -> Wanted:
    return Wanted(
        hsm_id=pool.id,
        hsm_uri=pool.uri,
        custodians=certificates(*custodians),
        quorum=quorum,
        destinations=tuple(Destination(path) for path in paths),
    )


def activate(wanted: Wanted, said: list[str] | None = None) -> Result:
    return Activation(session.current(), wanted, say=(said if said is not None else []).append).run()


def test_a_first_run_activates_and_keeps_the_file_with_its_manifest(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd" / "az400popMHSM-SD.json"
    result = activate(wanted_for(pool, path))
    again = pools.read(session.current(), pool.id)
    assert again is not None
    assert again.activation_status == pools.ACTIVE
    content = path.read_bytes()
    assert json.loads(content)["SharedKeys"]["required"] == 2
    assert sha256_of(content) == result.manifest.sha256
    assert path.stat().st_mode & 0o777 == 0o600
    manifest = json.loads(manifest_path(path).read_text())
    assert manifest["hsm_created_at"] == pool.created_at
    assert [each["name"] for each in manifest["custodians"]] == ["custodian-1", "custodian-2", "custodian-3"]
    assert not attempt_path(path).exists()


def test_a_second_activation_adopts_the_file_on_disk(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    first = activate(wanted_for(pool, path))
    content = path.read_bytes()
    assert activate(wanted_for(pool, path)).manifest == first.manifest
    assert path.read_bytes() == content
    assert sorted(each.name for each in tmp_path.iterdir()) == ["sd.json", "sd.json.lock", "sd.json.manifest.json"]


def test_a_new_destination_gets_a_copy(pool: Pool, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two" / "two.json"
    activate(wanted_for(pool, one))
    activate(wanted_for(pool, one, two))
    assert two.read_bytes() == one.read_bytes()
    assert manifest_path(two).read_bytes() == manifest_path(one).read_bytes()


def test_a_copy_is_taken_from_a_destination_of_an_earlier_run(pool: Pool, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    activate(wanted_for(pool, one))
    activate(replace(wanted_for(pool, two), sources=(one,)))
    assert two.read_bytes() == one.read_bytes()


def test_a_lost_file_of_an_active_pool_stops_with_the_way_out(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    activate(wanted_for(pool, path))
    path.unlink()
    with pytest.raises(CustodyError, match=r"is missing — .*reissue to az400popMHSM"):
        activate(wanted_for(pool, path))
    assert not path.exists()


def test_an_altered_file_is_not_taken_for_the_security_domain(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    activate(wanted_for(pool, path))
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CustodyError, match="not the file of its manifest"):
        activate(wanted_for(pool, path))


def test_a_file_of_an_earlier_pool_of_that_name_is_kept_and_not_taken_for_this_ones(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    activate(wanted_for(pool, path))
    earlier = path.read_bytes()
    delete_pool()
    second = make_pool()
    assert second.created_at != pool.created_at
    said: list[str] = []
    activate(wanted_for(second, path), said)
    assert path.read_bytes() != earlier
    kept = [each for each in tmp_path.iterdir() if each.name.startswith("sd.json.2") and "manifest" not in each.name]
    assert [each.read_bytes() for each in kept] == [earlier]
    assert json.loads(manifest_path(kept[0]).read_text())["hsm_created_at"] == pool.created_at
    assert any("is kept as" in line for line in said)


def test_an_active_pool_with_the_file_of_an_earlier_one_stops(pool: Pool, tmp_path: Path) -> None:
    path, other = tmp_path / "sd.json", tmp_path / "other.json"
    activate(wanted_for(pool, path))
    delete_pool()
    second = make_pool()
    activate(wanted_for(second, other))
    with pytest.raises(CustodyError, match=f"this pool was created at {second.created_at}"):
        activate(wanted_for(second, path))


def test_other_custodians_are_refused_and_a_reissue_keeps_the_earlier_file(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    activate(wanted_for(pool, path))
    earlier = path.read_bytes()
    changed = wanted_for(pool, path, custodians=(2, 3, 4), quorum=3)
    with pytest.raises(CustodyError, match="other custodians or another quorum"):
        activate(changed)
    assert path.read_bytes() == earlier
    result = activate(replace(changed, reissue=True))
    assert json.loads(path.read_text())["SharedKeys"]["required"] == 3
    assert earlier in [each.read_bytes() for each in tmp_path.iterdir() if each.name.startswith("sd.json.2")]
    assert activate(replace(changed, reissue=True)).manifest == result.manifest


def test_a_failing_place_is_an_error_and_nothing_is_activated(pool: Pool, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(CustodyError, match=r"file: cannot be written"):
        activate(wanted_for(pool, tmp_path / "sd.json", blocked / "sd.json"))
    again = pools.read(session.current(), pool.id)
    assert again is not None
    assert again.activation_status == pools.NOT_ACTIVATED


def test_an_optional_place_may_fail(pool: Pool, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    wanted = wanted_for(pool, tmp_path / "sd.json")
    wanted = replace(wanted, destinations=(*wanted.destinations, Destination(blocked / "sd.json", optional=True)))
    said: list[str] = []
    assert activate(wanted, said).files == (tmp_path / "sd.json",)
    assert any(line.startswith("optional destination:") for line in said)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_failing_answers_while_waiting_are_borne(pool: Pool, signed_in: Azure, tmp_path: Path, status: int) -> None:
    signed_in.control.add_fault("status", status=status, count=2, method="GET", path="/securitydomain/download/pending")
    activate(wanted_for(pool, tmp_path / "sd.json"))
    assert (tmp_path / "sd.json").exists()


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
@pytest.mark.parametrize("path", ["/securitydomain/download$", "/securitydomain/download/pending"])
def test_dropped_connections_cost_nothing(pool: Pool, signed_in: Azure, tmp_path: Path, kind: str, path: str) -> None:
    signed_in.control.add_fault(kind, path=path, skip=1)
    activate(wanted_for(pool, tmp_path / "sd.json"))
    assert look(tmp_path / "sd.json").whole


def test_a_failed_activation_says_why_and_the_next_run_activates_again(
    pool: Pool, signed_in: Azure, tmp_path: Path
) -> None:
    path = tmp_path / "sd.json"
    signed_in.control.fail_activations(True)
    with pytest.raises(CustodyError, match=r"az400popMHSM: the activation failed: .+ — run again; the file is kept"):
        activate(wanted_for(pool, path))
    first = path.read_bytes()
    signed_in.control.fail_activations(False)
    activate(wanted_for(pool, path))
    assert look(path).whole
    assert first in [each.read_bytes() for each in tmp_path.iterdir() if each.name.startswith("sd.json.2")]


def test_a_poll_that_never_ends_ends_at_the_deadline_with_the_last_answer(
    pool: Pool, signed_in: Azure, tmp_path: Path
) -> None:
    signed_in.control.add_fault(
        "status",
        status=200,
        body={"status": "InProgress", "status_details": "The Security Domain is being confirmed."},
        path="/securitydomain/download/pending",
        count=None,
    )
    clock, path = FakeClock(), tmp_path / "sd.json"
    with pytest.raises(DeadlineError, match=r"activation: not done within 1800 seconds; .* is being confirmed"):
        Activation(session.current(), wanted_for(pool, path), clock=clock).run()
    assert look(path).whole
    assert clock.now == pytest.approx(1800)
    signed_in.control.clear_faults()
    activate(wanted_for(pool, path))


def test_a_caller_who_may_not_activate_is_told_and_leaves_no_mark(pool: Pool, signed_in: Azure, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    signed_in.control.add_fault(
        "status",
        status=403,
        code="AccessDenied",
        message="Not authorized to access Microsoft.KeyVault/managedHsm/securitydomain/download/action on /",
        path="/securitydomain/download$",
    )
    with pytest.raises(ForbiddenError, match=r"securitydomain/download/action on / — give this principal"):
        activate(wanted_for(pool, path))
    assert not attempt_path(path).exists()
    assert not path.exists()


def test_a_pool_that_does_not_exist_is_named(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(CustodyError, match="other: there is no such pool"):
        activate(replace(wanted_for(pool, tmp_path / "sd.json"), hsm_id=pool.id.replace(pool.name, "other")))


def handed_over(wanted: Wanted) -> Wanted:
    return replace(wanted, destinations=tuple(replace(each, handed_over=True) for each in wanted.destinations))


def test_a_file_in_custody_is_known_by_its_record_and_nothing_is_written(pool: Pool, tmp_path: Path) -> None:
    path, custody = tmp_path / "here" / "sd.json", tmp_path / "custody"
    wanted = wanted_for(pool, path)
    first = activate(wanted)
    path.parent.rename(custody)
    result = activate(replace(handed_over(wanted), known=first.manifest))
    assert (result.manifest, result.files) == (first.manifest, ())
    assert not path.parent.exists()
    with pytest.raises(CustodyError, match="say handedOver: true"):
        activate(replace(wanted, known=first.manifest))


def test_a_place_that_cannot_even_be_looked_at_may_be_handed_over(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "drive" / "sd.json"
    wanted = wanted_for(pool, path)
    first = activate(wanted)
    path.parent.rename(tmp_path / "custody")
    path.parent.write_text("no directory any more")
    assert activate(replace(handed_over(wanted), known=first.manifest)).manifest == first.manifest


def test_a_manifest_that_stayed_behind_is_record_enough(pool: Pool, tmp_path: Path) -> None:
    path, optional = tmp_path / "sd.json", tmp_path / "optional.json"
    wanted = wanted_for(pool, path)
    first = activate(wanted)
    path.unlink()
    said: list[str] = []
    places = (*handed_over(wanted).destinations, Destination(optional, optional=True))
    assert activate(replace(wanted, destinations=places), said).manifest == first.manifest
    assert said == [f"optional destination: {optional}: there is no file here to copy"]
    manifest_path(path).unlink()
    with pytest.raises(
        CustodyError, match=r"nothing here says which one .* — put its manifest back \(.*sd.json.manifest.json\)"
    ):
        activate(handed_over(wanted))


def test_what_is_handed_over_and_still_here_is_copied_and_told(pool: Pool, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    wanted = wanted_for(pool, one)
    activate(wanted)
    said: list[str] = []
    result = activate(replace(wanted, destinations=(*handed_over(wanted).destinations, Destination(two))), said)
    assert result.files == (two,)
    assert two.read_bytes() == one.read_bytes()
    assert f"{one}: is said to be handed over, but is still here" in said


def test_another_file_in_the_place_of_one_in_custody_stops(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    wanted = wanted_for(pool, path)
    known = activate(wanted).manifest
    path.write_text("another")
    with pytest.raises(
        CustodyError, match=r"sd\.json: is said to be handed over, but a file lies there .* — take it away"
    ):
        activate(replace(handed_over(wanted), known=known))
    assert path.read_text() == "another"


@pytest.mark.parametrize("recover", [False, True])
def test_nothing_is_activated_where_every_destination_is_handed_over(pool: Pool, tmp_path: Path, recover: bool) -> None:
    path = tmp_path / "here" / "sd.json"
    wanted = handed_over(wanted_for(pool, path))
    with pytest.raises(CustodyError, match="handedOver, so there is nowhere to write a new security domain — take"):
        activate(replace(wanted, recover_from=tmp_path / "blob.json" if recover else None))
    again = pools.read(session.current(), pool.id)
    assert again is not None
    assert again.activation_status == pools.NOT_ACTIVATED
    assert list(tmp_path.iterdir()) == []
