"""The decision table of the activation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_plane import pool as pools
from data_plane.activation_step import Step, decide
from data_plane.custody import Attempt, Custodian, Custody, Manifest
from data_plane.durable_files import sha256_of
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain import Progress
from data_plane.security_domain_file import Finding
from tests.unit.data_plane.support import HSM_ID

THIS = Pool(HSM_ID, "az400popMHSM", "https://h", "2026-02-02T00:00:00Z", pools.ACTIVE, "")
EARLIER = replace(THIS, created_at="2026-01-01T00:00:00Z")
CUSTODY = Custody((Custodian("a", "A"), Custodian("b", "B"), Custodian("c", "C")), 2)
OTHER = replace(CUSTODY, quorum=3)
CONTENT = b"a security domain"


def finding(
    *,
    of: Pool | None = None,
    custody: Custody = CUSTODY,
    content: bytes | None = None,
    attempt_on: Pool | None = None,
    attempt_for: Custody = CUSTODY,
) -> Finding:
    manifest = Manifest(of.id, of.created_at, custody, sha256_of(CONTENT), "", "") if of else None
    attempt = Attempt(attempt_on.id, attempt_on.created_at, attempt_for, "") if attempt_on else None
    return Finding(Path("/sd.json"), content, manifest, attempt)


GOOD = finding(of=THIS, content=CONTENT)
FINDINGS = st.builds(
    finding,
    of=st.sampled_from([None, THIS, EARLIER]),
    custody=st.sampled_from([CUSTODY, OTHER]),
    content=st.sampled_from([None, CONTENT, b"altered"]),
    attempt_on=st.sampled_from([None, THIS, EARLIER]),
    attempt_for=st.sampled_from([CUSTODY, OTHER]),
)


def step(
    status: str,
    *findings: Finding,
    reissue: bool = False,
    progress: Progress | None = None,
    handed_over: Manifest | None = None,
) -> Step:
    pool = replace(THIS, activation_status=status)
    return decide(pool, CUSTODY, findings, reissue=reissue, progress=lambda: progress, handed_over=handed_over)


@pytest.mark.parametrize("status", [pools.NOT_ACTIVATED, pools.FAILED])
def test_a_pool_that_is_not_active_is_activated(status: str) -> None:
    assert step(status, finding()) is Step.DOWNLOAD
    assert step(status, GOOD) is Step.DOWNLOAD
    assert step(status, GOOD, progress=Progress("Failed", "no")) is Step.DOWNLOAD


def test_an_activation_that_is_still_under_way_is_waited_for() -> None:
    assert step(pools.NOT_ACTIVATED, GOOD, progress=Progress("InProgress", "")) is Step.WAIT
    assert step(pools.NOT_ACTIVATED, finding(), progress=Progress("InProgress", "")) is Step.DOWNLOAD


def test_a_proved_file_is_adopted_at_any_destination() -> None:
    assert step(pools.ACTIVE, finding(), GOOD) is Step.ADOPT
    assert step(pools.ACTIVE, GOOD, reissue=True) is Step.ADOPT


def test_an_attempt_that_was_cut_off_before_the_file_is_finished() -> None:
    assert step(pools.ACTIVE, finding(attempt_on=THIS)) is Step.DOWNLOAD
    assert step(pools.ACTIVE, finding(of=EARLIER, content=CONTENT, attempt_on=THIS)) is Step.DOWNLOAD


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (finding(), "its security domain is not at /sd.json"),
        (finding(content=CONTENT), "/sd.json has no manifest"),
        (finding(of=THIS), "/sd.json is missing"),
        (finding(of=THIS, content=b"altered"), "/sd.json is not the file of its manifest"),
        (finding(of=THIS, content=CONTENT, custody=OTHER), r"\(3 of a, b, c\) than configured \(2 of a, b, c\)"),
        (finding(of=EARLIER, content=CONTENT), "belongs to az400popMHSM of 2026-01-01T00:00:00Z"),
        (finding(attempt_on=EARLIER), "is not at"),
        (finding(attempt_on=THIS, attempt_for=OTHER), "is not at"),
    ],
)
def test_otherwise_a_person_decides_unless_a_reissue_is_asked_for(found: Finding, words: str) -> None:
    with pytest.raises(CustodyError, match=words) as info:
        step(pools.ACTIVE, found)
    assert "set managed-hsm:securityDomain.reissue to az400popMHSM" in str(info.value)
    assert step(pools.ACTIVE, found, reissue=True) is Step.DOWNLOAD


def test_a_file_in_custody_is_not_looked_for_unless_it_is_still_here() -> None:
    assert step(pools.ACTIVE, finding(), handed_over=GOOD.manifest) is Step.HANDED_OVER
    assert step(pools.ACTIVE, finding(), handed_over=GOOD.manifest, reissue=True) is Step.HANDED_OVER
    assert step(pools.ACTIVE, GOOD, handed_over=GOOD.manifest) is Step.ADOPT
    assert step(pools.NOT_ACTIVATED, finding(), handed_over=GOOD.manifest) is Step.DOWNLOAD


@pytest.mark.parametrize(
    ("found", "is_a_way"), [(finding(of=THIS), True), (finding(of=THIS, content=b"altered"), False)]
)
def test_handing_over_is_a_way_out_of_a_file_that_is_gone_and_of_no_other(found: Finding, is_a_way: bool) -> None:
    with pytest.raises(CustodyError, match="put the right file and its manifest back, or ") as info:
        step(pools.ACTIVE, found)
    assert ("say handedOver: true of its destination" in str(info.value)) == is_a_way


@given(findings=st.lists(FINDINGS, min_size=1, max_size=3), reissue=st.booleans())
def test_only_a_whole_file_of_this_pool_for_these_custodians_is_ever_adopted(
    findings: list[Finding], reissue: bool
) -> None:
    proved = any(
        each.content == CONTENT
        and each.manifest is not None
        and each.manifest.is_of(THIS)
        and each.manifest.custody == CUSTODY
        for each in findings
    )
    try:
        decided = step(pools.ACTIVE, *findings, reissue=reissue)
    except CustodyError:
        assert not proved
        assert not reissue
    else:
        assert (decided is Step.ADOPT) == proved
