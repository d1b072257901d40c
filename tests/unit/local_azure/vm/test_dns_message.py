"""DNS messages on the wire."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_azure.vm import dns_message
from local_azure.vm.dns_message import MalformedMessage
from local_azure.vm.public_names import Record
from tests.unit.local_azure.vm import dns_client

HOST, LINK = "az400popmhsm.managedhsm.azure.net", "az400popmhsm.privatelink.managedhsm.azure.net"
WAY = (Record(HOST, "CNAME", LINK, 60), Record(LINK, "A", "10.0.1.4", 3600))

labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=30)
names = st.lists(labels, min_size=1, max_size=6).map(".".join)
addresses = st.ip_addresses(v=4).map(str)


def answered(name: str, kind: str = "A", records: tuple[Record, ...] = WAY) -> dict[str, Any]:
    return dns_client.read(dns_message.reply(dns_message.parse(dns_client.query(name, kind)), 0, records))


@given(names, st.sampled_from(["A", "CNAME", "AAAA", "ANY"]), st.integers(0, 0xFFFF))
def test_a_query_is_read_as_it_was_written(name: str, kind: str, identifier: int) -> None:
    read = dns_message.parse(dns_client.query(name, kind, identifier=identifier))
    assert (read.name, read.type, read.id, read.is_standard) == (name, dns_client.TYPES[kind], identifier, True)


@given(names, names, st.lists(addresses, min_size=1, max_size=20, unique=True), st.integers(0, 2**31 - 1))
def test_a_reply_is_read_as_it_was_written(name: str, alias: str, found: list[str], ttl: int) -> None:
    records = (Record(name, "CNAME", alias, ttl), *(Record(alias, "A", each, ttl) for each in found))
    read = answered(name, "A", records)
    assert read["records"] == [[each.owner, each.kind, each.value, each.ttl] for each in records]
    assert (read["question"], read["response"], read["cut"]) == (name, True, False)


@given(st.binary(max_size=64))
def test_no_bytes_do_anything_but_parse_or_be_refused(message: bytes) -> None:
    try:
        query = dns_message.parse(message)
    except MalformedMessage:
        answer = dns_message.malformed_reply(message)
        assert answer is None or (answer[:2], answer[3] & 0xF) == (message[:2], dns_message.FORMAT_ERROR)
    else:
        assert dns_message.reply(query, 0)[:2] == message[:2]


def test_the_way_by_privatelink_is_told_with_its_alias() -> None:
    assert answered(HOST)["records"] == [[HOST, "CNAME", LINK, 60], [LINK, "A", "10.0.1.4", 3600]]


def test_letters_come_back_as_they_were_sent() -> None:
    # Clients that vary the case against forged answers (dns0x20) compare it.
    read = answered(HOST.replace("az400pop", "aZ400PoP"))
    assert read["question"].startswith("aZ400PoP")
    assert read["records"][0][0] == read["question"]


def test_a_question_for_the_alias_is_answered_with_that_one_alias() -> None:
    records = (Record(HOST, "CNAME", LINK, 60), Record(LINK, "CNAME", "eastus2.prod.managedhsm.azure.net", 60))
    assert answered(HOST, "CNAME", records)["records"] == [[HOST, "CNAME", LINK, 60]]


def test_a_question_for_another_type_gets_the_aliases_only() -> None:
    assert answered(HOST, "AAAA")["records"] == [[HOST, "CNAME", LINK, 60]]


def test_names_are_written_once() -> None:
    records = tuple(Record(LINK, "A", f"10.0.1.{number}", 60) for number in range(20))
    message = dns_message.reply(dns_message.parse(dns_client.query(HOST)), 0, (WAY[0], *records))
    assert message.count(b"privatelink") == 1
    assert len(message) < dns_message.LONGEST_DATAGRAM


def test_a_cut_reply_has_its_question_and_says_that_there_is_more() -> None:
    message = dns_client.query(HOST)
    query = dns_message.parse(message)
    read = dns_client.read(dns_message.cut(dns_message.reply(query, 0, WAY), query.question))
    assert (read["cut"], read["question"], read["records"], read["code"]) == (True, HOST, [], 0)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x12\x67",
        dns_client.query(HOST)[:-1],
        dns_client.query(HOST)[:20],
        dns_client.query(HOST, flags=0x8000),
        struct.pack("!6H", 1, 0x0100, 2, 0, 0, 0) + dns_client.query(HOST)[12:] * 2,
        struct.pack("!6H", 1, 0x0100, 0, 0, 0, 0),
        struct.pack("!6H", 1, 0x0100, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",
        dns_client.query(".".join(["a" * 63] * 4 + ["b"])),
    ],
    ids=["empty", "no header", "cut short", "cut in the name", "a response", "two", "none", "pointer", "long name"],
)
def test_what_is_no_single_question_is_malformed(broken: bytes) -> None:
    with pytest.raises(MalformedMessage):
        dns_message.parse(broken)


def test_a_response_is_never_answered() -> None:
    assert dns_message.malformed_reply(dns_client.query(HOST, flags=0x8000)) is None


def test_other_operations_and_classes_are_no_standard_queries() -> None:
    assert not dns_message.parse(dns_client.query(HOST, flags=0x2800)).is_standard
    assert not dns_message.parse(dns_client.query(HOST)[:-2] + b"\0\3").is_standard
