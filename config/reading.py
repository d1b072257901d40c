"""From what the engine hands over to validated settings: every mistake is found in one go.

The models tell the mistakes of single values. To judge what depends on several values although one of them is wrong,
each wrong value is replaced by the example of its key and the whole is read again; a later problem that rests on such
a replacement is not told.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config import catalogue
from config.checks import problems_of
from config.defaults import with_defaults
from config.fields import NOT_ACCEPTED
from config.problems import HIDDEN, ConfigurationError, Problem, one_line, shown, with_reliable
from config.settings import LOCATION_KEY, NAMESPACE, Settings

_ROUNDS = 4
_Location = tuple[int | str, ...]


def parse(
    values: Mapping[str, object],
    base: Path,
    *,
    secret_keys: Collection[str] = (),
    plain_secrets: Collection[str] = (),
    source: str = "the configuration",
) -> Settings:
    """The settings that a stack's configuration means.

    ``values`` has the full keys (``managed-hsm:hsm``, ``azure-native:location``); a value is an object, or the JSON
    text of one as the engine hands it over. Keys of other namespaces are none of ours. Relative paths start at
    ``base``. Values of ``secret_keys`` never appear in a message. ``plain_secrets`` are the paths of secrets that
    are known to be written in plain text. ``source`` names the configuration in the header.

    Raises :class:`ConfigurationError` with every mistake.
    """
    hidden = frozenset(_own_key(key) for key in secret_keys)
    try:
        settings, problems = _validated(with_defaults(_own_keys(values)), base, hidden)
    except RecursionError:
        problem = Problem(NAMESPACE, "a value is nested too deeply; at most a few levels of lists and mappings")
        raise ConfigurationError([problem], source) from None
    if settings is not None:
        judged = problems_of(settings, base, hidden, frozenset(plain_secrets))
        later = (_without_values(problem, hidden) for problem in judged)
        problems = with_reliable(problems, later)
    if settings is None or problems:
        raise ConfigurationError(problems, source)
    return settings


def path_of(location: _Location) -> str:
    """A location as a person writes it: ``managed-hsm:securityDomain.custodians[0].name``."""
    text = ""
    for step in location:
        if catalogue.is_form(step):
            continue
        if not text:
            text = str(step) if step == LOCATION_KEY else f"{NAMESPACE}:{step}"
        elif isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("-", "").replace("_", "").isalnum():
            text += f".{step}"
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return one_line(text)


def _own_key(key: str) -> str:
    return key.removeprefix(f"{NAMESPACE}:")


def _own_keys(values: Mapping[str, object]) -> dict[str, Any]:
    """The keys that are ours and set: an empty value is the engine's default of one that is not."""
    own = {}
    for key, value in values.items():
        if key == LOCATION_KEY or key.startswith(f"{NAMESPACE}:"):
            name = _own_key(key)
            own[name] = _structured(value) if catalogue.find((name,)).children else copy.deepcopy(value)
    known = catalogue.root().children
    return {name: value for name, value in own.items() if name not in known or value not in ("", {}, [])}


def _structured(value: object) -> object:
    if not isinstance(value, str):
        return copy.deepcopy(value)
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _validated(filled: dict[str, Any], base: Path, hidden: Collection[str]) -> tuple[Settings | None, list[Problem]]:
    problems: dict[str, Problem] = {}
    attempt = filled
    for _ in range(_ROUNDS):
        try:
            return Settings.model_validate(attempt, context={"base": base}), list(problems.values())
        except ValidationError as error:
            details = error.errors(include_url=False)
        attempt = copy.deepcopy(attempt)
        for detail in details:
            problem = _problem(detail, hidden)
            problems.setdefault(problem.path, problem)
        for detail in details:
            _mend(attempt, detail)
    return None, list(problems.values())


def _problem(detail: ErrorDetails, hidden: Collection[str]) -> Problem:
    location = detail["loc"]
    if location[-1] == "[key]":
        return Problem(path_of(location[:-1]), f"the name is not accepted; {_accepted(detail)}")
    path = path_of(location)
    if detail["type"] == "extra_forbidden":
        return Problem(path, _unknown(location))
    if detail["type"] == "missing":
        return Problem(path, f"is missing; {_accepted(detail)}")
    secret = location[0] in hidden or location == ("vault",) or location[:2] == ("vault", "secrets")
    secret = secret or location[0] == "importPassphrases"
    return Problem(path, f"{HIDDEN if secret else shown(detail['input'])} is not accepted; {_accepted(detail)}")


def _without_values(problem: Problem, hidden: Collection[str]) -> Problem:
    """The problem as it may be told where the engine says that its section holds a secret."""
    section = re.split(r"[.\[]", _own_key(problem.path), maxsplit=1)[0]
    if section not in hidden or section in ("vault", "importPassphrases"):
        return problem
    return replace(problem, message=f"{HIDDEN} is not accepted; the section holds a secret, so no more is told")


def _accepted(detail: ErrorDetails) -> str:
    if detail["type"] == NOT_ACCEPTED and (told := detail.get("ctx", {}).get("accepted")):
        return str(told)
    location = detail["loc"]
    for end in range(len(location), 0, -1):
        node = catalogue.find(location[:end])
        if node.accepted:
            return node.accepted
        if node.info is None and (known := catalogue.known_keys(location[:end])):
            return f"a mapping of {', '.join(known)}"
    return "another value"


def _unknown(location: _Location) -> str:
    name = str(location[-1])
    known = catalogue.known_keys(location[:-1])
    other_forms = catalogue.find(location[:-2]).children.values() if catalogue.is_form(location[-2:][0]) else ()
    if any(name in form.children for form in other_forms):
        return f"is not accepted; it does not go together with {', '.join(known)}"
    by_lower_case = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    if close:
        return f"there is no such key; did you mean {by_lower_case[close[0]]}?"
    names = [path_of((candidate,)) if len(location) == 1 else candidate for candidate in known]
    return f"there is no such key; there are {', '.join(names)}"


def _value_at(written: object, location: _Location) -> object:
    value = written
    for step in location:
        if not catalogue.is_form(step):
            value = value[step]  # type: ignore[index]
    return value


def _mend(attempt: dict[str, Any], detail: ErrorDetails) -> None:
    """Take away what may be absent, put the key's example in the place of what may not."""
    location = detail["loc"]
    removable = detail["type"] == "extra_forbidden" or location[-1] == "[key]"
    plain = tuple(step for step in location if step != "[key]")
    for end in range(len(plain), 0, -1):
        node = catalogue.find(plain[:end])
        item = catalogue.find(plain[: end - 1]).children.keys() == {catalogue.ANY}
        if not (removable or node.info or item):
            continue
        if catalogue.is_form(plain[end - 1]):
            continue
        _replace(attempt, plain[:end], node, removable)
        return


def _replace(attempt: dict[str, Any], location: _Location, node: catalogue.Node, removable: bool) -> None:
    try:
        holder: Any = _value_at(attempt, location[:-1])
        if removable or (node.info and not node.required):
            holder.pop(location[-1], None)
        elif node.info:
            holder[location[-1]] = copy.deepcopy(node.example)
        else:
            example = catalogue.find(location[:-1]).example
            first = next(iter(example.values() if isinstance(example, dict) else example))
            holder[location[-1]] = copy.deepcopy(first)
    except (LookupError, TypeError, AttributeError):
        return
