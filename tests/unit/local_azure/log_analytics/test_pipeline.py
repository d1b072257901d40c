from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.errors import NotPlayed
from local_azure.log_analytics.pipeline import Table, run
from local_azure.log_analytics.words import QueryError, words_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROWS: list[dict[str, Any]] = [
    {"TimeGenerated": NOW - timedelta(minutes=90), "Name": "KeyGet", "Status": 200, "Who": {"appid": "a"}},
    {"TimeGenerated": NOW - timedelta(minutes=5), "Name": "KeyPurge", "Status": 204, "Who": {"appid": "b"}},
    {"TimeGenerated": NOW, "Name": "keyget", "Status": 403, "Who": {}},
]
TABLES = {"Log": lambda: Table(("TimeGenerated", "Name", "Status", "Who"), ROWS)}


def answer(query: str) -> list[dict[str, Any]]:
    table = run(query, TABLES, NOW)
    return [{column: row.get(column) for column in table.columns} for row in table.rows]


def names(condition: str) -> list[str]:
    return [row["Name"] for row in answer(f"Log | where {condition}")]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('Name == "KeyGet"', ["KeyGet"]),
        ('Name != "KeyGet"', ["KeyPurge", "keyget"]),
        ('Name =~ "KEYGET"', ["KeyGet", "keyget"]),
        ("Name contains 'purge'", ["KeyPurge"]),
        ("Name !contains 'purge'", ["KeyGet", "keyget"]),
        ('Name in ("KeyGet", "KeyPurge")', ["KeyGet", "KeyPurge"]),
        ('Name !in ("KeyGet")', ["KeyPurge", "keyget"]),
        ('Name startswith "key" and Status >= 300', ["keyget"]),
        ('Name endswith "GE" or Status == 200', ["KeyGet", "KeyPurge"]),
        ('not(Name == "KeyGet") and not(Status == 403)', ["KeyPurge"]),
        ('Name matches regex "^Key(G|P)"', ["KeyGet", "KeyPurge"]),
        ("TimeGenerated > ago(1h)", ["KeyPurge", "keyget"]),
        ("TimeGenerated between (datetime(2026-11-21T10:00:00Z) .. datetime(2026-11-21T11:00:00Z))", ["KeyGet"]),
        ('Who.appid == "b"', ["KeyPurge"]),
        ('Who["appid"] == "a"', ["KeyGet"]),
        ("isempty(tostring(Who.appid))", ["keyget"]),
        ('column_ifexists("Missing", "x") == "x"', ["KeyGet", "KeyPurge", "keyget"]),
        ("Status > 200 // the others were fine", ["KeyPurge", "keyget"]),
    ],
)
def test_a_condition_lets_through_what_the_language_says(condition: str, found: list[str]) -> None:
    assert names(condition) == found


def test_columns_are_chosen_made_and_sorted() -> None:
    query = "Log | extend Code = tostring(Status) | project Code, Operation = Name | order by Code desc | take 2"
    assert answer(query) == [{"Code": "403", "Operation": "keyget"}, {"Code": "204", "Operation": "KeyPurge"}]


def test_rows_are_counted_by_column() -> None:
    query = "Log | summarize Calls = count(), Last = max(TimeGenerated) by tolower(Name) | sort by Calls asc"
    assert [row["Calls"] for row in answer(query)] == [1, 2]
    assert answer("Log | count") == [{"Count": 3}]
    assert len(answer("Log | distinct Status")) == 3


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("Log | where Missing == 1", "Failed to resolve column or scalar"),
        ("Nothing | take 1", "Failed to resolve table"),
        ("Log | where Name ==", "recognition error"),
        ("Log | where (Name == 'a'", "recognition error"),
        ("Log extra", "recognition error"),
        ("Log | take 'many'", "recognition error"),
        ("Log | where Name == #", "recognition error"),
    ],
)
def test_a_query_that_means_nothing_is_refused(query: str, told: str) -> None:
    with pytest.raises(QueryError, match=told):
        answer(query)


@pytest.mark.parametrize("query", ["let x = 1; Log", "Log | render timechart", "Log | where strlen(Name) > 3"])
def test_what_is_not_played_of_the_language_says_so(query: str) -> None:
    with pytest.raises(NotPlayed):
        answer(query)


@given(st.text(max_size=40))
def test_nonsense_is_refused_and_never_fails(text: str) -> None:
    try:
        answer(f"Log | where {text}")
    except (QueryError, NotPlayed, TypeError):
        return


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=20))
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    value = next(iter(words_of(f'"{quoted}"')))
    assert value.value == text
