"""Filters and pages."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.arm import lists
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request

ITEMS: list[JsonObject] = [
    {"name": "one", "type": "Microsoft.KeyVault/vaults"},
    {"name": "two", "type": "Microsoft.KeyVault/managedHSMs"},
    {"name": "three", "type": "Microsoft.KeyVault/managedHSMs"},
]
READERS: dict[str, lists.Reader] = {
    "name": lambda item: [item["name"]],
    "resourcetype": lambda item: [item["type"]],
}


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        (None, ["one", "two", "three"]),
        ("resourceType eq 'Microsoft.KeyVault/managedhsms'", ["two", "three"]),
        ("resourceType eq 'Microsoft.KeyVault/managedHSMs' and name eq 'two'", ["two"]),
        ("name eq 'one' or name eq 'three'", ["one", "three"]),
        ("substringof('t', name)", ["two", "three"]),
    ],
)
def test_filters_choose(expression: str | None, names: list[str]) -> None:
    assert [item["name"] for item in lists.filtered(ITEMS, expression, READERS)] == names


@pytest.mark.parametrize("expression", ["name gt 'a'", "madeUp eq 'a'", "name"])
def test_a_filter_that_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(ServiceError) as error:
        lists.filtered(ITEMS, expression, READERS)
    assert error.value.code == "InvalidFilterInQueryString"


@given(st.integers(0, 30), st.integers(1, 12))
def test_pages_together_hold_everything_once(count: int, length: int) -> None:
    items: list[JsonObject] = [{"number": number} for number in range(count)]
    query, seen = {"api-version": "2021-04-01", "$top": str(length)}, []
    while True:
        body = json.loads(lists.page(Request("GET", "management.azure.com", "/x", query), items).body)
        seen += body["value"]
        if "nextLink" not in body:
            break
        assert len(body["value"]) == length
        query = dict(parse_qsl(urlsplit(body["nextLink"]).query))
    assert seen == items


@pytest.mark.parametrize("top", ["0", "-1", "many"])
def test_a_page_has_a_length(top: str) -> None:
    with pytest.raises(ServiceError) as error:
        lists.page(Request("GET", "h", "/", {"$top": top}), [])
    assert error.value.status == 400
