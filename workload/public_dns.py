"""What public DNS names a host, whatever the machine's own resolver says (RFC 1035)."""

from __future__ import annotations

import secrets
import socket
import struct

RESOLVERS = ("1.1.1.1", "8.8.8.8")
ROUNDS = 2
"""A datagram can be lost, and silence would count as having no way to ask."""
TIMEOUT_SECONDS = 2.0
_ADDRESS, _INTERNET = 1, 1


class NobodyAnswers(Exception):
    """No public resolver is reached from here."""


def addresses(host: str) -> list[str]:
    """The IPv4 addresses of a host; none where it has none. Raises NobodyAnswers."""
    answered = False
    for resolver in RESOLVERS * ROUNDS:
        try:
            found = ask(host, resolver)
        except OSError:
            continue
        if found:
            return found
        answered = True
    if not answered:
        raise NobodyAnswers
    return []


def ask(host: str, resolver: str) -> list[str]:
    """What one resolver answers. Raises OSError, also for what is no answer to the question."""
    identifier = secrets.randbelow(65536)
    question = b"".join(bytes([len(label)]) + label.encode("ascii") for label in host.split(".")) + b"\0"
    query = struct.pack("!6H", identifier, 0x0100, 1, 0, 0, 0) + question + struct.pack("!2H", _ADDRESS, _INTERNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(TIMEOUT_SECONDS)
        connection.connect((resolver, 53))
        connection.send(query)
        answer = connection.recv(4096)
    try:
        if struct.unpack("!H", answer[:2])[0] != identifier:
            raise OSError("the answer is another question's")
        return addresses_in(answer)
    except (struct.error, IndexError):
        raise OSError("the answer is no DNS message") from None


def addresses_in(answer: bytes) -> list[str]:
    """Every IPv4 address of an answer, whichever name on the way it belongs to. Raises struct.error, IndexError."""
    questions, records = struct.unpack("!2H", answer[4:8])
    position = 12
    for _ in range(questions):
        position = _after_name(answer, position) + 4
    found = []
    for _ in range(records):
        position = _after_name(answer, position)
        kind, _, _, length = struct.unpack("!2HIH", answer[position : position + 10])
        position += 10
        if kind == _ADDRESS and length == 4:
            found.append(socket.inet_ntoa(answer[position : position + 4]))
        position += length
    return found


def _after_name(answer: bytes, position: int) -> int:
    while True:
        length = answer[position]
        if length >= 0xC0:
            return position + 2
        position += 1 + length
        if length == 0:
            return position
