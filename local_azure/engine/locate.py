"""Which engine is used: a `pulumi` on PATH that is recent enough, else the one in this machine's cache.

Nothing is made here, except that the built CLI and the language host are put together (see `cache.assembled`).
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local_azure.engine import cache
from local_azure.engine.errors import EngineNotFound
from local_azure.engine.version import MINIMUM, PINNED, parse_version

_COMPANIONS = ("pulumi-language-python", "pulumi-resource-pulumi-python")
"""What must be at hand besides the CLI: the host of Python programs, and that of dynamic providers."""


@dataclass(frozen=True)
class Engine:
    """A usable engine.

    `bin_directory` holds `pulumi` and belongs on PATH, before anything else that has a `pulumi`. `version` is
    without the leading v. `origin` says where it is from: the user's PATH, the official release, or built here.
    """

    bin_directory: Path
    version: str
    origin: Literal["path", "installer", "built"]


@dataclass(frozen=True)
class Unusable:
    """A `pulumi` on PATH that is not used, and why not."""

    reason: str


def engine() -> Engine:
    """The engine to use. Raises EngineNotFound, naming the way out, when there is none yet."""
    found = on_path()
    if isinstance(found, Engine):
        return found
    cached = in_cache()
    if cached is not None:
        return cached
    reason = found.reason if found else "there is no `pulumi` on PATH"
    raise EngineNotFound(f"no Pulumi engine: {reason}; `make up`, or `python3 -m local_azure.engine`, provides one")


def on_path() -> Engine | Unusable | None:
    """The `pulumi` on PATH; None if there is none besides those of our own cache."""
    path = _path_without_cache()
    executable = shutil.which("pulumi", path=path)
    if executable is None:
        return None
    version = _version_of(executable)
    if isinstance(version, Unusable):
        return version
    parsed, minimum = parse_version(version), parse_version(MINIMUM)
    if parsed is None or minimum is None:
        return Unusable(f"{executable} says that its version is {version.strip()[:80]!r}, which is none")
    if parsed < minimum:
        return Unusable(
            f"{executable} is version {parsed}, older than {MINIMUM}, the oldest that is supported "
            "(upgrade it, see https://www.pulumi.com/docs/install/, or take it off PATH)"
        )
    beside = str(Path(executable).resolve().parent)
    for companion in _COMPANIONS:
        if shutil.which(companion, path=os.pathsep.join((path, beside))) is None:
            return Unusable(f"{executable} comes without {companion}, so it cannot run Python programs")
    return Engine(Path(executable).absolute().parent, version.split()[0].removeprefix("v"), "path")


def in_cache() -> Engine | None:
    """The engine in this machine's cache, None if there is none of the pinned version and the present recipe."""
    release = cache.release_directory()
    if release.is_dir():
        return Engine(release, PINNED, "installer")
    built = cache.assembled()
    return Engine(built, PINNED, "built") if built else None


def _path_without_cache() -> str:
    """PATH less our own engines, which are on it inside of `local_azure exec` and are judged by the cache instead."""
    own = cache.cache_directory()
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if entry and not Path(entry).is_relative_to(own))


def _version_of(executable: str) -> str | Unusable:
    """What `pulumi version` answers."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [executable, "version"], env=environment, capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Unusable(f"`{executable} version` does not work ({error})")
    return answer.stdout
