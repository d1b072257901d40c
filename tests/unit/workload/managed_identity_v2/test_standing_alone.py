"""The package without the rest of this repository, as other people's programs install it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import workload.managed_identity_v2 as package

SOURCE = Path(package.__file__).parent


def test_it_needs_nothing_of_this_repository(tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "managed_identity_v2", ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "import sys, managed_identity_v2, managed_identity_v2.command_line\n"
        "assert not any(name.partition('.')[0] in ('workload', 'pkcs11', 'msal') for name in sys.modules)\n"
        "print(managed_identity_v2.__file__)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).parent == tmp_path / "managed_identity_v2"


def test_its_project_file_names_what_it_imports() -> None:
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["package-dir"] == {"managed_identity_v2": "."}
    names = {each.partition(">")[0] for each in project["project"]["dependencies"]}
    assert names == {"azure-core", "cryptography", "requests"}
    assert (SOURCE / "py.typed").exists()
