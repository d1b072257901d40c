"""Reads what ``pulumi preview --json`` prints.

Source: ``PreviewDigest`` and ``PreviewStep`` in pulumi's ``pkg/display/json.go``, and the step operations of
``pkg/resource/deploy/step.go``, both of 3.259.0. The engine blinds secrets itself (``[secret]``), counts each logical
step in ``changeSummary``, and leaves steps that stay the same, reads and the halves of replacements out unless it is
asked for them: the counts show whether something is missing here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from policy.gate.errors import FailedPreview, UnreadablePreview
from policy.gate.events import Log
from policy.gate.state import State

FLAGS: Final = ("--json", "--show-sames", "--show-replacement-steps", "--show-reads")
"""What ``pulumi preview`` has to be told so that nothing is left out."""

LOOKED_AT: Final = "refresh"
"""A look at the cloud before a preview with ``--refresh``: changes nothing, and the engine does not count it."""
HALVES: Final = frozenset(
    (
        "create-replacement",
        "delete-replaced",
        "read-replacement",
        "discard-replaced",
        "import-replacement",
        "remove-pending-replace",
    )
)
"""Operations that a logical ``replace`` consists of; the engine does not count them."""

_POLICIES_FAILED: Final = "error: preview failed"
"""All that the preview itself says of policies (seen with engine 3.259.0; policies are in the event log)."""
_NOT_COUNTED: Final = frozenset((*HALVES, LOOKED_AT))
_STEP_KEYS: Final = frozenset(
    ("op", "urn", "provider", "oldState", "newState", "diffReasons", "replaceReasons", "detailedDiff")
)
_PREVIEW_KEYS: Final = frozenset(("config", "steps", "diagnostics", "duration", "changeSummary", "maybeCorrupt"))


@dataclass(frozen=True)
class Step:
    """What is about to happen to one resource."""

    operation: str
    urn: str
    old: State | None
    new: State | None
    reasons: tuple[str, ...]
    """Paths that the engine itself names as the cause, as it writes them."""

    @property
    def type(self) -> str:
        """The resource's type, such as ``azure-native:keyvault:ManagedHsm``."""
        return _type(self.urn)

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[3]

    @property
    def former_urn(self) -> str:
        """What it was called in the program until now; empty where that stays."""
        found = str(self.old.content.get("urn")) if self.old else self.urn
        return found if found != self.urn else ""

    @property
    def state(self) -> State:
        """The resource as it is to be, or as it was where it goes."""
        found = self.new or self.old
        if found is None:  # the reader lets no such step in
            raise UnreadablePreview(f"{self.urn}: neither an old nor a new state")
        return found


@dataclass(frozen=True)
class Preview:
    """Everything that the engine is about to do."""

    steps: tuple[Step, ...]
    counts: Mapping[str, int]
    """By operation, as the engine counted."""
    config: Mapping[str, str]
    messages: tuple[str, ...]
    """What program and engine said meanwhile."""

    @property
    def changes(self) -> tuple[Step, ...]:
        """The logical steps that are not ``same``."""
        return tuple(step for step in self.steps if step.operation not in (*_NOT_COUNTED, "same"))

    @property
    def is_whole(self) -> bool:
        """Whether what stays the same is here too."""
        return self.counts.get("same", 0) == len([step for step in self.steps if step.operation == "same"])

    @property
    def stack(self) -> str:
        """The stack's name; empty where there is no step to tell it."""
        return self.steps[0].urn.split("::")[0].removeprefix("urn:pulumi:") if self.steps else ""


def read(text: str | bytes, log: Log | None = None) -> Preview:
    """The preview. Raises UnreadablePreview for anything else, FailedPreview for one that ended with an error.

    ``log`` is the event log of the same run: a preview whose only error is a policy's is whole, and can be judged.
    """
    content = _document(text)
    _refuse_failed(content, violated=log is not None and log.is_violated)
    if unknown := sorted(set(content) - _PREVIEW_KEYS):
        raise UnreadablePreview(f"the preview has {', '.join(unknown)}, which this gate does not know: it may be newer")
    if content.get("maybeCorrupt"):
        raise FailedPreview("the engine says that resources may be corrupt (maybeCorrupt)")
    counts = _counts(content.get("changeSummary"))
    steps = tuple(_step(each) for each in _sequence(content.get("steps"), "steps"))
    _check_one_stack(steps)
    _check_complete(steps, counts)
    config = {str(name): str(value) for name, value in _mapping(content.get("config", {}), "config").items()}
    messages = tuple(str(each.get("message", "")).strip() for each in _diagnostics(content))
    return Preview(steps, counts, config, messages)


