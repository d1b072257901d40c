"""A DNS client (RFC 1035) of the tests' own, in the standard library: it runs inside of machines as a script too.

As a script: ``python dns_client.py SERVER udp|tcp TYPE NAME`` prints one JSON object; ``own`` is the machine's server.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
from typing import Any

TYPES = {"A": 1, "CNAME": 5, "SOA": 6, "AAAA": 28, "ANY": 255}
KINDS = {number: name for name, number in TYPES.items()}


def query(name: str, kind: str = "A", *, identifier: int = 4711, flags: int = 0x0100) -> bytes:
    """A standard query, recursion desired."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return struct.pack("!6H", identifier, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", TYPES[kind], 1)


def read(message: bytes) -> dict[str, Any]:
    """A response: ``id``, ``code``, ``cut`` (TC), ``question`` and the ``records`` as [owner, kind, value, ttl]."""
    identifier, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
    position, question = 12, ""
    for _ in range(questions):
        question, position = read_name(message, position)
        position += 4
    records = []
    for _ in range(answers):
        owner, position = read_name(message, position)
        kind, _, ttl, length = struct.unpack_from("!2HIH", message, position)
        position += 10
        data = message[position : position + length]
        value = socket.inet_ntoa(data) if kind == TYPES["A"] else read_name(message, position)[0]
        records.append([owner, KINDS[kind], value, ttl])
        position += length
    if position != len(message):
        raise ValueError(f"{len(message) - position} bytes after the last record")
    return {
        "id": identifier,
        "code": flags & 0xF,
        "response": bool(flags & 0x8000),
        "cut": bool(flags & 0x0200),
        "question": question,
        "records": records,
    }


def read_name(message: bytes, position: int) -> tuple[str, int]:
    """A name with its pointers followed, and where it ends."""
    labels, end = [], None
    while length := message[position]:
        if length >= 0xC0:
            target = struct.unpack_from("!H", message, position)[0] & 0x3FFF
            if target >= position:
                raise ValueError("a pointer must lead back")
            end = position + 2 if end is None else end
            position = target
        else:
            labels.append(message[position + 1 : position + 1 + length].decode())
            position += 1 + length
    return ".".join(labels), position + 1 if end is None else end


def ask(server: str, transport: str, kind: str, name: str) -> dict[str, Any]:
    """The server's response."""
    if server == "own":
        with open("/etc/resolv.conf") as settings:  # noqa: PTH123 - it starts faster without pathlib
            server = next(line.split()[1] for line in settings if line.startswith("nameserver"))
    if transport == "udp":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(5)
            datagrams.connect((server, 53))
            datagrams.send(query(name, kind))
            return read(datagrams.recv(4096))
    with socket.create_connection((server, 53), 5) as stream:
        message = query(name, kind)
        stream.sendall(struct.pack("!H", len(message)) + message)
        with stream.makefile("rb") as answers:
            return read(answers.read(int.from_bytes(answers.read(2), "big")))


if __name__ == "__main__":
    try:
        print(json.dumps(ask(*sys.argv[1:5])))
    except OSError as error:
        print(json.dumps({"error": error.strerror or type(error).__name__}))
