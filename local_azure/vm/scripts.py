"""Scripts of run commands: as root of the machine, with nothing of the daemon's environment.

How they are called is what the extension of Azure does ("Run scripts in your Linux VM by using managed Run Commands";
its published source): a file of its own that bash runs, named parameters in the environment, unnamed ones behind the
path, the last 4 KB of what it prints.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path

from local_azure.core.clock import Clock
from local_azure.core.machines import Outcome, Script
from local_azure.vm import files

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LONGEST_OUTPUT = 4096
_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Execution:
    """One script that runs."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._cancelled = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def run(self, entering: list[str], script: Script, directory: Path, ca_bundle: Path) -> Outcome:
        """Runs it to its end. ``directory`` is the machine's, ``entering`` begins a command line inside of it."""
        began = self._clock.now()
        work = directory / files.SCRIPTS / uuid.uuid4().hex
        work.mkdir(mode=0o700, parents=True)
        try:
            status, timed_out = self._execute(entering, script, work, directory / "home", ca_bundle)
            output, error = _tail(work / "stdout"), _tail(work / "stderr")
        finally:
            # The script may hold what must not lie about.
            shutil.rmtree(work)
        return Outcome(
            exit_code=None if timed_out or self._cancelled.is_set() else status,
            output=output,
            error=error,
            began=began,
            ended=self._clock.now(),
            timed_out=timed_out,
            problem="The script was stopped." if self._cancelled.is_set() else None,
        )

    def cancel(self) -> None:
        """Stops it."""
        self._cancelled.set()
        with self._lock:
            _end(self._process)

    def _execute(
        self, entering: list[str], script: Script, work: Path, home: Path, ca_bundle: Path
    ) -> tuple[int, bool]:
        file = work / "script.sh"
        file.write_text(script.text)
        file.chmod(0o700)
        shell_command = f"{shlex.quote(str(file))} {script.arguments}".rstrip()
        command = [*entering, "/bin/sh", "-c", 'cd "$0" && exec "$@"', str(work)]
        command += [sys.executable, "-I", "-S", str(_SUPERVISOR), "/bin/bash", "-c", shell_command]
        with (work / "stdout").open("wb") as output, (work / "stderr").open("wb") as error:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=error,
                env=_environment(script.environment, home, ca_bundle),
            )
        with self._lock:
            self._process = process
            if self._cancelled.is_set():
                _end(process)
        try:
            return process.wait(script.timeout_seconds), False
        except subprocess.TimeoutExpired:
            with self._lock:
                _end(process)
            return process.wait(), True
        finally:
            with self._lock:
                _end(process)
                self._process = None


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """The supervisor ends everything when its input ends."""
    if process is not None and process.stdin is not None:
        process.stdin.close()


def _environment(parameters: Mapping[str, str], home: Path, ca_bundle: Path) -> dict[str, str]:
    return {
        "PATH": _path(),
        "HOME": str(home),
        "USER": "root",
        "LANG": "C.UTF-8",
        **dict.fromkeys(_CA_VARIABLES, str(ca_bundle)),
        **parameters,
    }


def _path() -> str:
    """The images that Azure offers bring a Python; where this computer has none in its usual places, it is this one."""
    own = str(Path(sys.executable).parent)
    return _PATH if shutil.which("python3", path=_PATH) else f"{_PATH}:{own}"


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        length = file.seek(0, 2)
        file.seek(max(0, length - _LONGEST_OUTPUT))
        return file.read().decode(errors="replace")
