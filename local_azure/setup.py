"""Makes this clone ready to run: the Python environment and the engine, side by side.

Runs on a bare Python, before anything is installed: standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from pathlib import Path

MINIMUM_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
RUNTIME = ("requirements.txt", "local_azure/requirements.txt")
DEVELOPMENT = ("requirements-dev.txt",)


class SetupError(Exception):
    """What stands in the way, in one line with the way out."""


def main(arguments: list[str] | None = None) -> int:
    """Sets up what is missing. Exit status 0 when everything is there."""
    parser = argparse.ArgumentParser(prog="python3 -m local_azure.setup", description=__doc__)
    parser.add_argument("--development", action="store_true", help="also what tests and checks the code")
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        check_python()
        did_something = prepare(DEVELOPMENT if options.development else RUNTIME)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    if did_something:
        say(f"ready after {time.monotonic() - started:.0f} s")
    return 0


def check_python() -> None:
    """Raises SetupError where this Python is too old or cannot make environments."""
    if sys.version_info < MINIMUM_PYTHON:
        have, need = (".".join(map(str, version)) for version in (sys.version_info[:3], MINIMUM_PYTHON))
        raise SetupError(f"Python {have} is too old; install Python {need} or newer and run make again")
    try:
        import ensurepip  # noqa: F401 - only to see that it is there
    except ImportError:
        raise SetupError(
            "this Python cannot make virtual environments; install its venv package (Debian: python3-venv)"
        ) from None


def prepare(requirements: tuple[str, ...]) -> bool:
    """Installs packages and engine at the same time. Answers whether there was anything to do."""
    outcome: list[int] = []
    engine = threading.Thread(target=lambda: outcome.append(_ensure_engine()))
    engine.start()
    try:
        installed = install_packages(requirements)
    finally:
        engine.join()
    if outcome != [0]:
        raise SetupError("there is no engine yet; the lines above say why")
    return installed


def install_packages(requirements: tuple[str, ...]) -> bool:
    """Makes ``.venv`` and fills it, unless it already holds these very requirements."""
    stamp = ENVIRONMENT / "installed"
    wanted = _digest(requirements)
    if stamp.exists() and stamp.read_text() in (wanted, _digest(DEVELOPMENT)) and _works():
        return False
    if not _works():
        say("making the Python environment .venv")
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        venv.create(ENVIRONMENT, with_pip=True)
    say("installing the Python packages; some 200 MB to fetch the first time, 1 to 3 minutes")
    # Compiling all of the Azure SDK would take a minute; Python compiles what is imported by itself.
    command = [str(_python()), "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"]
    for name in requirements:
        command += ["--requirement", str(ROOT / name)]
    if subprocess.run(command, check=False).returncode != 0:
        raise SetupError("pip could not install the packages; its own lines above say why. Run make again")
    stamp.write_text(wanted)
    return True


def say(line: str) -> None:
    """A line of progress."""
    print(f"setup: {line}", file=sys.stderr, flush=True)


def _ensure_engine() -> int:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "local_azure.engine"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _python() -> Path:
    return ENVIRONMENT / "bin" / "python"


def _works() -> bool:
    """False also where the Python that the environment was made with is gone."""
    if not _python().exists():
        return False
    return subprocess.run([str(_python()), "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _digest(requirements: tuple[str, ...]) -> str:
    names = dict.fromkeys((*requirements, *(RUNTIME if requirements == DEVELOPMENT else ())))
    content = b"".join((ROOT / name).read_bytes() for name in names)
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
