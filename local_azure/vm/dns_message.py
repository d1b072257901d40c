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
_RESPONSE, _RECURSION_DESIRED, _RECURSION_AVAILABLE, _OPCODE = 0x8000, 0x0100, 0x0080, 0x7800
_COMPRESSED = 0xC0
_LONGEST_LABEL = 63

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
        """Whether the record answers the question; aliases always do."""
        return record.kind == "CNAME" or self.type in (_TYPES[record.kind], _ANY)


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
    answers = [_record(query, record) for record in records if query.wants(record)]
    flags = _RESPONSE | (query.flags & _RECURSION_DESIRED) | _RECURSION_AVAILABLE | code
    return _HEADER.pack(query.id, flags, 1, len(answers), 0, 0) + query.question + b"".join(answers)


def malformed_reply(message: bytes) -> bytes | None:
    """What a message gets that is no query; None where nothing can be said."""
    if len(message) < _HEADER.size or message[2] & 0x80:
        return None
    return message[:2] + _HEADER.pack(0, _RESPONSE | FORMAT_ERROR, 0, 0, 0, 0)[2:]


def _record(query: Query, record: Record) -> bytes:
    # A pointer to the question gives the first owner back in the letters that the client has sent.
    owner = struct.pack("!H", _COMPRESSED << 8 | _HEADER.size) if record.owner == query.name else _name(record.owner)
    value = socket.inet_aton(record.value) if record.kind == "A" else _name(record.value)
    return owner + struct.pack("!2HIH", _TYPES[record.kind], _CLASS_IN, record.ttl, len(value)) + value


def _name(name: str) -> bytes:
    labels = [label.encode("ascii") for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
