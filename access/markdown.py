"""The matrix for terminals and pull requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from access.capabilities import OVER_POOL, WITH_KEYS, words_of
from access.finding import Finding
from access.model import POOL, Access, Principal
from access.tables import Cell, cell, key_classes, sections


def markdown(access: Access, findings: Sequence[Finding]) -> str:
    """All of it, GitHub-flavoured."""
    return "\n".join(_lines(access, findings)) + "\n"


def _lines(access: Access, findings: Sequence[Finding]) -> Iterator[str]:
    yield f"# Access to {_escaped(access.pool)}"
    yield f"\nRead from {_escaped(access.source)}. **Bold**: all of it; plain: the actions that are named."
    yield from (f"\n> Not looked at: {_escaped(each)}." for each in access.gaps)
    if findings:
        yield "\n## Findings"
        yield from (f"- **{each.level}**: {_escaped(each.line)}" for each in findings)
    people = [each for _, principals in sections(access) for each in principals]
    yield "\n## Power over the pool"
    yield from _table(
        ["who", *(each.name for each in OVER_POOL)],
        [[_who(each), *(_yes(cell(access, each, power, POOL)) for power in OVER_POOL)] for each in people],
    )
    for keys in key_classes(access):
        yield f"\n## Who may do what with {_escaped(keys.name)}"
        if len(keys.keys) > 1:
            yield f"\n{_escaped(', '.join(keys.keys))}\n"
        rows = [
            [_who(each), *(_which(cell(access, each, capability, keys.scope)) for capability in WITH_KEYS)]
            for each in people
        ]
        yield from _table(["who", *(each.name for each in WITH_KEYS)], [row for row in rows if any(row[1:])])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        yield "\nNobody."
        return
    yield ""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _who(principal: Principal) -> str:
    return _escaped(principal.words)


def _yes(found: Cell | None) -> str:
    return "**yes**" if found else ""


def _which(found: Cell | None) -> str:
    if found is None:
        return ""
    return f"**{', '.join(map(words_of, found.capability.actions))}**" if found.whole else found.which


def _escaped(text: str) -> str:
    for letter in "\\|*_`<>[]":
        text = text.replace(letter, f"\\{letter}")
    return " ".join(text.split())
