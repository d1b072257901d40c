"""Files that the local Azure makes open by every quorum, with nothing shared between the two implementations."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceremony import shamir
from ceremony.errors import BrokenFileError, QuorumError
from ceremony.key_derivation import derive
from ceremony.opening import unlock
from ceremony.shares import open_shares
from ceremony.verification import verify
from local_azure.managed_hsm.security_domain import shamir as service
from tests.unit.ceremony.support import CONTENT, SMALL_CONTENT, certificate, key, keys, made_file, parsed

ALL = tuple(range(1, 11))


@pytest.mark.parametrize("required", range(2, 11))
def test_every_quorum_of_ten_custodians_opens_the_file(required: int) -> None:
    verification = verify(parsed(made_file(ALL, required)), keys(*ALL))
    assert verification.holds
    assert verification.findings == ()
    assert len(verification.opening.subsets) == verification.opening.possible > 0
    assert {datum.tag: datum.content for datum in verification.opening.data} == SMALL_CONTENT


@given(st.integers(2, 10).flatmap(lambda n: st.tuples(st.just(n), st.integers(2, n))), st.binary(min_size=1), st.data())
def test_any_quorum_makes_the_secret_that_the_service_split(
    sizes: tuple[int, int], secret: bytes, data: st.DataObject
) -> None:
    count, required = sizes
    shares = [shamir.decode(each) for each in service.split(secret, count, required)]
    chosen = data.draw(st.permutations(shares))[:required]
    assert shamir.combine(chosen) == secret


@given(st.binary(min_size=32, max_size=32), st.integers(3, 10))
@settings(max_examples=30)
def test_one_share_too_few_does_not_make_the_secret(secret: bytes, required: int) -> None:
    shares = [shamir.decode(each) for each in service.split(secret, 10, required)]
    with suppress(ValueError):
        assert shamir.combine(shares[: required - 1]) != secret


@given(st.binary(max_size=130))
def test_octets_that_are_no_share_are_refused_and_never_crash(octets: bytes) -> None:
    with suppress(ValueError):
        share = shamir.decode(octets)
        assert 1 <= share.x <= 126
        assert all(value <= 256 for value in share.values)


def test_keys_derive_as_the_published_vector_has_it() -> None:
    made = derive(b"\x41" * 32, "label", "context", 256)
    assert made.hex() == "f0ca51f6308791404bf68b56024ee7c64d6c737716f81d47e1e68b5c4e399575"


def test_the_whole_content_of_the_size_on_azure_opens() -> None:
    file = parsed(made_file(content=CONTENT))
    data = unlock(file, *open_shares(file, keys(1, 3)), "sd.json")
    assert {datum.tag: datum.content for datum in data} == CONTENT


def test_too_few_keys_name_how_many_are_needed_and_who_is_missing() -> None:
    verification = verify(parsed(made_file()), keys(2), [certificate(1), certificate(3)])
    assert (verification.holds, verification.sound, verification.still_needed) == (False, True, 1)
    assert [each.name for each in verification.missing] == ["custodian-1", "custodian-3"]
    file = parsed(made_file())
    with pytest.raises(QuorumError, match=r"^sd.json: needs 2 custodians, 1 at hand$"):
        unlock(file, *open_shares(file, keys(2)), "sd.json")


def test_a_key_of_somebody_else_is_named() -> None:
    file = parsed(made_file())
    assert [finding.text for finding in verify(file, keys(1, 4)).findings] == [
        "custodian-4: opens no share of this file: it is somebody else's key"
    ]
    with pytest.raises(QuorumError, match=r"1 at hand: custodian-4 opens no share of this file"):
        unlock(file, *open_shares(file, keys(1, 4)), "sd.json")


def test_the_same_key_twice_counts_once() -> None:
    verification = verify(parsed(made_file()), [key(1), key(1)])
    assert verification.still_needed == 1
    assert "is the same key as custodian-1's" in verification.findings[0].text


def test_a_file_labelled_as_terraform_does_opens_and_is_told_from_a_broken_one() -> None:
    document = made_file()
    for number, share in enumerate(document["SharedKeys"]["enc_shares"], 1):
        text = base64.b64encode(certificate(number).der)
        share["x5t_256"] = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode()
    verification = verify(parsed(document), keys(1, 2))
    assert verification.holds
    assert [finding.severity for finding in verification.findings] == ["warning"]
    assert "terraform-provider-azurerm" in verification.findings[0].text
    assert [each.name for each in verification.custodians] == ["custodian-1", "custodian-2", ""]


def test_a_key_without_its_certificate_opens_too_and_says_what_was_not_checked() -> None:
    verification = verify(parsed(made_file()), [key(1, with_certificate=False), key(2)])
    assert verification.holds
    assert [(finding.severity, finding.text.split(":")[0]) for finding in verification.findings] == [
        ("warning", "custodian-1")
    ]


def test_a_legacy_file_and_a_restore_blob_are_told_from_a_security_domain() -> None:
    document = made_file()
    shared = document.pop("SharedKeys")
    with pytest.raises(BrokenFileError, match=r"legacy version 1 \(SplitKeys\)"):
        parsed({**document, "SplitKeys": shared})
    with pytest.raises(BrokenFileError, match="is a restore blob"):
        parsed({**document, "WrappedKey": {}})
