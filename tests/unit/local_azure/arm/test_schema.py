"""The declarations of fields, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.arm.schema import (
    ANYTHING,
    READ_ONLY,
    STRING,
    Changed,
    Field,
    Invalid,
    array,
    carry_over,
    choice,
    clean,
    keep_unchangeable,
    merged,
    obj,
    refuse_changes,
    shown,
)
from local_azure.core.errors import NotPlayed

FIELDS = {
    "name": Field(required=True),
    "level": choice("Low", "High", default="Low"),
    "days": Field("integer", minimum=7, maximum=90, default=90, immutable=True),
    "on": Field("boolean"),
    "state": READ_ONLY,
    "password": Field(write_only=True),
    "rules": obj(default={}, action=choice("Allow", "Deny", default="Allow"), items=array(STRING, default=[])),
    "free": ANYTHING,
}
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
    max_leaves=10,
)


def test_defaults_are_put_in_inside_of_objects_too() -> None:
    assert clean(FIELDS, {"name": "a"}) == {
        "name": "a",
        "level": "Low",
        "days": 90,
        "rules": {"action": "Allow", "items": []},
    }


def test_a_default_is_not_shared_between_resources() -> None:
    first = clean(FIELDS, {"name": "a"})
    first["rules"]["items"].append("x")
    assert clean(FIELDS, {"name": "b"})["rules"]["items"] == []


def test_names_and_choices_are_put_into_their_own_spelling() -> None:
    result = clean(FIELDS, {"NAME": "a", "Level": "hIGH"})
    assert (result["name"], result["level"]) == ("a", "High")


def test_what_is_read_only_is_ignored() -> None:
    assert "state" not in clean(FIELDS, {"name": "a", "state": "made up"})


def test_null_is_as_good_as_nothing() -> None:
    assert clean(FIELDS, {"name": "a", "level": None})["level"] == "Low"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({}, "name"),
        ({"name": 1}, "name"),
        ({"name": "a", "level": "Middle"}, "level"),
        ({"name": "a", "days": 6}, "days"),
        ({"name": "a", "days": 91}, "days"),
        ({"name": "a", "days": 28.0}, "days"),
        ({"name": "a", "days": True}, "days"),
        ({"name": "a", "on": 1}, "on"),
        ({"name": "a", "rules": []}, "rules"),
        ({"name": "a", "rules": {"items": ["a", 1]}}, "rules.items[1]"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path(value: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as error:
        clean(FIELDS, value)
    assert error.value.path == path


def test_strings_that_spell_integers_and_booleans_are_taken_as_dotnet_takes_them() -> None:
    result = clean(FIELDS, {"name": "a", "days": "28", "on": "TRUE"})
    assert (result["days"], result["on"]) == (28, True)


def test_an_unknown_name_is_not_played() -> None:
    with pytest.raises(NotPlayed, match=r"rules\.extra"):
        clean(FIELDS, {"name": "a", "rules": {"extra": 1}})


def test_what_cannot_change_keeps_its_value_where_nothing_is_said() -> None:
    assert clean(FIELDS, keep_unchangeable(FIELDS, {"name": "a"}, {"days": 28}))["days"] == 28


def test_what_cannot_change_is_refused_when_it_would() -> None:
    with pytest.raises(Changed) as error:
        refuse_changes(FIELDS, {"days": 30}, {"days": 28})
    assert error.value.path == "days"


def test_what_the_service_wrote_is_carried_over() -> None:
    new: dict[str, Any] = {"name": "a"}
    carry_over(FIELDS, new, {"state": "Succeeded", "level": "High"})
    assert new == {"name": "a", "state": "Succeeded"}


def test_a_password_is_not_kept() -> None:
    assert shown(FIELDS, {"name": "a", "password": "secret"}) == {"name": "a"}


@given(documents, documents)
def test_merging_a_patch_twice_is_merging_it_once(old: Any, patch: Any) -> None:
    one, other = ({"root": value} for value in (old, patch))
    once = merged(one, other)
    assert merged(once, other) == once


@given(st.dictionaries(st.sampled_from(["name", "level", "days", "on"]), documents))
def test_what_is_clean_stays_as_it_is(value: dict[str, Any]) -> None:
    try:
        result = clean(FIELDS, value)
    except Invalid:
        return
    assert clean(FIELDS, result) == result
