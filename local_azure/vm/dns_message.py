"""DNS messages on the wire (RFC 1035), as far as a resolver for addresses needs them."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from local_azure.vm.public_names import Record

TYPE_A, TYPE_CNAME = 1, 5
_TYPES = {"A": TYPE_A, "CNAME": TYPE_CNAME}
_ANY, _CLASS_IN = 255, 1
_HEADER = struct.Struct("!6H")
_RESPONSE, _TRUNCATED, _RECURSION_DESIRED, _RECURSION_AVAILABLE, _OPCODE = 0x8000, 0x0200, 0x0100, 0x0080, 0x7800
_COMPRESSED = 0xC000
_LONGEST_LABEL, _LONGEST_NAME = 63, 255
LONGEST_DATAGRAM = 512
"""Bytes of an answer over UDP (4.2.1); a longer one is cut, and asked for again over TCP."""

NO_ERROR, FORMAT_ERROR, NAME_ERROR, NOT_IMPLEMENTED = 0, 1, 3, 4


class MalformedMessage(ValueError):
    """The bytes are no DNS query."""


@dataclass(frozen=True)
class Query:
    """One question."""

    id: int
    flags: int
    question: bytes
    """The question section as it came: letter case is given back as it was sent."""
    name: str
    """Lower case, without the last dot."""
    type: int
    is_standard: bool
    """Whether it is a standard query of the class IN, the only kind that is answered."""

    def wants(self, record: Record) -> bool:
        """Whether the record answers the question: aliases do on the way to something else."""
        if record.kind == "CNAME":
            return self.type != TYPE_CNAME or record.owner == self.name
        return self.type in (_TYPES[record.kind], _ANY)


def parse(message: bytes) -> Query:
    """Reads a query. Raises MalformedMessage."""
    try:
        identifier, flags, questions, _, _, _ = _HEADER.unpack_from(message)
        labels, position = [], _HEADER.size
        while length := message[position]:
            if length > _LONGEST_LABEL:
                raise MalformedMessage("a question has no compressed name")
            labels.append(message[position + 1 : position + 1 + length])
            position += 1 + length
        if position + 1 - _HEADER.size > _LONGEST_NAME:
            raise MalformedMessage("the name is too long")
        kind, kind_of_class = struct.unpack_from("!2H", message, position + 1)
    except (struct.error, IndexError):
        raise MalformedMessage("the message is cut short") from None
    if questions != 1 or flags & _RESPONSE:
        raise MalformedMessage("the message is no single question")
    return Query(
        id=identifier,
        flags=flags,
        question=message[_HEADER.size : position + 5],
        name=b".".join(labels).decode("ascii", "replace").lower(),
        type=kind,
        is_standard=not flags & _OPCODE and kind_of_class == _CLASS_IN,
    )


def reply(query: Query, code: int, records: Sequence[Record] = ()) -> bytes:
    """The response to a query; records that do not answer it are left out."""
    wanted = [record for record in records if query.wants(record)]
    flags = _RESPONSE | (query.flags & _RECURSION_DESIRED) | _RECURSION_AVAILABLE | code
    message = bytearray(_HEADER.pack(query.id, flags, 1, len(wanted), 0, 0) + query.question)
    # A pointer to the question gives the first owner back in the letters that the client has sent.
    names = {query.name: _HEADER.size}
    for record in wanted:
        _append(message, record, names)
    return bytes(message)


def cut(message: bytes, question: bytes) -> bytes:
    """A response without its records, which says that there is more (TC)."""
    identifier, flags, questions, _, _, _ = _HEADER.unpack_from(message)
    return _HEADER.pack(identifier, flags | _TRUNCATED, questions, 0, 0, 0) + question


def malformed_reply(message: bytes) -> bytes | None:
    """What a message gets that is no query; None where nothing can be said."""
    if len(message) < _HEADER.size or message[2] & 0x80:
        return None
    return message[:2] + _HEADER.pack(0, _RESPONSE | FORMAT_ERROR, 0, 0, 0, 0)[2:]


def _append(message: bytearray, record: Record, names: dict[str, int]) -> None:
    """``names``: where names begin that are in the message already (4.1.4); what is written is added."""
    _append_name(message, record.owner, names)
    message += struct.pack("!2HI", _TYPES[record.kind], _CLASS_IN, record.ttl)
    length_at = len(message)
    message += b"\0\0"
    if record.kind == "A":
        message += socket.inet_aton(record.value)
    else:
        _append_name(message, record.value, names)
    struct.pack_into("!H", message, length_at, len(message) - length_at - 2)


def _append_name(message: bytearray, name: str, names: dict[str, int]) -> None:
    rest = name
    while rest:
        if rest in names:
            message += struct.pack("!H", _COMPRESSED | names[rest])
            return
        # A pointer reaches 14 bits far.
        if len(message) < _COMPRESSED ^ 0xFFFF:
            names[rest] = len(message)
        label, _, rest = rest.partition(".")
        message += bytes([len(label)]) + label.encode("ascii")
    message += b"\0"
