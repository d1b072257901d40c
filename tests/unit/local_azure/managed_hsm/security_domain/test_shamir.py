from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_azure.managed_hsm.security_domain import shamir
from tests.unit.local_azure.managed_hsm.support import recover


def _words(share: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(share) // 2}H", share)


@st.composite
def _splits(draw: st.DrawFn) -> tuple[bytes, int, list[bytes], list[int]]:
    """A secret, the quorum, its shares, and the positions of one quorum among them in some order."""
    secret = draw(st.binary(min_size=1, max_size=32))
    count = draw(st.integers(min_value=2, max_value=10))
    required = draw(st.integers(min_value=2, max_value=count))
    positions = draw(st.permutations(range(count)))[:required]
    return secret, required, shamir.split(secret, count, required), positions


@given(_splits())
def test_any_quorum_recovers_the_secret(split: tuple[bytes, int, list[bytes], list[int]]) -> None:
    secret, _, shares, positions = split
    assert recover([_words(shares[position]) for position in positions]) == secret


@given(st.binary(min_size=32, max_size=32), st.integers(min_value=3, max_value=10))
@settings(max_examples=30)
def test_fewer_than_the_quorum_do_not_recover_it(secret: bytes, required: int) -> None:
    shares = shamir.split(secret, 10, required)
    try:
        found = recover([_words(share) for share in shares[: required - 1]])
    except ValueError:  # a value of 256 is no octet
        return
    assert found != secret


@given(st.binary(min_size=1, max_size=32))
def test_each_word_holds_the_share_s_number_and_a_value_below_257(secret: bytes) -> None:
    for number, share in enumerate(shamir.split(secret, 5, 3), start=1):
        assert len(share) == 2 * len(secret)
        for word in _words(share):
            assert word >> 9 == number
            assert word & 0x1FF < 257


def test_one_share_says_nothing_of_the_secret() -> None:
    """Every value comes up at one share of the same secret, the constant term's too."""
    values = {_words(shamir.split(b"\x2a", 3, 2)[0])[0] & 0x1FF for _ in range(20_000)}
    assert values == set(range(257))


@pytest.mark.parametrize(("count", "required"), [(3, 1), (2, 3), (127, 2), (0, 0)])
def test_impossible_quorums_are_refused(count: int, required: int) -> None:
    with pytest.raises(ValueError, match="of"):
        shamir.split(b"secret", count, required)
