"""What was changed outside of the stack, in words.

A provider's ``read`` hands back the declared field ``drift`` with a sentence for each difference. The program never
sets that field, so the next preview shows the sentences as something to take away, and ``up`` puts things right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dynamic.base import Props, tell

FIELD: Final = "drift"


def differences(
    known: Props, seen: Props, labels: Mapping[str, str], same: Callable[[str, Any, Any], bool]
) -> list[str]:
    """A sentence for each field of ``labels`` that was seen with another value than the one known."""
    return [
        f"{label} {shown(seen[name])} instead of {shown(known.get(name))}"
        for name, label in labels.items()
        if name in seen and not same(name, known.get(name), seen[name])
    ]


def shown(value: object) -> str:
    """A value as a sentence has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {shown(each)}" for name, each in sorted(value.items())) or "none"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(shown, value)) or "none"
    return "none" if value in (None, "") else str(value)


def say(subject: str, olds: Props) -> None:
    """Shows the sentences that the last refresh left, as an operation of the engine runs."""
    for sentence in olds.get(FIELD) or ():
        tell(f"{subject}: changed outside of this stack: {sentence}")
