"""The activation of the pool and the custody of its security domain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from policy.gate.finding import Said
from policy.gate.preview import Preview, Step
from policy.gate.rules.kind import POOL_FIELDS, Kind, changed, difference, says
from policy.gate.state import MISSING, Change


def _quorum(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    old, new = change.old, change.new
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    how = ("lower: fewer people suffice" if new < old else "higher") if numbers else "to what is not known yet"
    return [Said("quorum-changed", f"{difference(change)} ({how})")]


def _custodians(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    before, after = _holders(change.old), _holders(change.new)
    gone = sorted(set(before) - set(after))
    come = sorted(set(after) - set(before))
    told = [f"out: {', '.join(gone)}"] * bool(gone) + [f"in: {', '.join(come)}"] * bool(come)
    return [Said("custodians-changed", "; ".join(told) or "in another order")]


def _holders(custodians: Any) -> list[str]:
    """Each custodian by name and the beginning of the certificate's hash: a name alone says nothing."""
    if not isinstance(custodians, list):
        return ["(known only later)"]
    return [_holder(each) for each in custodians]


def _holder(custodian: Any) -> str:
    if not isinstance(custodian, Mapping):
        return "(known only later)"
    digest = hashlib.sha256(str(custodian.get("certificate")).encode()).hexdigest()[:8]
    return f"{custodian.get('name')} ({digest})"


def _places(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    return [Said("custody-places-changed", difference(change))]


def _repeated(change: Change, _step: Step, _preview: Preview) -> list[Said]:
    if change.new is MISSING or change.new is None:
        return [Said("changed", difference(change))]
    return [Said("activation-repeated", difference(change))]


KINDS: Final[Mapping[str, Kind]] = {
    "pulumi-python:dynamic/mhsm:SecurityDomain": Kind(
        "activation",
        created=says("new"),
        deleted=says("activation-lost"),
        replaced=says("activation-lost"),
        properties={
            **POOL_FIELDS,
            "quorum": _quorum,
            "custodians": _custodians,
            "destinations": _places,
            "reissue": _repeated,
            "recover_from": _repeated,
            "manifest": changed("activation-repeated"),
        },
    )
}
