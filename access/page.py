"""The matrix as a page: one HTML file with everything in it, to be looked at, sent around and printed.

Colours only repeat what words say: every mark has its text, for those who hear a page and for black-and-white paper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape

from access.capabilities import OVER_POOL, WITH_KEYS, Capability, words_of
from access.finding import Finding
from access.model import KIND_WORDS, POOL, Access, Principal
from access.page_style import STYLE
from access.tables import Cell, KeyClass, cell, key_classes, sections
from data_plane.data_actions import short

_MARK = "●"
_NAMED_AT_MOST = 2
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(access: Access, findings: Sequence[Finding]) -> str:
    """The whole document."""
    title = f"Access to {escape(access.pool)}"
    parts = [
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style>\n</head>\n<body>",
        *_header(access),
        "<main>",
        *_findings(findings),
        *_pool(access),
        *_keys(access),
        *_actions(access),
        *_roles(access),
        *_assignments(access),
        "</main>",
        f"<footer>Read from {escape(access.source)}. Rights that Azure RBAC gives over the resource itself"
        " (deleting the pool, changing its firewall) are not local roles and not shown here.</footer>",
        "</body>\n</html>",
    ]
    return "\n".join(parts) + "\n"


def _header(access: Access) -> Iterator[str]:
    people, assignments = sum(len(each) for _, each in sections(access)), len(access.grants)
    counts = f"{_count(people, 'principal')}, {_count(assignments, 'assignment')}, {_count(len(access.keys), 'key')}"
    links = {
        "findings": "Findings",
        "pool": "The pool",
        "keys": "Keys",
        "actions": "Action by action",
        "roles": "Roles",
        "assignments": "Assignments",
    }
    yield f'<header>\n<p class="eyebrow">Who may do what in a Managed HSM</p>\n<h1>{escape(access.pool)}</h1>'
    yield f"<p>{counts} · read from {escape(access.source)}</p>"
    yield from (
        f'<p class="warning" style="color:var(--tone)">Not looked at: {escape(each)}.</p>' for each in access.gaps
    )
    listed = "".join(f'<a href="#{anchor}">{words}</a>' for anchor, words in links.items())
    yield f'<nav aria-label="On this page">{listed}</nav>\n</header>'


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    yield '<section aria-labelledby="findings">\n<h2 id="findings">Findings</h2>'
    yield '<p class="lead">What somebody should look at, the worst first, each with the way out of it.</p>'
    yield '<ul class="findings">'
    for each in findings:
        yield (
            f'<li class="{each.level}"><span class="level">{each.level}</span><strong>{escape(each.who)}</strong>'
            f" {escape(each.what)}<p>Because {escape(each.why)}. <em>Way out:</em> {escape(each.way_out)}.</p></li>"
        )
    yield "</ul>\n</section>"


def _pool(access: Access) -> Iterator[str]:
    yield '<section aria-labelledby="pool">\n<h2 id="pool">Power over the pool</h2>'
    yield '<p class="lead">What concerns the pool as a whole. Hover over a mark, or move to it, to see why.</p>'
    heads = "".join(
        f'<th scope="col" class="mark" title="{escape(each.meaning)}">{escape(each.name)}</th>' for each in OVER_POOL
    )
    yield f'<div class="scroll"><table>\n<thead><tr><th scope="col">Who</th>{heads}</tr></thead>'
    yield from _bodies(
        access, lambda each: "".join(_dot(access, each, power, POOL) for power in OVER_POOL), 1 + len(OVER_POOL)
    )
    yield "</table></div>\n</section>"


def _keys(access: Access) -> Iterator[str]:
    classes = key_classes(access)
    yield '<section aria-labelledby="keys">\n<h2 id="keys">Who may do what on which key</h2>'
    yield (
        '<p class="lead">Effective: what is given at the pool and at all keys is counted in at each key. A key that has'
        " no column of its own is like every key. A dashed outline means a part of it.</p>"
    )
    yield '<ul class="legend">'
    for each in WITH_KEYS:
        yield f'<li><span class="chip {each.code}">{escape(each.name)}</span>{escape(each.meaning)}</li>'
    yield "</ul>"
    heads = "".join(f'<th scope="col" class="key"{_members(each)}>{escape(_headed(each))}</th>' for each in classes)
    yield f'<div class="scroll"><table>\n<thead><tr><th scope="col">Who</th>{heads}</tr></thead>'
    yield from _bodies(access, lambda each: "".join(_chips(access, each, keys) for keys in classes), 1 + len(classes))
    yield "</table></div>\n</section>"


def _actions(access: Access) -> Iterator[str]:
    actions = [(capability, action) for capability in WITH_KEYS for action in capability.actions]
    yield '<section aria-labelledby="actions">\n<h2 id="actions">Action by action</h2>'
    yield '<p class="lead">The same, one data action a column.</p>'
    heads = "".join(
        f'<th scope="col" class="upright" title="{escape(short(action))}"><span>{escape(words_of(action))}</span></th>'
        for _, action in actions
    )
    for keys in key_classes(access):
        yield f"<h3{_members(keys)}>{escape(_headed(keys))}</h3>"
        yield f'<div class="scroll"><table>\n<thead><tr><th scope="col">Who</th>{heads}</tr></thead>'

        def row(principal: Principal, scope: str = keys.scope) -> str:
            singles = [Capability(group.code, group.name, group.meaning, (action,)) for group, action in actions]
            return "".join(_dot(access, principal, each, scope) for each in singles)

        yield from _bodies(access, row, 1 + len(actions), keys.scope)
        yield "</table></div>"
    yield "</section>"


def _roles(access: Access) -> Iterator[str]:
    yield '<section aria-labelledby="roles">\n<h2 id="roles">Roles</h2>'
    yield '<p class="lead">What the roles that are given, or are the pool\'s own, permit.</p>'
    columns = "".join(f'<th scope="col">{each}</th>' for each in ("Role", "Data actions"))
    yield f'<div class="scroll"><table>\n<thead><tr>{columns}</tr></thead><tbody>'
    for role in access.roles.values():
        note = "the pool's own" + (f": {role.description}" if role.description else "") if role.custom else "built in"
        actions = ", ".join(f"<code>{escape(short(each))}</code>" for each in sorted(role.data_actions)) or "none"
        yield f'<tr><th scope="row">{escape(role.name)}<small>{escape(note)}</small></th><td>{actions}</td></tr>'
    yield "</tbody></table></div>\n</section>"


def _assignments(access: Access) -> Iterator[str]:
    yield '<section aria-labelledby="assignments">\n<h2 id="assignments">Assignments</h2>'
    yield '<p class="lead">What all of the above comes from.</p>'
    columns = "".join(f'<th scope="col">{each}</th>' for each in ("Who", "Role", "Scope", "From"))
    yield f'<div class="scroll"><table>\n<thead><tr>{columns}</tr></thead><tbody>'
    for each in access.grants:
        origin = f"<code>{escape(each.assignment)}</code>" if each.assignment else escape(each.origin)
        yield (
            f"<tr>{_row_head(access.principals[each.principal])}<td>{escape(each.role)}</td>"
            f"<td><code>{escape(each.scope)}</code></td><td>{origin}</td></tr>"
        )
    yield "</tbody></table></div>\n</section>"


def _bodies(
    access: Access, cells: Callable[[Principal], str], columns: int, only_at: str | None = None
) -> Iterator[str]:
    """The rows under their headings; with ``only_at`` of those who may do anything with keys at that scope."""
    for heading, everybody in sections(access):
        principals = [
            each
            for each in everybody
            if only_at is None or any(cell(access, each, capability, only_at) for capability in WITH_KEYS)
        ]
        if not principals:
            continue
        yield f'<tbody><tr class="heading"><th scope="rowgroup" colspan="{columns}">{escape(heading)}</th></tr>'
        yield from (f"<tr>{_row_head(each)}{cells(each)}</tr>" for each in principals)
        yield "</tbody>"


def _row_head(principal: Principal) -> str:
    kind = KIND_WORDS[principal.kind]
    if principal.kind == "group" and principal.members is not None:
        kind += f", {_count(len(principal.members), 'member')}"
    note = f"<small>{escape(kind)}</small>" if kind else ""
    return f'<th scope="row">{escape(principal.name)}{note}</th>'


def _chips(access: Access, principal: Principal, keys: KeyClass) -> str:
    found = [cell(access, principal, each, keys.scope) for each in WITH_KEYS]
    chips = "".join(_chip(each) for each in found if each)
    return f'<td><div class="chips">{chips}</div></td>' if chips else _NOTHING


def _chip(found: Cell) -> str:
    some = "" if found.whole else " some"
    why = escape(f"{found.capability.name}: {found.which} — {found.why}")
    name = escape(_label(found))
    return (
        f'<span class="chip {found.capability.code}{some}" tabindex="0" data-why="{why}">{name}'
        f'<span class="sr">: {escape(found.which)}, by {escape(found.why)}</span></span>'
    )


def _label(found: Cell) -> str:
    """The capability's name; of a part of it the actions themselves, or how many of them."""
    if found.whole:
        return found.capability.name
    if len(found.actions) <= _NAMED_AT_MOST:
        return found.which
    return f"{found.capability.name} {len(found.actions)} of {len(found.capability.actions)}"


def _dot(access: Access, principal: Principal, capability: Capability, scope: str) -> str:
    found = cell(access, principal, capability, scope)
    if found is None:
        return _NOTHING_MARKED
    what = capability.name if scope == POOL else found.which
    why = escape(f"{what} — {found.why}")
    return (
        f'<td class="mark"><span class="dot {capability.code}" tabindex="0" data-why="{why}">'
        f'<span aria-hidden="true">{_MARK}</span><span class="sr">yes, by {escape(found.why)}</span></span></td>'
    )


_NOTHING = '<td><span class="none" aria-hidden="true">–</span><span class="sr">nothing</span></td>'
_NOTHING_MARKED = '<td class="mark"><span class="none" aria-hidden="true">·</span><span class="sr">no</span></td>'


def _headed(keys: KeyClass) -> str:
    return "Every key" if not keys.keys else keys.name


def _members(keys: KeyClass) -> str:
    return f' title="{escape(", ".join(keys.keys))}"' if len(keys.keys) > 1 else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