def _document(text: str | bytes) -> dict[str, Any]:
    try:
        content = json.loads(text if isinstance(text, str) else text.decode(), object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise UnreadablePreview("the preview is not text in UTF-8") from None
    except RecursionError:
        raise UnreadablePreview("the preview is nested too deeply") from None
    except ValueError as error:
        if not text.strip():
            raise UnreadablePreview("the preview is empty: did pulumi preview run, and with --json?") from None
        raise UnreadablePreview(f"the preview is no JSON document, or not all of one: {error}") from None
    try:
        # Half of a surrogate pair is valid JSON (RFC 8259, 8.2) and in no text that could be written down.
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise UnreadablePreview("the preview holds text that is no Unicode") from None
    if not isinstance(content, dict):
        raise UnreadablePreview("the preview is no JSON object; is it what pulumi preview --json printed?")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a name that is there twice: readers differ in which of the two counts (RFC 8259, 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice in one object")
    return found


def _refuse_failed(content: Mapping[str, Any], *, violated: bool) -> None:
    errors = [each for each in _diagnostics(content) if each.get("severity") == "error"]
    if violated and [str(each.get("message")).strip() for each in errors] == [_POLICIES_FAILED]:
        return
    if errors:
        said = " ".join(str(errors[0].get("message", "")).split()).removeprefix("error: ")
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise FailedPreview(f"the preview failed: {said}{more}")


def _diagnostics(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [_mapping(each, "diagnostics") for each in _sequence(content.get("diagnostics", []), "diagnostics")]


def _counts(summary: object) -> dict[str, int]:
    counts = _mapping(summary, "changeSummary")
    for operation, number in counts.items():
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise UnreadablePreview(f"changeSummary.{operation}: {number!r} is no count")
    return dict(counts)


def _check_one_stack(steps: Sequence[Step]) -> None:
    """Whether all of it belongs together: what another stack keeps says nothing of this one."""
    stacks = sorted({"::".join(step.urn.split("::")[:2]) for step in steps})
    if len(stacks) > 1:
        raise UnreadablePreview(f"the preview is of more than one stack: {', '.join(stacks)}")


def _check_complete(steps: Sequence[Step], counts: Mapping[str, int]) -> None:
    """Whether every change that the engine counted is here, once. What stays the same may be left out."""
    here = Counter(step.operation for step in steps if step.operation not in (*_NOT_COUNTED, "same"))
    expected = Counter({operation: number for operation, number in counts.items() if number and operation != "same"})
    if here != expected:
        wrong = sorted(name for name in here.keys() | expected.keys() if here[name] != expected[name])
        told = ", ".join(f"{name}: {here[name]} of {expected[name]}" for name in wrong)
        raise UnreadablePreview(
            f"the preview is not whole (steps that are here, of those that the engine counted: {told}); run"
            f" pulumi preview {' '.join(FLAGS)}"
        )
    logical = Counter(step.urn for step in steps if step.operation not in _NOT_COUNTED)
    twice = [urn for urn, number in logical.items() if number > 1 and _is_ambiguous(urn, steps)]
    if twice:
        raise UnreadablePreview(f"{twice[0]}: two steps for one resource")


def _is_ambiguous(urn: str, steps: Sequence[Step]) -> bool:
    """A resource that waits for its deletion since an earlier replacement has a ``delete`` beside another step."""
    mine = [step for step in steps if step.urn == urn and step.operation not in _NOT_COUNTED]
    return len([step for step in mine if not (step.operation == "delete" and step.old and step.old.pending)]) > 1


def _step(value: object) -> Step:
    step = _mapping(value, "a step")
    if unknown := sorted(set(step) - _STEP_KEYS):
        raise UnreadablePreview(f"a step has {', '.join(unknown)}, which this gate does not know: it may be newer")
    urn, operation = step.get("urn"), step.get("op")
    if not isinstance(operation, str) or not operation:
        raise UnreadablePreview("a step without an operation")
    if not isinstance(urn, str) or not urn.startswith("urn:pulumi:") or len(urn.split("::", 3)) != 4:
        raise UnreadablePreview(f"{str(urn)[:200]!r} is no URN of a resource")
    new = _state(step.get("newState"), {urn}, urn)
    # Under another name of the program's before, which the engine notes as an alias (seen with 3.259.0).
    aliases = _sequence(new.content.get("aliases") or [], f"{urn}: aliases") if new else []
    names = {each for each in aliases if isinstance(each, str) and _is_sibling(each, urn)}
    old = _state(step.get("oldState"), {urn, *names}, urn)
    if old is None and new is None:
        raise UnreadablePreview(f"{urn}: a step with neither an old nor a new state")
    detailed = _mapping(step.get("detailedDiff") or {}, f"{urn}: detailedDiff")
    reasons = (
        *detailed,
        *_sequence(step.get("diffReasons") or [], f"{urn}: diffReasons"),
        *_sequence(step.get("replaceReasons") or [], f"{urn}: replaceReasons"),
    )
    return Step(operation, urn, old, new, tuple(dict.fromkeys(str(each) for each in reasons)))


def _is_sibling(alias: str, urn: str) -> bool:
    """Whether a name is one of the same stack and type: whatever else an alias says is another resource here."""
    before, now = alias.split("::", 3), urn.split("::", 3)
    return len(before) == 4 and before[:2] == now[:2] and _type(alias) == _type(urn)


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _state(value: object, names: Set[str], urn: str) -> State | None:
    if value is None:
        return None
    content = _mapping(value, f"{urn}: a state")
    if content.get("urn") not in names:
        raise UnreadablePreview(f"{urn}: has the state of another resource")
    for name in ("inputs", "outputs"):
        _mapping(content.get(name, {}), f"{urn}: {name}")
    if content.get("type") != _type(urn):
        raise UnreadablePreview(f"{urn}: has a state of another type, {content.get('type')!r}")
    return State(content)


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise UnreadablePreview(f"{what}: an object is expected; is this what pulumi preview --json printed?")
    return value


def _sequence(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise UnreadablePreview(f"{what}: a list is expected; is this what pulumi preview --json printed?")
    return value
