"""Whatever is altered in a file is noticed, and said in words; nothing that a file can hold makes the program fail."""

from __future__ import annotations

import copy
import functools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceremony import handed_over, security_domain_file
from ceremony.encoding import base64url, from_base64url
from ceremony.errors import BrokenFileError, CeremonyError
from ceremony.opening import unlock
from ceremony.shares import open_shares
from ceremony.verification import Verification, verify
from tests.unit.ceremony.support import certificate, key, keys, made_file, parsed, text_of

EVERYBODY = (1, 2, 3)


@functools.cache
def original() -> bytes:
    return text_of(made_file())


def document() -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(json.loads(original()))
    return made


def verified(content: bytes) -> Verification:
    return verify(security_domain_file.parse(content, "sd.json"), keys(*EVERYBODY))


def problem_of(content: bytes) -> str:
    """What is said of a file; empty where nothing is."""
    try:
        return "; ".join(finding.text for finding in verified(content).findings if finding.severity == "error")
    except BrokenFileError as error:
        return str(error)


def errors(made: dict[str, Any]) -> list[str]:
    verification = verified(text_of(made))
    assert not verification.holds
    return [finding.text for finding in verification.findings if finding.severity == "error"]


@given(st.integers(0, 10**9), st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_any_altered_byte_is_noticed(where: int, change: int) -> None:
    content = bytearray(original())
    content[where % len(content)] ^= change
    said = problem_of(bytes(content))
    assert said
    assert "\n" not in said


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_any_truncation_is_noticed(where: int) -> None:
    content = original()
    with pytest.raises(BrokenFileError, match=r"sd\.json: (is empty|.*is the file whole\?)"):
        security_domain_file.parse(content[: where % len(content)], "sd.json")


@given(st.sampled_from(["enc_key", "x5t_256"]), st.permutations(range(3)).filter(lambda each: each != [0, 1, 2]))
@settings(max_examples=20, deadline=None)
def test_any_moved_share_is_noticed(member: str, order: list[int]) -> None:
    made = document()
    shares = made["SharedKeys"]["enc_shares"]
    moved = [shares[place][member] for place in order]
    for share, value in zip(shares, moved, strict=True):
        share[member] = value
    assert any("was moved or relabelled" in text for text in errors(made))


def test_a_moved_share_opens_all_the_same_for_a_recovery() -> None:
    made = document()
    shares = made["SharedKeys"]["enc_shares"]
    shares[0]["enc_key"], shares[1]["enc_key"] = shares[1]["enc_key"], shares[0]["enc_key"]
    file = parsed(made)
    assert len(unlock(file, *open_shares(file, keys(1, 2)), "sd.json")) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PLACES = st.sampled_from(
    [
        ("EncData",),
        ("EncData", "data"),
        ("EncData", "data", 1),
        ("EncData", "data", 1, "tag"),
        ("EncData", "data", 1, "compact_jwe"),
        ("EncData", "kdf"),
        ("SharedKeys",),
        ("SharedKeys", "enc_shares"),
        ("SharedKeys", "enc_shares", 0),
        ("SharedKeys", "enc_shares", 0, "x5t_256"),
        ("SharedKeys", "enc_shares", 0, "enc_key"),
        ("SharedKeys", "required"),
        ("SharedKeys", "key_algorithm"),
        ("version",),
    ]
)


@given(PLACES, JSON)
@settings(max_examples=150, deadline=None)
def test_any_other_value_anywhere_is_noticed_and_never_a_traceback(place: tuple[Any, ...], value: Any) -> None:
    made = document()
    inner: Any = made
    for step in place[:-1]:
        inner = inner[step]
    if inner[place[-1]] == value and type(inner[place[-1]]) is type(value):
        return
    inner[place[-1]] = value
    said = problem_of(text_of(made))
    assert said
    assert "\n" not in said


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_datums_integrity_tag_is_checked(number: int) -> None:
    made = document()
    datum = made["EncData"]["data"][number]
    datum["compact_jwe"] = with_tag(datum["compact_jwe"], lambda tag: bytes([tag[0] ^ 1]) + tag[1:])
    assert errors(made) == [f"was altered: datum {datum['tag']}: its integrity tag does not match"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_every_shares_integrity_tag_is_checked_and_the_others_still_open_it(number: int) -> None:
    made = document()
    share = made["SharedKeys"]["enc_shares"][number]
    share["enc_key"] = with_tag(share["enc_key"], lambda tag: tag[:-1] + bytes([tag[-1] ^ 0x80]))
    assert errors(made) == [
        f"custodian-{number + 1}: its share {number + 1} is broken: its integrity tag does not match"
    ]
    assert verified(text_of(made)).opening.opens


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_an_authentication_tag_of_the_wrong_length_is_refused(length: int) -> None:
    made = document()
    datum = made["EncData"]["data"][0]
    datum["compact_jwe"] = with_tag(datum["compact_jwe"], lambda tag: (tag * 2)[:length])
    said = f"its integrity tag has {length} bytes instead of 32"
    assert any(said in text for text in errors(made))
    made = document()
    share = made["SharedKeys"]["enc_shares"][0]
    share["enc_key"] = with_tag(share["enc_key"], lambda tag: (tag * 2)[:length])
    assert any(said in text for text in errors(made))


@pytest.mark.parametrize(("told", "real"), [(2, 3), (3, 2)])
def test_another_quorum_than_the_real_one_is_noticed(told: int, real: int) -> None:
    made = made_file((1, 2, 3, 4), real)
    made["SharedKeys"]["required"] = told
    verification = verify(parsed(made), keys(1, 2, 3, 4))
    assert not verification.sound
    assert any(f"{told}" in finding.text and f"{real}" in finding.text for finding in verification.findings)


def test_a_share_of_another_file_is_found_out_by_the_quorums_that_open() -> None:
    made, other = document(), made_file()
    made["SharedKeys"]["enc_shares"][2] = other["SharedKeys"]["enc_shares"][2]
    made_of_four, other_of_four = made_file((1, 2, 3, 4)), made_file((1, 2, 3, 4))
    made_of_four["SharedKeys"]["enc_shares"][3] = other_of_four["SharedKeys"]["enc_shares"][3]
    assert errors(made) == ["custodian-3's share is wrong: no quorum with it opens the file, others do"]
    verification = verify(parsed(made_of_four), keys(1, 2, 3, 4))
    assert [finding.text.split(":")[0] for finding in verification.findings] == ["custodian-4's share is wrong"]


def test_a_datum_under_another_ones_name_does_not_open() -> None:
    made = document()
    data = made["EncData"]["data"]
    data[0]["tag"], data[1]["tag"] = data[1]["tag"], data[0]["tag"]
    assert "integrity tag does not match" in errors(made)[0]


def test_a_datum_and_a_share_that_are_there_twice_are_noticed() -> None:
    made = document()
    made["EncData"]["data"].append(made["EncData"]["data"][0])
    made["SharedKeys"]["enc_shares"].append(made["SharedKeys"]["enc_shares"][0])
    found = errors(made)
    assert any("the datum hsm_backup is there twice" in text for text in found)
    assert any("two shares have the thumbprint" in text for text in found)


def test_a_share_goes_to_the_combiner_and_to_nobody_else() -> None:
    file, other = parsed(document()), parsed(made_file())
    opened, _ = open_shares(file, keys(2))
    given_file = handed_over.hand_over(file, opened[0], certificate(5))
    taken = handed_over.take_over(given_file, "share.json", file, key(5))
    assert (taken.number, taken.holder, taken.share) == (2, "custodian-2", opened[0].share)
    with pytest.raises(CeremonyError, match=r"share\.json: was encrypted to another combiner's certificate"):
        handed_over.take_over(given_file, "share.json", file, key(6))
    with pytest.raises(BrokenFileError, match=r"share\.json: it is a share of another security-domain file"):
        handed_over.take_over(given_file, "share.json", other, key(5))


@given(st.integers(0, 10**9), st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_an_altered_handed_over_share_is_noticed_or_changes_nothing(where: int, change: int) -> None:
    file, opened, content = handed_over_share()
    altered = bytearray(content)
    altered[where % len(altered)] ^= change
    taken, said = None, ""
    try:
        taken = handed_over.take_over(bytes(altered), "share.json", file, key(5))
    except CeremonyError as error:
        said = str(error)
    assert said.startswith("share.json: ") if taken is None else (taken.number, taken.share) == (2, opened.share)


@functools.cache
def handed_over_share() -> Any:
    file = parsed(document())
    opened, _ = open_shares(file, keys(2))
    return file, opened[0], handed_over.hand_over(file, opened[0], certificate(5))


def with_tag(jwe: str, change: Any) -> str:
    *parts, tag = jwe.split(".")
    return ".".join([*parts, base64url(change(from_base64url(tag)))])
