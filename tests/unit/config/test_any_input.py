"""Whatever the configuration is made of, it is either settings or a list of one-line mistakes."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import ConfigurationError, Problem, catalogue, parse

Values = dict[str, Any]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _judge(values: Values, base: Path) -> None:
    problems = _problems(values, base)
    lines = str(ConfigurationError(problems)).split("\n")
    assert len(lines) == len(problems) + 1
    assert len(set(lines)) == len(lines)
    assert all(line.isprintable() for line in lines)


def _problems(values: Values, base: Path) -> tuple[Problem, ...]:
    try:
        parse(values, base)
    except ConfigurationError as error:
        return error.problems
    return ()


@QUICK
@given(values=st.dictionaries(st.sampled_from(sorted(catalogue.root().children)) | st.text(max_size=8), JSON))
def test_any_sections_are_judged(values: Values, tmp_path: Path) -> None:
    _judge({f"managed-hsm:{key}": value for key, value in values.items()}, tmp_path)


@QUICK
@given(text=st.text(max_size=40))
def test_any_text_for_a_section_is_judged(text: str, tmp_path: Path, dev_values: Values) -> None:
    _judge({**dev_values, "managed-hsm:hsm": text, "managed-hsm:keys": json.dumps(text)}, tmp_path)


@QUICK
@given(data=st.data(), junk=JSON)
def test_any_value_in_any_place_is_judged(data: st.DataObject, junk: object, project: Path, dev_values: Values) -> None:
    values = copy.deepcopy(dev_values)
    holder: Any = values
    while True:
        steps = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        step = data.draw(st.sampled_from(steps))
        if not isinstance(holder[step], dict | list) or not holder[step] or data.draw(st.booleans()):
            break
        holder = holder[step]
    holder[step] = junk
    _judge(values, project)
