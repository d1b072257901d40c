"""Pulumi's official way to install: the release's archive, checked against the release's list of checksums.

The addresses are those that Pulumi's documentation publishes for every version (`data/versions.json` of the
repository pulumi/docs): `pulumi-v<version>-<system>-<machine>.tar.gz` and `pulumi-<version>-checksums.txt`. What is
unpacked lies in this machine's cache; `~/.pulumi` is the user's and is not touched.
"""

import hashlib
import http.client
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from local_azure.engine import cache
from local_azure.engine.errors import NotReached
from local_azure.engine.progress import Step
from local_azure.engine.version import PINNED

RELEASES = "https://get.pulumi.com/releases/sdk"

_CONNECT_SECONDS = 5.0
_REACHED_SECONDS = 10.0
"""How long it may take in all, name resolution included, until the list of checksums is here."""
_STALLED_SECONDS = 30.0

_WANTED = {
    "pulumi",
    "pulumi-language-python",
    "pulumi-language-python-exec",
    "pulumi-resource-pulumi-python",
    "pulumi-analyzer-policy-python",
}
"""What is unpacked: the archive also brings the hosts of every other language."""

_MACHINES = {"amd64": "x64", "arm64": "arm64"}


def install(releases: str = RELEASES) -> None:
    """Fetches the official release of the pinned version into the cache.

    Raises NotReached when it cannot be fetched, or is not what the list of checksums says.
    """
    goos, goarch = cache.target()
    name = f"pulumi-v{PINNED}-{goos}-{_MACHINES[goarch]}.tar.gz"
    expected = _checksum(releases, name)
    with (
        Step(f"downloading the Pulumi CLI {PINNED}") as step,
        cache.staging(cache.release_directory()) as stage,
    ):
        archive = stage / "archive"
        actual = _download(f"{releases}/{name}", archive, step)
        if actual != expected:
            raise NotReached(f"{releases}/{name} has SHA-256 {actual}, not {expected} as its checksums.txt says")
        _unpack(archive, stage)
        archive.unlink()


def _checksum(releases: str, name: str) -> str:
    """The SHA-256 that the release's list gives for the file `name`."""
    text = _within(_REACHED_SECONDS, lambda: _fetch(f"{releases}/pulumi-{PINNED}-checksums.txt", _CONNECT_SECONDS))
    for line in text.decode("utf-8", "replace").splitlines():
        digest, _, file = line.strip().partition(" ")
        if file.strip().lstrip("*") == name:
            return digest.lower()
    raise NotReached(f"pulumi-{PINNED}-checksums.txt at {releases} does not list {name}")


def _fetch(url: str, timeout: float) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310  https, unless a test says otherwise
            body: bytes = response.read()
            return body
    except (OSError, http.client.HTTPException) as error:
        raise NotReached(f"{url} is not reached ({_reason(error)})") from error


def _download(url: str, file: Path, step: Step) -> str:
    """Fetches `url` into `file`; returns its SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    fetched = 0
    try:
        with urllib.request.urlopen(url, timeout=_STALLED_SECONDS) as response, file.open("wb") as output:  # noqa: S310
            while chunk := response.read(1 << 20):
                digest.update(chunk)
                output.write(chunk)
                fetched += len(chunk)
                step.detail = f"{fetched >> 20} MiB"
    except (OSError, http.client.HTTPException) as error:
        raise NotReached(f"{url} is not reached ({_reason(error)})") from error
    return digest.hexdigest()


def _unpack(archive: Path, directory: Path) -> None:
    """Takes the wanted files out of the archive, by their bare names, whatever directory they are in."""
    try:
        with tarfile.open(archive) as files:
            for member in files:
                source = files.extractfile(member) if member.isfile() else None
                name = Path(member.name).name
                if source is None or name not in _WANTED:
                    continue
                with (directory / name).open("wb") as output:
                    shutil.copyfileobj(source, output)
                (directory / name).chmod(0o755)
    except tarfile.TarError as error:
        raise NotReached(f"the release's archive cannot be read ({error})") from error
    missing = sorted(name for name in ("pulumi", "pulumi-language-python") if not (directory / name).is_file())
    if missing:
        raise NotReached(f"the release's archive has no {' and no '.join(missing)}")


def _within(seconds: float, fetch: Callable[[], bytes]) -> bytes:
    """The result of `fetch`, or NotReached after `seconds`: a resolver may take far longer than any time-out given."""
    results: list[bytes] = []
    failures: list[NotReached] = []

    def run() -> None:
        try:
            results.append(fetch())
        except NotReached as error:
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    raise failures[0] if failures else NotReached(f"no answer within {seconds:.0f} s")


def _reason(error: Exception) -> str:
    return str(error.reason) if isinstance(error, urllib.error.URLError) else str(error) or type(error).__name__
