from hypothesis import given
from hypothesis import strategies as st

from local_azure.engine.version import MINIMUM, PINNED, Version, parse_version

numbers = st.integers(min_value=0, max_value=10_000)


@given(numbers, numbers, numbers)
def test_a_version_is_read_from_whatever_line_it_stands_in(major: int, minor: int, patch: int) -> None:
    text = f"{major}.{minor}.{patch}"
    for line in (text, f"v{text}\n", f"pulumi v{text}+dirty.1"):
        assert parse_version(line) == Version(major, minor, patch)


@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers))
def test_versions_compare_by_their_numbers_not_by_their_letters(
    one: tuple[int, int, int], other: tuple[int, int, int]
) -> None:
    assert (Version(*one) < Version(*other)) == (one < other)


def test_3_99_is_older_than_3_200() -> None:
    assert Version(3, 99, 0) < Version(3, 200, 0)


def test_a_pre_release_comes_before_its_release() -> None:
    prerelease = parse_version("v3.200.0-alpha.1702")
    assert prerelease is not None
    assert prerelease < Version(3, 200, 0)
    assert prerelease > Version(3, 199, 9)


def test_a_line_without_a_version_has_none() -> None:
    assert parse_version("bash: pulumi: no such thing") is None


def test_the_pinned_version_is_new_enough() -> None:
    pinned, minimum = parse_version(PINNED), parse_version(MINIMUM)
    assert pinned is not None
    assert minimum is not None
    assert pinned >= minimum
