"""Where engines lie on this machine, shared by every clone of the repository.

    <cache>/managed-hsm/engine/<version>-<goos>-<goarch>/
        release/          the official release, unpacked
        cli-<digest>/     the CLI as built here; the digest is that of the recipe (module file, checksums, flags)
        built-<digest>/   the same CLI, hard-linked, with our language host beside it; the digest covers both
        lock              held while one of them is being made

Every directory appears whole, by renaming, and is never written to again: a build that is killed leaves nothing but a
`.partial-…` directory, which the next one clears away. Any of it may be deleted at any time.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from local_azure.engine.errors import EngineError
from local_azure.engine.version import PINNED

MODULE = Path(__file__).parent / "cli"
"""The Go module whose go.mod and go.sum pin the CLI and everything it is made of."""

BUILD_FLAGS = (
    "-trimpath",
    "-buildvcs=false",
    # Leaves out the second transport of Google's storage client, which the engine does not use (documented in
    # cloud.google.com/go/storage), and with it a twelfth of all packages.
    "-tags=disable_grpc_modules",
    # What a debugger wants is left out by the linker in any case: not to make it first saves a tenth of the time.
    "-gcflags=all=-dwarf=false",
    f"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{PINNED}",
)
LANGUAGE_HOST = Path(__file__).parent / "language_host"
_LAUNCHER = "pulumi-language-python"

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def cache_directory() -> Path:
    """The root of all engines: `$XDG_CACHE_HOME/managed-hsm/engine`, by default under `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification has relative paths ignored.
    parent = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return parent / "managed-hsm" / "engine"


def target() -> tuple[str, str]:
    """This machine in Go's words: (GOOS, GOARCH). Raises EngineError for a kind that no engine is made for."""
    goos, goarch = _SYSTEMS.get(platform.system()), _MACHINES.get(platform.machine().lower())
    if goos is None or goarch is None:
        raise EngineError(
            f"no engine can be made for {platform.system()} on {platform.machine()}: Linux and macOS on x86-64 and "
            "ARM64 are (on Windows, use WSL 2); or put a `pulumi` of your own on PATH"
        )
    return goos, goarch


def version_directory() -> Path:
    """Where every form of the pinned version lies."""
    return cache_directory() / "-".join((PINNED, *target()))


def cli_directory() -> Path:
    """Where the CLI that is built by the present recipe lies, or will."""
    return (
        version_directory()
        / f"cli-{_digest(*map(str.encode, BUILD_FLAGS), *_read(MODULE / 'go.mod', MODULE / 'go.sum'))}"
    )


def release_directory() -> Path:
    """Where the official release lies, or will."""
    return version_directory() / "release"


def assembled() -> Path | None:
    """The directory with the CLI that was built here and the present language host; None while there is no such CLI.

    The host is copied, not run from the clone: the directory is everybody's, and a clone may move, go, or be of another
    date. Its digest being part of the name, two clones with different hosts do not disturb each other. Putting the
    two together takes milliseconds, so a changed host costs no new build.
    """
    cli = cli_directory()
    if not (cli / "pulumi").is_file():
        return None
    directory = version_directory() / f"built-{_digest(cli.name.encode(), *_read(*_language_host_files()))}"
    if not directory.is_dir():
        with staging(directory, prefix=".assembling-") as stage:
            for file in cli.iterdir():
                (stage / file.name).hardlink_to(file)
            lay_language_host(stage)
    return directory


def lay_language_host(directory: Path) -> None:
    """Copies our host of Python programs, and the script that the engine starts it by, into a directory."""
    (directory / LANGUAGE_HOST.name).mkdir()
    for file in _language_host_files():
        shutil.copyfile(file, directory / file.relative_to(LANGUAGE_HOST.parent))
    (directory / _LAUNCHER).chmod(0o755)


@contextlib.contextmanager
def staging(directory: Path, *, prefix: str = ".partial-") -> Iterator[Path]:
    """A fresh directory that becomes `directory` when the block ends well, and is removed when it does not."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=prefix, dir=directory.parent))
    try:
        yield stage
        stage.chmod(0o755)
        try:
            stage.rename(directory)
        except OSError:
            # Somebody else was quicker; what they made is the same.
            if not directory.is_dir():
                raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextlib.contextmanager
def making(waiting: Callable[[], None]) -> Iterator[None]:
    """Holds the right to make an engine of the pinned version; calls `waiting` first if another process has it.

    The lock is the kernel's (flock): it goes with the process that holds it, however that ends.
    """
    directory = version_directory()
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        for abandoned in directory.glob(".partial-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        yield


def _language_host_files() -> list[Path]:
    return [LANGUAGE_HOST.parent / _LAUNCHER, *sorted(LANGUAGE_HOST.glob("*.py"))]


def _read(*files: Path) -> list[bytes]:
    return [file.read_bytes() for file in files]


def _digest(*parts: bytes) -> str:
    """Twelve hexadecimal digits that stand for the parts: enough to tell recipes apart, short enough to read."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:12]
