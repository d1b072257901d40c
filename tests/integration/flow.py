"""``make up`` and ``make down`` as processes of their own, held at a step and killed there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_azure.instance import REPOSITORY
from local_azure.server.control import ControlClient
from tests.integration.project import Project, Run

SECONDS = 150.0
"""No step takes longer here."""
HELD_SECONDS = 30.0
"""How long a request is held, so that whoever waits for it is killed meanwhile."""


@dataclass(frozen=True)
class Flow:
    """A running ``make up`` or ``down``."""

    process: subprocess.Popen[bytes]
    shown: Path
    """What the person sees, both streams."""
    control: ControlClient
    """Of the local Azure that it works on."""

    @property
    def output(self) -> str:
        """All of it so far."""
        return self.shown.read_text(errors="replace")

    def wait(self) -> Run:
        """Its end."""
        status = self.process.wait(SECONDS)
        return Run(status, self.output)

    def engine(self) -> int:
        """The process id of its engine."""
        return only(child for child in descendants(self.process.pid) if command(child)[0] == "pulumi")

    def plugin(self, name: str) -> int:
        """The process id of its plugin ``local_azure.plugin`` (azure-native) or ``pulumi.dynamic``."""
        return only(child for child in descendants(self.process.pid) if name in command(child))

    def interrupt(self) -> None:
        """Ctrl-C: the terminal tells every process of the foreground."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self, *processes: int) -> None:
        """SIGKILL: none of them can do anything about it."""
        for each in processes:
            os.kill(each, signal.SIGKILL)


@contextmanager
def made(project: Project, shown: Path, target: str = "up") -> Iterator[Flow]:
    """``make up`` or ``down`` on the project; ended with everything it started where the test fails."""
    with shown.open("wb") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "local_azure.stack",
                target,
                "--skip-preview",
                "--directory",
                str(project.directory),
            ],
            cwd=REPOSITORY,
            env=project.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    flow = Flow(process, shown, project.control)
    try:
        yield flow
    finally:
        if process.poll() is None:
            for each in [process.pid, *descendants(process.pid)]:
                os.kill(each, signal.SIGKILL)
            process.wait()


def finished(project: Project, shown: Path) -> Run:
    """A whole ``make up``."""
    with made(project, shown) as flow:
        return flow.wait()


@contextmanager
def held(project: Project, shown: Path, kind: str, *, target: str = "up", **fault: object) -> Iterator[Flow]:
    """``make up`` or ``down``, while the request that the fault describes is held."""
    number = project.control.add_fault(kind, **{"delay_seconds": HELD_SECONDS, **fault})
    with made(project, shown, target) as flow:
        wait_for(flow, number)
        yield flow


def wait_for(flow: Flow, fault: str) -> None:
    """Waits until the fault of that number has struck. Fails the test where the flow ends before."""
    until(lambda: fault not in [each["id"] for each in flow.control.faults()] or flow.process.poll() is not None)
    assert flow.process.poll() is None, flow.output


def until(happened: Callable[[], bool]) -> None:
    """Waits for it. Fails the test where it takes too long."""
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def descendants(process: int) -> list[int]:
    """The process's children, their children, and so on (proc(5))."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        parents.setdefault(parent, []).append(int(stat.parent.name))
    found, left = list[int](), [process]
    while left:
        children = parents.get(left.pop(), [])
        found += children
        left += children
    return found


def command(process: int) -> list[str]:
    """Its command line; a single empty word where it is gone."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]
    return words


def only(processes: Iterator[int]) -> int:
    """The one there is. Fails the test where there is another number of them."""
    found = list(processes)
    assert len(found) == 1, found
    return found[0]
