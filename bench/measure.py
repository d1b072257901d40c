"""Running a command and seeing what it takes."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Figure:
    """One run of a command."""

    seconds: float
    peak_bytes: int
    """Of the resident memory of the command and all its descendants together; shared pages count once a process."""


def run(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Figure:
    """Runs a command that must succeed. Raises subprocess.CalledProcessError with its output where it does not."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak = _Peak(process.pid)
    peak.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - started
    peak.finish()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return Figure(seconds, peak.bytes)


class _Peak(threading.Thread):
    """Samples the memory of a process tree until it is told to finish."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._finished = threading.Event()
        self.bytes = 0

    def run(self) -> None:
        while not self._finished.wait(_SAMPLE_SECONDS):
            self.bytes = max(self.bytes, self._sample())

    def finish(self) -> None:
        """Stops sampling."""
        self._finished.set()
        self.join()

    def _sample(self) -> int:
        try:
            root = psutil.Process(self._process)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            return 0
        total = 0
        for each in tree:
            try:
                total += each.memory_info().rss
            except psutil.Error:
                continue  # it ended between being listed and being asked
        return total
