"""Failures on demand: which requests shall go wrong, how, and how often."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from local_azure.core.http import Request


class FaultKind(StrEnum):
    """What happens to the request."""

    STATUS = "status"
    """Answered with ``status``, ``code`` and ``message`` (or ``body``); the service never sees it."""
    DROP_BEFORE = "drop-before"
    """The connection breaks; the service never sees the request."""
    DROP_AFTER = "drop-after"
    """The request takes effect, then the connection breaks: the answer is lost."""
    STALE_READ = "stale-read"
    """Answered from the state before the last write to this host."""
    DELAY = "delay"
    """Takes effect, and is answered, only later."""
    LATE_ANSWER = "late-answer"
    """Takes effect at once, and is answered later: whoever asked can be killed in between."""


class ConnectionDropped(Exception):
    """The answer to this request is a broken connection."""


class InvalidFault(ValueError):
    """A rule that cannot be meant; says which field."""


@dataclass(frozen=True)
class FaultRule:
    """Requests that match ``method``, ``host`` and ``path`` go wrong, ``count`` times after ``skip`` that pass."""

    kind: FaultKind
    method: str = "*"
    """An HTTP method, or ``*``."""
    host: str = "*"
    """A glob."""
    path: str = ""
    """A regular expression, searched in the decoded path without regard to case."""
    count: int | None = 1
    """How many requests; None until the rule is taken away."""
    skip: int = 0
    """How many matching requests pass unharmed first."""
    delay_seconds: float = 0.0
    """Held back for so long, whatever else happens: the request, or its answer where that is to be late."""
    status: int = 500
    code: str = "InternalServerError"
    message: str = "The local Azure was told to fail this request."
    body: dict[str, Any] | None = None
    """The whole JSON body in place of the usual envelope."""
    headers: dict[str, str] = field(default_factory=dict)
    retry_after_seconds: int | None = None
    """The ``Retry-After`` header, as throttling (429) carries it."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> FaultRule:
        """The rule that a JSON object describes. Raises InvalidFault."""
        unknown = sorted(set(document) - {each.name for each in fields(cls)})
        if unknown:
            raise InvalidFault(f"a fault has no field {', '.join(unknown)}")
        if document.get("kind") not in set(FaultKind):
            raise InvalidFault(f"kind: {document.get('kind')!r} is none of {', '.join(FaultKind)}")
        for each in fields(cls):
            if each.name in document and not _fits(document[each.name], str(each.type)):
                raise InvalidFault(f"{each.name}: {document[each.name]!r} is no {each.type}")
        rule = cls(**{**document, "kind": FaultKind(document["kind"])})
        rule._check()
        return rule

    def _check(self) -> None:
        try:
            re.compile(self.path)
        except re.error as error:
            raise InvalidFault(f"path: {self.path!r} is no regular expression: {error}") from None
        for name, least in (("count", 1), ("skip", 0), ("delay_seconds", 0), ("status", 100)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidFault(f"{name}: {value!r} is less than {least}")
        if self.kind in (FaultKind.DELAY, FaultKind.LATE_ANSWER) and not self.delay_seconds:
            raise InvalidFault("delay_seconds: a delay has to take some time")

    def document(self) -> dict[str, Any]:
        """The rule as a JSON object."""
        return asdict(self)

    def matches(self, request: Request) -> bool:
        """Whether the rule means this request."""
        return (
            self.method.upper() in ("*", request.method)
            and fnmatchcase(request.host, self.host.lower())
            and re.search(self.path, request.path, re.IGNORECASE) is not None
            and (self.kind is not FaultKind.STALE_READ or request.method in ("GET", "HEAD"))
        )


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "FaultKind": (str,),
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "int | None": (int, type(None)),
    "dict[str, Any] | None": (dict, type(None)),
    "dict[str, str]": (dict,),
}


def _fits(value: object, annotation: str) -> bool:
    return isinstance(value, _JSON_TYPES[annotation]) and not isinstance(value, bool)


class Faults:
    """The rules in force, oldest first; the first that matches takes the request. Kept in memory only. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[FaultRule] = []
        self._seen: dict[str, int] = {}

    def add(self, rule: FaultRule) -> None:
        """Puts the rule in force, after those that are there."""
        with self._lock:
            self._rules.append(rule)
            self._seen[rule.id] = 0

    def rules(self) -> list[FaultRule]:
        """The rules in force; a rule that has done its count is no longer among them."""
        with self._lock:
            return list(self._rules)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._rules.clear()
            self._seen.clear()

    def take(self, request: Request) -> FaultRule | None:
        """The rule that this request falls under, counted as used."""
        with self._lock:
            for rule in self._rules:
                if rule.matches(request) and self._strikes(rule):
                    return rule
        return None

    def stale_reads_at(self, host: str) -> bool:
        """Whether a rule may ask for what was at this host before its last write."""
        with self._lock:
            return any(
                rule.kind is FaultKind.STALE_READ and fnmatchcase(host, rule.host.lower()) for rule in self._rules
            )

    def _strikes(self, rule: FaultRule) -> bool:
        self._seen[rule.id] += 1
        seen = self._seen[rule.id]
        if rule.count is not None and seen >= rule.skip + rule.count:
            self._rules.remove(rule)
            del self._seen[rule.id]
        return seen > rule.skip
