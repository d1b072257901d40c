"""A copy of the program in a directory of its own, so that tests and benchmarks touch nobody's ``.local/``."""

from __future__ import annotations

import shutil
from pathlib import Path

from local_azure.instance import REPOSITORY
from local_azure.stack import material

FILES = ("Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py")
PACKAGES = ("access", "config", "components", "dynamic", "data_plane", "takeover", "workload")


def copy_program(directory: Path) -> Path:
    """Puts program, stack dev and rehearsal material into ``directory``; the Python environment is shared."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy2(REPOSITORY / name, directory / name)
    for name in PACKAGES:
        shutil.copytree(REPOSITORY / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    (directory / ".venv").symlink_to(REPOSITORY / ".venv")
    material.make(directory / ".local")
    return directory
