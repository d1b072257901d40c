"""The provider's methods against a local Azure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data_plane import session
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain_file import manifest_path
from dynamic.base import Props
from dynamic.security_domain import SecurityDomainProvider
from tests.support import Azure
from tests.unit.data_plane.support import certificate_pem, delete_pool, make_pool, pool_props

pytestmark = pytest.mark.daemon

PROVIDER = SecurityDomainProvider()


def props(pool: Pool, *paths: Path, custodians: tuple[int, ...] = (1, 2, 3), **changes: Any) -> Props:
    given = {
        **pool_props(pool),
        "custodians": [
            {"name": f"custodian-{number}", "certificate": certificate_pem(number)} for number in custodians
        ],
        "quorum": 2.0,
        "destinations": [{"path": str(path), "optional": False} for path in paths],
        "__provider": "x",
        **changes,
    }
    checked = PROVIDER.check({}, given)
    assert checked.failures == []
    return checked.inputs


def create(pool: Pool, *paths: Path) -> tuple[str, Props]:
    made = PROVIDER.create(props(pool, *paths))
    assert made.outs is not None
    return made.id, made.outs


def test_activation_ends_with_outputs_that_name_the_file_and_never_hold_it(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = tmp_path / "sd.json"
    id_, outs = create(pool, path)
    assert id_ == pool.id
    assert outs["files"] == [str(path)]
    assert outs["manifest"] == json.loads(manifest_path(path).read_text())
    assert outs["manifest"]["sha256"] == outs["sha256"]
    shown = capsys.readouterr()
    assert "the security domain is at" in shown.out
    read = PROVIDER.read(id_, outs)
    everything = "\n".join([str(outs), str(read.outs), shown.out, shown.err, caplog.text])
    content = path.read_text()
    for start in range(0, len(content) - 64, 512):
        assert content[start : start + 64] not in everything
    for jwe in json.loads(content)["SharedKeys"]["enc_shares"]:
        assert jwe["enc_key"][-40:] not in everything


def test_what_was_created_reads_back_without_difference(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    id_, outs = create(pool, path)
    read = PROVIDER.read(id_, {**outs, "__provider": "x"})
    assert read.outs == outs
    assert not PROVIDER.diff(id_, outs, props(pool, path)).changes


def test_a_missing_copy_shows_and_is_mended_from_another_destination(pool: Pool, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    id_, outs = create(pool, one, two)
    one.unlink()
    read = PROVIDER.read(id_, outs)
    assert read.outs is not None
    assert [each["path"] for each in read.outs["destinations"]] == [str(two)]
    news = props(pool, one, two)
    assert PROVIDER.diff(id_, read.outs, news).changes
    assert PROVIDER.diff(id_, read.outs, news).replaces == []
    mended = PROVIDER.update(id_, read.outs, news).outs
    assert mended == outs
    assert one.read_bytes() == two.read_bytes()


def test_an_altered_copy_shows_and_is_kept_aside(pool: Pool, tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    id_, outs = create(pool, one, two)
    one.write_text("altered")
    read = PROVIDER.read(id_, outs)
    assert read.outs is not None
    PROVIDER.update(id_, read.outs, props(pool, one, two))
    assert one.read_bytes() == two.read_bytes()
    assert "altered" in [each.read_text() for each in tmp_path.iterdir() if each.name.startswith("one.json.2")]


def test_when_every_copy_is_lost_the_way_out_is_named_and_works(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    id_, outs = create(pool, path)
    path.unlink()
    read = PROVIDER.read(id_, outs)
    assert read.outs is not None
    assert read.outs["destinations"] == []
    with pytest.raises(CustodyError, match=r"is missing — .*set managed-hsm:securityDomain\.reissue to az400popMHSM"):
        PROVIDER.update(id_, read.outs, props(pool, path))
    reissued = PROVIDER.update(id_, read.outs, props(pool, path, reissue="az400popMHSM")).outs
    assert reissued is not None
    assert reissued["sha256"] != outs["sha256"]
    assert path.exists()


def test_a_file_that_has_gone_into_custody_stops_the_preview_until_the_configuration_says_so(
    pool: Pool, tmp_path: Path
) -> None:
    path = tmp_path / "sd.json"
    id_, outs = create(pool, path)
    path.rename(tmp_path / "in-custody.json")
    manifest_path(path).rename(tmp_path / "in-custody.json.manifest.json")
    read = PROVIDER.read(id_, outs)
    assert read.inputs is not None
    assert read.outs is not None
    (failure,) = PROVIDER.check(read.inputs, {**props(pool, path), "__provider": "x"}).failures
    assert failure.property == "destinations"
    for way in ("put the right file", "say handedOver: true", "reissue to az400popMHSM"):
        assert way in failure.reason

    said = [{"path": str(path), "optional": False, "handed_over": True}]
    news = {**props(pool, path, destinations=said), "__provider": "x"}
    assert PROVIDER.check(read.inputs, news).failures == []
    assert PROVIDER.diff(id_, read.outs, news).replaces == []
    handed_over = PROVIDER.update(id_, read.outs, news).outs
    assert handed_over is not None
    assert (handed_over["manifest"], handed_over["sha256"]) == (outs["manifest"], outs["sha256"])
    assert handed_over["files"] == []
    again = PROVIDER.read(id_, handed_over)
    assert again.outs == handed_over
    assert not PROVIDER.diff(id_, handed_over, news).changes
    assert PROVIDER.check(again.inputs or {}, news).failures == []

    path.write_text("altered")
    drifted = PROVIDER.read(id_, handed_over).outs
    assert drifted is not None
    assert drifted["destinations"] == []


def test_a_reissue_that_would_find_no_place_for_its_file_stops_the_preview(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    gone = [{"path": str(path), "optional": False, "handed_over": True}]
    olds = props(pool, path, destinations=gone)
    others = props(pool, path, custodians=(3, 4, 5), reissue="az400popMHSM", destinations=gone)
    (failure,) = PROVIDER.check(olds, {**others, "__provider": "x"}).failures
    assert "so there is nowhere to write a new security domain — take handedOver out of one" in failure.reason
    assert PROVIDER.check(olds, {**olds, "reissue": "az400popMHSM", "__provider": "x"}).failures == []
    here = props(pool, path, custodians=(3, 4, 5), reissue="az400popMHSM")
    assert PROVIDER.check(olds, {**here, "__provider": "x"}).failures == []


def test_of_a_file_in_custody_nothing_is_said_to_stay(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sd.json"
    gone = [{"path": str(path), "optional": False, "handed_over": True}]
    PROVIDER.delete("id", props(pool, path, destinations=gone))
    assert capsys.readouterr().out == ""


def test_a_state_without_the_word_handed_over_is_no_difference(pool: Pool, tmp_path: Path) -> None:
    news = props(pool, tmp_path / "sd.json")
    olds = {**news, "destinations": [{"path": str(tmp_path / "sd.json"), "optional": False}]}
    news["destinations"][0]["handed_over"] = False
    assert not PROVIDER.diff("id", olds, news).changes


def test_destinations_move_and_nothing_is_deleted(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    id_, outs = create(pool, one)
    moved = PROVIDER.update(id_, outs, props(pool, two)).outs
    assert moved is not None
    assert moved["files"] == [str(two)]
    assert moved["sha256"] == outs["sha256"]
    assert one.read_bytes() == two.read_bytes()
    assert f"{one} is no destination any more; what is there stays" in capsys.readouterr().out
    PROVIDER.delete(id_, moved)
    assert two.exists()
    assert "stays" in capsys.readouterr().out


def test_a_reissue_for_other_custodians_is_an_update_that_keeps_the_old_file(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "sd.json"
    id_, outs = create(pool, path)
    old = path.read_bytes()
    news = props(pool, path, custodians=(3, 4, 5), quorum=3.0, reissue="az400popMHSM")
    assert PROVIDER.check({**props(pool, path)}, {**news, "__provider": "x"}).failures == []
    changed = PROVIDER.update(id_, outs, news).outs
    assert changed is not None
    assert changed["manifest"]["quorum"] == 3
    assert old in [each.read_bytes() for each in tmp_path.iterdir() if each.is_file()]
    assert not PROVIDER.diff(id_, changed, news).changes


@pytest.mark.parametrize("anew", [False, True], ids=["gone", "made anew"])
def test_a_pool_that_is_gone_or_another_one_has_no_security_domain_of_ours(
    pool: Pool, tmp_path: Path, anew: bool
) -> None:
    id_, outs = create(pool, tmp_path / "sd.json")
    delete_pool()
    if anew:
        make_pool()
    read = PROVIDER.read(id_, outs)
    assert (read.id, read.outs) == (None, {})


def test_a_lagging_not_activated_is_not_believed(
    pool: Pool, signed_in: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, outs = create(pool, tmp_path / "sd.json")
    del signed_in
    real, answers = session.Session.resource_manager_get, []

    def lagging(self: session.Session, path: str, api_version: str) -> Any:
        resource = real(self, path, api_version)
        answers.append(1)
        if len(answers) < 3:
            resource["properties"]["securityDomainProperties"]["activationStatus"] = "NotActivated"
        return resource

    monkeypatch.setattr(session.Session, "resource_manager_get", lagging)
    assert PROVIDER.read(id_, outs).id == id_
