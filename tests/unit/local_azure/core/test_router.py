from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.http import Request, Response
from local_azure.core.router import Route, Router, normal_path


def answer(_: Request) -> Response:
    return Response()


ROUTER = Router([Route("GET", "/keys/{name}", answer), Route("PUT", "/{scope:path}/locks/{lock}", answer)])


def found(method: str, path: str) -> dict[str, str] | None:
    match = ROUTER.find(Request(method, "h", path))
    return None if match is None else dict(match[1].parameters)


@pytest.mark.parametrize("path", ["/keys/MyKey", "/KEYS/MyKey", "//keys//MyKey/"])
def test_case_and_spare_slashes_do_not_matter_and_values_keep_their_case(path: str) -> None:
    assert found("GET", path) == {"name": "MyKey"}


def test_a_placeholder_takes_one_segment_and_a_path_many() -> None:
    assert found("GET", "/keys/a/b") is None
    assert found("PUT", "/subscriptions/1/resourceGroups/2/locks/x") == {
        "scope": "subscriptions/1/resourceGroups/2",
        "lock": "x",
    }


def test_a_known_path_with_another_method_is_told_from_an_unknown_one() -> None:
    assert found("DELETE", "/keys/a") is None
    assert ROUTER.knows_path("/keys/a")
    assert not ROUTER.knows_path("/secrets/a")


@given(st.text("/ab", max_size=20))
def test_normalising_twice_changes_nothing_more(path: str) -> None:
    assert normal_path(normal_path(path)) == normal_path(path)
