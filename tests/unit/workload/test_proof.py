from __future__ import annotations

import ast
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workload import proof

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
    assert proof._addresses(answer(".".join(host), ".".join(alias), addresses)) == addresses


def test_the_script_is_one_that_an_older_python_understands() -> None:
    source = Path(proof.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {
        name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert imported <= {
        "base64", "datetime", "functools", "http", "json", "os", "secrets", "socket", "ssl", "struct", "sys", "time",
        "urllib",
    }  # fmt: skip


def test_the_script_fits_into_a_run_command() -> None:
    assert len(Path(proof.__file__).read_bytes()) < 100_000


def test_a_name_that_leads_elsewhere_is_not_as_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", ("52.170.0.7", 443))])
    with pytest.raises(proof.NotAsPromised, match=r"is 52\.170\.0\.7 here, not 10\.0\.1\.4"):
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
    ],
)
def test_only_the_firewalls_403_counts_as_refused(
    monkeypatch: pytest.MonkeyPatch, status: int, answer: dict[str, Any], refused: bool
) -> None:
    monkeypatch.setattr(proof, "_public_address", lambda _: "52.170.0.7")
    monkeypatch.setattr(proof, "_request", lambda *_, **__: (status, answer))
    if refused:
        assert proof._public_way(PROMISE, "token").startswith("refused at 52.170.0.7")
    else:
        with pytest.raises(proof.NotAsPromised, match="to an authorised token"):
            proof._public_way(PROMISE, "token")


def test_a_public_address_that_is_silent_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: object, **__: object) -> Any:
        raise TimeoutError("timed out")

    monkeypatch.setattr(proof, "_public_address", lambda _: "52.170.0.7")
    monkeypatch.setattr(proof, "_request", silent)
    with pytest.raises(proof.NotAsPromised, match="proves nothing about the firewall"):
        proof._public_way(PROMISE, "token")


def test_without_a_way_to_ask_the_evidence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "_public_address", lambda _: None)
    assert proof._public_way(PROMISE, "token").startswith("not measured")


def test_what_fails_early_leaves_the_rest_untried_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> Any:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", ("10.0.1.4", 443))])
    monkeypatch.setattr(proof, "_imds", refused)
    evidence = proof.prove(PROMISE)
    assert not evidence["passed"]
    assert evidence["steps"]["name"] == {"passed": True, "found": "10.0.1.4"}
    assert "refused" in evidence["steps"]["token"]["found"]
    assert evidence["steps"]["use"]["found"] == "not tried: there is no token"
