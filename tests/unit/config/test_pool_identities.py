from __future__ import annotations

from collections.abc import Callable
from typing import Any

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]


def test_the_machines_own_identity_is_none_for_the_pool(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:hsm"]["identities"] = ["testvmmhsm"]
    (line,) = mistakes(dev)
    assert line == "hsm.identities[0]: testvmmhsm is not accepted; an identity with userAssigned or id"


def test_an_unknown_identity_is_refused_with_those_there_are(dev: Values, mistakes: Mistakes) -> None:
    dev["managed-hsm:identities"]["backup"] = {"userAssigned": True}
    dev["managed-hsm:hsm"]["identities"] = ["bakcup", "backup", "backup"]
    unknown, twice = mistakes(dev)
    assert unknown == "hsm.identities[0]: bakcup is not accepted; one of backup"
    assert twice == "hsm.identities[2]: backup is not accepted; each identity once"
