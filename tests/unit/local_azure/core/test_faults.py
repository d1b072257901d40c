from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.faults import FaultKind, FaultRule, Faults, InvalidFault
from local_azure.core.http import Request

GET_KEY = Request("GET", "contoso.managedhsm.azure.net", "/keys/myrsakey")


@given(skip=st.integers(0, 5), count=st.integers(1, 5))
def test_a_rule_strikes_exactly_its_count_after_those_that_it_lets_pass(skip: int, count: int) -> None:
    faults = Faults()
    faults.add(FaultRule(FaultKind.STATUS, skip=skip, count=count))
    struck = [faults.take(GET_KEY) is not None for _ in range(skip + count + 3)]
    assert struck == [False] * skip + [True] * count + [False] * 3
    assert faults.rules() == []


def test_a_rule_without_a_count_stays() -> None:
    faults = Faults()
    faults.add(FaultRule(FaultKind.STATUS, count=None))
    assert all(faults.take(GET_KEY) for _ in range(50))
    assert len(faults.rules()) == 1


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (FaultRule(FaultKind.STATUS), True),
        (FaultRule(FaultKind.STATUS, method="GET", host="*.ManagedHSM.azure.net", path="^/KEYS/"), True),
        (FaultRule(FaultKind.STATUS, method="PUT"), False),
        (FaultRule(FaultKind.STATUS, host="management.azure.com"), False),
        (FaultRule(FaultKind.STATUS, path="^/secrets"), False),
    ],
)
def test_method_host_and_path_must_all_match(rule: FaultRule, expected: bool) -> None:
    assert rule.matches(GET_KEY) is expected


def test_only_reads_can_be_stale() -> None:
    assert not FaultRule(FaultKind.STALE_READ).matches(Request("POST", GET_KEY.host, GET_KEY.path))


def test_the_oldest_rule_takes_the_request() -> None:
    faults = Faults()
    first, second = FaultRule(FaultKind.STATUS), FaultRule(FaultKind.DROP_BEFORE)
    faults.add(first)
    faults.add(second)
    assert [faults.take(GET_KEY), faults.take(GET_KEY)] == [first, second]


def test_a_rule_survives_the_way_through_json() -> None:
    rule = FaultRule(FaultKind.STATUS, status=429, retry_after_seconds=3, headers={"x": "y"}, body={"error": {}})
    assert FaultRule.from_document(rule.document()) == rule


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"kind": "explode"}, "kind: 'explode' is none of status, drop-before"),
        ({}, "kind: None"),
        ({"kind": "status", "stauts": 500}, "no field stauts"),
        ({"kind": "status", "status": "500"}, "status: '500' is no int"),
        ({"kind": "status", "count": 0}, "count: 0 is less than 1"),
        ({"kind": "delay"}, "delay_seconds: a delay has to take some time"),
        ({"kind": "status", "count": True}, "count: True is no int"),
        ({"kind": "status", "path": "("}, "path: '\\(' is no regular expression"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(document: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidFault, match=reason):
        FaultRule.from_document(document)
