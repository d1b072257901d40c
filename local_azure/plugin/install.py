"""Lays the plugin out where the engine looks for it.

The engine takes ``$PULUMI_HOME/plugins/resource-<name>-v<version>/pulumi-resource-<name>`` (what ``pulumi plugin
install --file`` makes, in 0.15 s a time). The file put there is a few lines of shell that start this repository's code,
so that it need not be installed again when the code changes.

Standard library only.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

NAME, VERSION = "azure-native", "3.29.0"
_REPOSITORY = Path(__file__).resolve().parents[2]
_MARK = "# Stand-in for the azure-native plugin; see local_azure/plugin.\n"


def plugin_directory(pulumi_home: Path) -> Path:
    """Where the engine looks for this version of the plugin."""
    return pulumi_home / "plugins" / f"resource-{NAME}-v{VERSION}"


def install(pulumi_home: Path) -> None:
    """Makes the engine of this PULUMI_HOME start the stand-in; a second time changes nothing.

    Where the real plugin is installed it stays. Raises OSError where the directory cannot be written.
    """
    directory = plugin_directory(pulumi_home)
    executable = directory / f"pulumi-resource-{NAME}"
    if is_real(executable):
        return
    directory.mkdir(parents=True, exist_ok=True)
    _write(executable, _shim(), 0o755)
    # An unfinished download of the real plugin leaves this mark, which makes the engine pass the directory over.
    directory.with_name(directory.name + ".partial").unlink(missing_ok=True)


def is_real(executable: Path) -> bool:
    """Whether something other than the stand-in is installed there."""
    try:
        with executable.open("rb") as file:
            return _MARK.encode() not in file.read(1024)
    except FileNotFoundError:
        return False


def _shim() -> str:
    environment = _REPOSITORY / ".venv" / "bin" / "python"
    python = environment if environment.exists() else Path(sys.executable)
    # -P: the engine starts plugins in the program's directory, whose modules must not stand in for ours.
    return (
        f"#!/bin/sh\n{_MARK}"
        f"PYTHONPATH={shlex.quote(str(_REPOSITORY))} exec {shlex.quote(str(python))} -P -m local_azure.plugin"
        ' "$@"\n'
    )


def _write(path: Path, text: str, mode: int) -> None:
    if path.exists() and path.read_text() == text and path.stat().st_mode & 0o777 == mode:
        return
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.chmod(temporary, mode)  # noqa: PTH101 - the name is what mkstemp gave
    os.replace(temporary, path)  # noqa: PTH105
