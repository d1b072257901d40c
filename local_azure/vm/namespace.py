"""Network namespaces: made, told what to listen on, entered, ended. Linux only."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

_HOLDER = Path(__file__).with_name("holder.py")
_LARGEST_ANSWER = 64 * 1024
_MOST_SOCKETS = 253
"""SCM_MAX_FD, see unix(7)."""
_ANSWER_SECONDS = 10.0
_FRESH = ("--net", "--mount", "--uts", "--propagation", "private")
_AS_ROOT = ("--user", "--map-root-user")
_SWITCHES = (
    # Debian's and Ubuntu's own; absent elsewhere.
    ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
    ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    ("user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
    ("user/max_net_namespaces", "0", "user.max_net_namespaces=10000"),
)

Kind = Literal["tcp", "udp"]


class NamespacesNotAllowed(Exception):
    """This machine lets nobody make namespaces; one line that says what to switch on."""


class NamespaceError(Exception):
    """The namespace has gone or refused something; one line."""


@dataclass(frozen=True)
class Setup:
    """What a namespace begins with."""

    hostname: str
    addresses: Sequence[str]
    """IPv4 addresses that are its own; nothing listens on them yet."""
    mounts: Sequence[tuple[Path, str]]
    """Files or directories that lie over the machine's own, inside only; a target that does not exist is left out."""


class Namespace:
    """One namespace with the process that holds it. Thread-safe."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket, *, own_users: bool) -> None:
        self._process = process
        self._channel = channel
        self._own_users = own_users
        self._lock = threading.Lock()

    @classmethod
    def start(cls, setup: Setup) -> Self:
        """Makes one: as root plainly, else in a user namespace. Raises NamespacesNotAllowed."""
        if sys.platform != "linux" or not (shutil.which("unshare") and shutil.which("nsenter")):
            raise NamespacesNotAllowed(
                "Virtual machines are network namespaces: they need Linux and the commands unshare and nsenter "
                "(package util-linux)."
            )
        reasons = []
        for own_users in (False, True) if os.geteuid() == 0 else (True,):
            made, reason = cls._try(own_users=own_users)
            if made is not None:
                made._set_up(setup)
                return made
            reasons.append(reason)
        raise NamespacesNotAllowed(_not_allowed(reasons[-1]))

    @classmethod
    def _try(cls, *, own_users: bool) -> tuple[Self | None, str]:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mine.settimeout(_ANSWER_SECONDS)
        command = ["unshare", *(_AS_ROOT if own_users else ()), *_FRESH]
        command += [sys.executable, "-I", "-S", str(_HOLDER), str(its.fileno())]
        with its:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=[its.fileno()], cwd="/"
            )
        made = cls(process, mine, own_users=own_users)
        try:
            made._ask({"do": "nothing"})
        except NamespaceError:
            _, stderr = process.communicate()
            mine.close()
            return None, stderr.decode(errors="replace").strip().rpartition("\n")[2]
        if process.stderr is not None:
            process.stderr.close()
        return made, ""

    @property
    def pid(self) -> int:
        """Of the process that holds it."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process that holds it still runs."""
        return self._process.poll() is None

    def entering(self) -> list[str]:
        """The beginning of a command line that runs the rest of it inside."""
        command = ["nsenter", "--target", str(self.pid), "--net", "--mount", "--uts"]
        return [*command, *(("--user", "--preserve-credentials") if self._own_users else ()), "--"]

    def listen(self, where: Sequence[tuple[str, int, Kind]]) -> list[socket.socket]:
        """Sockets that are bound inside, and listen if they are for TCP; the addresses become the namespace's.

        At most 253 at once, which is what one message carries.
        """
        made = self._ask({"do": "listen", "where": list(where)})
        for each in made:
            each.setblocking(False)
        return made

    def remove_address(self, address: str) -> None:
        """The address is no longer one of the namespace's."""
        self._ask({"do": "remove", "address": address})

    def close(self) -> None:
        """Ends it. Sockets that were made in it must be closed as well."""
        self._channel.close()
        self._process.wait()

    def _set_up(self, setup: Setup) -> None:
        mounts = [[str(source), target] for source, target in setup.mounts]
        addresses = list(setup.addresses)
        try:
            self._ask({"do": "set up", "hostname": setup.hostname, "addresses": addresses, "mounts": mounts})
        except NamespaceError as error:
            self.close()
            raise NamespacesNotAllowed(f"This machine refuses to set a network namespace up: {error}") from None

    def _ask(self, message: dict[str, Any]) -> list[socket.socket]:
        with self._lock:
            try:
                self._channel.send(json.dumps(message).encode())
                answer, descriptors, _, _ = socket.recv_fds(self._channel, _LARGEST_ANSWER, _MOST_SOCKETS)
            except OSError as error:
                raise NamespaceError(f"The namespace does not answer: {error}") from None
        made = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        problem = "its process has ended" if not answer else json.loads(answer).get("error")
        if problem is not None:
            for each in made:
                each.close()
            raise NamespaceError(str(problem))
        return made


def _not_allowed(reason: str) -> str:
    switches = [advice for name, off, advice in _SWITCHES if _setting(name) == off]
    advice = f"Switch it on: sudo sysctl -w {' '.join(switches)}" if switches else "Run it as root"
    return (
        f"Virtual machines are network namespaces, and this machine does not let this user make any ({reason}). "
        f"{advice}; in a container that needs the capability SYS_ADMIN (docker run --cap-add SYS_ADMIN "
        "--security-opt apparmor=unconfined)."
    )


def _setting(name: str) -> str | None:
    path = Path("/proc/sys") / name
    return path.read_text().strip() if path.exists() else None
