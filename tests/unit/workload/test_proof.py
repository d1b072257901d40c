"""The parts of the proof, each by itself; as a whole: test_broken_promises.py."""

from __future__ import annotations

import ast
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workload
from workload import metadata, proof, public_dns
from workload.pool import Answer, Pool
from workload.steps import NotAsPromised, NotMeasured

PROMISE: dict[str, Any] = {
    "host": "az400popmhsm.managedhsm.azure.net",
    "privateAddresses": ["10.0.1.4"],
    "principalId": "a1dd528d-e691-4349-b01e-5deb7d7876d7",
    "clientId": "",
    "key": "myrsakey",
    "lists": True,
    "publicWay": "closed",
    "patienceSeconds": 0,
}
POOL = Pool(PROMISE["host"], PROMISE["privateAddresses"], "token")
LABELS = st.lists(st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=63), min_size=1, max_size=3)
ADDRESSES = st.lists(st.ip_addresses(v=4).map(str), max_size=4)


def encoded_name(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def answer(host: str, alias: str, addresses: list[str]) -> bytes:
    """A DNS message: the question, a CNAME, and the alias's addresses by a compressed name."""
    question = encoded_name(host) + struct.pack("!2H", 1, 1)
    target = encoded_name(alias)
    cname = b"\xc0\x0c" + struct.pack("!2HIH", 5, 1, 60, len(target)) + target
    name = struct.pack("!H", 0xC000 | (12 + len(question) + 12))
    records = [name + struct.pack("!2HIH", 1, 1, 60, 4) + socket.inet_aton(each) for each in addresses]
    header = struct.pack("!6H", 7, 0x8180, 1, 1 + len(records), 0, 0)
    return header + question + cname + b"".join(records)


@given(LABELS, LABELS, ADDRESSES)
def test_the_addresses_behind_an_alias_are_read(host: list[str], alias: list[str], addresses: list[str]) -> None:
    assert public_dns.addresses_in(answer(".".join(host), ".".join(alias), addresses)) == addresses


@given(st.binary(max_size=80))
def test_what_is_no_dns_message_is_no_answer(said: bytes) -> None:
    class Resolver(socket.socket):
        def connect(self, _: object) -> None: ...

        def send(self, *_: object) -> int:
            return 0

        def recv(self, *_: object) -> bytes:
            return said

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", Resolver)
        try:
            assert isinstance(public_dns.ask("az400popmhsm.managedhsm.azure.net", "1.1.1.1"), list)
        except OSError as error:
            assert str(error) in ("the answer is another question's", "the answer is no DNS message")  # noqa: PT017


def test_a_lost_datagram_is_sent_again_before_silence_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[list[str] | TimeoutError] = iter([TimeoutError(), TimeoutError(), ["52.170.0.7"]])

    def ask(*_: object) -> list[str]:
        found = next(answers)
        if isinstance(found, TimeoutError):
            raise found
        return found

    monkeypatch.setattr(public_dns, "ask", ask)
    assert public_dns.addresses("az400popmhsm.managedhsm.azure.net") == ["52.170.0.7"]


def sources() -> dict[str, str]:
    files = [Path(proof.__file__).with_name(f"{module}.py") for module in proof.MODULES]
    return {each.stem: each.read_text() for each in files}


def test_the_script_is_one_that_an_older_python_understands() -> None:
    imported = set()
    for text in sources().values():
        for node in ast.walk(ast.parse(text, feature_version=(3, 8))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            if isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert imported <= {
        "__future__", "base64", "collections", "dataclasses", "datetime", "functools", "http", "json", "os", "secrets",
        "socket", "ssl", "struct", "sys", "time", "typing", "urllib", "workload",
    }  # fmt: skip


def test_whatever_the_script_imports_of_its_package_is_sent_along() -> None:
    imported = {"__init__", "proof"}
    for text in sources().values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == workload.__name__:
                imported |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{workload.__name__}."):
                imported.add(str(node.module).partition(".")[2])
    assert imported == set(proof.MODULES)


def test_the_script_fits_into_a_run_command() -> None:
    assert sum(len(text.encode()) for text in sources().values()) < 100_000


def test_a_name_that_leads_elsewhere_is_not_as_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", ("52.170.0.7", 443))])
    with pytest.raises(NotAsPromised, match=r"is 52\.170\.0\.7 here, not 10\.0\.1\.4"):
        proof._name(PROMISE)


@pytest.mark.parametrize(
    ("status", "answer", "refused"),
    [
        (403, {"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByFirewall"}}}, True),
        (403, {"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByConnection"}}}, True),
        (403, {"error": {"code": "Forbidden", "message": "Public network access is disabled and …"}}, True),
        (401, {"error": {"code": "Unauthorized", "message": "Public network access is disabled and …"}}, False),
        (403, {"error": {"code": "AccessDenied"}}, False),
        (401, {}, False),
        (200, {"value": []}, False),
        (500, {}, False),
        (403, {"error": "ForbiddenByFirewall"}, False),
        (403, {"error": {"innererror": "ForbiddenByFirewall"}}, False),
    ],
)
def test_only_the_firewalls_403_counts_as_refused(
    monkeypatch: pytest.MonkeyPatch, status: int, answer: dict[str, Any], refused: bool
) -> None:
    monkeypatch.setattr(public_dns, "addresses", lambda _: ["52.170.0.7"])
    monkeypatch.setattr(Pool, "ask", lambda *_, **__: Answer(status, answer, "52.170.0.7"))
    if refused:
        assert proof._public_way(PROMISE, POOL).startswith("refused at 52.170.0.7")
    else:
        with pytest.raises(NotAsPromised, match="to an authorised token"):
            proof._public_way(PROMISE, POOL)


def test_a_public_address_that_is_silent_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(public_dns, "addresses", lambda _: ["52.170.0.7"])
    monkeypatch.setattr(Pool, "ask", silent)
    with pytest.raises(NotAsPromised, match="proves nothing about the firewall"):
        proof._public_way(PROMISE, POOL)


def test_without_a_way_to_ask_the_evidence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(public_dns, "ask", silent)
    with pytest.raises(NotMeasured, match=r"^not measured: no public resolver is reached from here$"):
        proof._public_way(PROMISE, POOL)


def test_what_fails_early_leaves_the_rest_untried_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Any:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", ("10.0.1.4", 443))])
    monkeypatch.setattr(metadata, "ask", refused)
    evidence = proof.prove(PROMISE)
    assert not evidence["passed"]
    assert evidence["steps"]["name"] == {"passed": True, "found": "10.0.1.4"}
    assert "refused" in evidence["steps"]["token"]["found"]
    assert evidence["steps"]["use"]["found"] == "not tried: there is no token"
