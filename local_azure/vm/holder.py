"""The process that is a virtual machine's network: it holds the namespace and makes sockets in it.

Run as a script inside fresh network, mount and UTS namespaces, with the number of a connected Unix socket as its only
argument. Each message on it is one JSON object and has one answer. Sockets that are made here belong to the namespace
for good, so the daemon serves them although it is outside. The process ends when the other end of the socket closes,
and what runs in the namespace then ends with it: a machine that is switched off runs nothing.

Standard library only, and nothing of this package: it starts in some 20 ms.
"""

# pathlib would cost 10 ms at every start.
# ruff: noqa: PTH110, PTH116, PTH123, PTH208

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import sys
import time
from typing import Any

_LARGEST_MESSAGE = 256 * 1024
_BACKLOG = 512
_ENDING_SECONDS = 5.0

# See netdevice(7).
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
# See rtnetlink(7).
_RTM_NEWADDR, _RTM_DELADDR, _NLMSG_ERROR = 20, 21, 2
_NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_CREATE = 0x1, 0x4, 0x400
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
# See mount(2).
_MS_BIND = 4096


def main() -> None:
    """Answers messages until the daemon has gone."""
    # Ctrl-C at the daemon's terminal is the daemon's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    daemon = socket.socket(fileno=int(sys.argv[1]))
    while message := daemon.recv(_LARGEST_MESSAGE):
        made: list[socket.socket] = []
        try:
            answer = _answer(json.loads(message), made)
        except OSError as error:
            answer = {"error": f"{error.strerror}{f' ({error.filename})' if error.filename else ''}"}
        with contextlib.suppress(BrokenPipeError):
            socket.send_fds(daemon, [json.dumps(answer).encode()], [each.fileno() for each in made])
        for each in made:
            each.close()
    # Killed processes may start others until they are gone; one that the kernel holds back is not waited for.
    deadline = time.monotonic() + _ENDING_SECONDS
    while _end_the_others() and time.monotonic() < deadline:
        time.sleep(0.005)


def _end_the_others() -> bool:
    """Kills what else runs in this network namespace; answers whether there was anything."""
    here = os.stat("/proc/self/ns/net")
    found = False
    for name in os.listdir("/proc"):
        # Processes come and go, and those of other users show nobody where they are.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if name.isdecimal() and int(name) != os.getpid() and _is_alive_in(here, name):
                os.kill(int(name), signal.SIGKILL)
                found = True
    return found


def _is_alive_in(namespace: os.stat_result, pid: str) -> bool:
    there = os.stat(f"/proc/{pid}/ns/net")
    with open(f"/proc/{pid}/stat") as file:
        state = file.read().rpartition(")")[2].split()[0]
    return (there.st_dev, there.st_ino) == (namespace.st_dev, namespace.st_ino) and state not in "ZX"


def _answer(message: dict[str, Any], made: list[socket.socket]) -> dict[str, Any]:
    match message["do"]:
        case "set up":
            socket.sethostname(message["hostname"])
            _raise_loopback()
            for address in message["addresses"]:
                _address(_RTM_NEWADDR, address)
            for source, target in message["mounts"]:
                if os.path.exists(target):
                    _bind(source, target)
        case "listen":
            for address, port, kind in message["where"]:
                _address(_RTM_NEWADDR, address)
                made.append(_listening(address, port, kind))
        case "remove":
            _address(_RTM_DELADDR, message["address"])
    return {}


def _listening(address: str, port: int, kind: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    if kind == "tcp":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    if kind == "tcp":
        made.listen(_BACKLOG)
    return made


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        (flags,) = struct.unpack_from("H", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def _address(action: int, address: str) -> None:
    """Adds or removes an address of the loopback interface; neither minds if that is done already."""
    packed = socket.inet_aton(address)
    flags = _NLM_F_REQUEST | _NLM_F_ACK | (_NLM_F_CREATE if action == _RTM_NEWADDR else 0)
    # struct ifaddrmsg: family, prefix length, flags, scope (global), index of the interface.
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, 0, socket.if_nametoindex("lo"))
    for attribute in (_IFA_LOCAL, _IFA_ADDRESS):
        body += struct.pack("=HH4s", 8, attribute, packed)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.send(struct.pack("=IHHII", 16 + len(body), action, flags, 1, 0) + body)
        reply = kernel.recv(4096)
    (kind,) = struct.unpack_from("=H", reply, 4)
    (code,) = struct.unpack_from("=i", reply, 16)
    done_already = {_RTM_NEWADDR: 17, _RTM_DELADDR: 99}[action]  # EEXIST, EADDRNOTAVAIL
    if kind != _NLMSG_ERROR or code not in (0, -done_already):
        raise OSError(-code, os.strerror(-code), address)


def _bind(source: str, target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), None, _MS_BIND, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


if __name__ == "__main__":
    main()
