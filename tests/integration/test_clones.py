"""A clone in an awkward place, with a careless umask, through its life: up, reset, up, a lost cloud, up, down."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from local_azure.instance import REPOSITORY
from local_azure.server.control import ControlClient
from tests.integration.project import Run

pytestmark = pytest.mark.engine

NETWORK = ("network", "identities", "proof", "vault")
KEYS = {"myrsakey": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]}}
DEPLOYERS = [{"role": "Managed HSM Crypto User", "principal": "deployer", "scope": "/keys"}]


@dataclass(frozen=True)
class Clone:
    """A clone of the repository with a local Azure of its own, below ``.local`` as everybody has it."""

    directory: Path
    port: int

    def python(self, *arguments: str) -> Run:
        """Runs a module as ``make`` does, with an umask that forbids nothing."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCAL_AZURE_")}
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.directory,
            env={**environment, "LOCAL_AZURE_PORT": str(self.port)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
            umask=0,
        )
        return Run(done.returncode, done.stdout)

    def make(self, target: str) -> str:
        """What ``make up`` or ``make down`` shows; fails the test where it fails."""
        run = self.python("local_azure.stack", target, "--skip-preview")
        assert run.status == 0, run.output
        return run.output

    def git(self, *arguments: str) -> str:
        """What git answers."""
        identity = ["-c", "user.name=Kim", "-c", "user.email=kim@contoso.com"]
        return subprocess.run(
            ["git", *identity, *arguments], cwd=self.directory, capture_output=True, text=True, check=True
        ).stdout

    def domains(self) -> list[str]:
        """The security-domain files."""
        return sorted(path.name for path in (self.directory / ".local/security-domain").glob("*-SD.json*"))


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """The tree as it is, committed to a repository in a directory with blanks and letters that are not ASCII."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    directory = tmp_path / "Größe & Maß" / "managed hsm"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (REPOSITORY / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, directory / name)
    (directory / ".venv").symlink_to(REPOSITORY / ".venv")
    stack = directory / "Pulumi.dev.yaml"
    content = yaml.safe_load(stack.read_text())
    for name in NETWORK:
        content["config"].pop(f"managed-hsm:{name}", None)
    content["config"].update({"managed-hsm:keys": KEYS, "managed-hsm:roleAssignments": DEPLOYERS})
    stack.write_text(yaml.safe_dump(content))
    with socket.create_server(("127.0.0.1", 0)) as free:
        made = Clone(directory, free.getsockname()[1])
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "As it is")
    return made


def test_a_clone_lives_through_resets_and_losses_and_stays_clean(clone: Clone) -> None:
    try:
        assert "Your Managed HSM stands" in clone.make("up")
        assert clone.git("status", "--short") == ""
        assert_nobody_else_reads(clone.directory / ".local")
        first = clone.domains()

        # A reset takes the cloud and the state that goes with it; the earlier pool's file is nobody's to overwrite.
        run = clone.python("local_azure", "reset")
        assert (run.status, run.output.split(" has ")[1]) == (
            0,
            "forgotten everything, the state of its Pulumi stacks included.\n",
        )
        assert clone.domains() == first
        assert "the earlier az400popMHSM-SD.json is kept as az400popMHSM-SD.json." in clone.make("up")
        assert len(clone.domains()) > len(first)

        # The cloud alone is lost: the state names what is not there.
        ControlClient(clone.port).reset()
        shown = clone.make("up")
        assert (
            "local_azure: the local Azure no longer has what this stack had made in it; forgetting that first" in shown
        )
        assert "Your Managed HSM stands" in shown

        kept = clone.domains()
        assert "every resource is gone and the local Azure has stopped" in clone.make("down")
        assert clone.domains() == kept
        assert clone.git("status", "--short") == ""
    finally:
        clone.python("local_azure", "stop")


def assert_nobody_else_reads(directory: Path) -> None:
    """Public certificates and the plugin apart, which lie in directories that nobody else enters."""
    for path in (directory, *directory.rglob("*")):
        if path.suffix != ".cer" and path.name != "pulumi-resource-azure-native" and not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path
