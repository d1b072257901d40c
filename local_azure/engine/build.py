"""Builds the CLI from its Go module, for a machine that reaches package registries and nothing else.

The module file in `cli/` pins every version, its go.sum every content, so that any machine builds the same CLI:
without C, without paths of the machine, with the version set as the official build sets it. The host of dynamic
providers is a script in the SDK's Go module, from where it is copied.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from local_azure.engine import cache
from local_azure.engine.errors import BuildFailed
from local_azure.engine.progress import Step, say
from local_azure.engine.version import PINNED, Version, parse_version

_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
_DYNAMIC_PROVIDER_HOST = Path("python/dist/pulumi-resource-pulumi-python")

_USUAL_PLACES = "/usr/local/go/bin:/opt/homebrew/bin"
"""Where Go's installers put it, whatever PATH says."""

_INTERRUPTED_SECONDS = 10.0

_FIRST_WITH_TOOLCHAINS = Version(1, 21, 0)
"""From here on Go fetches the newer toolchain that a module asks for by itself (go.dev/doc/toolchain)."""


def build() -> None:
    """Builds the pinned CLI into the cache: some four minutes on two cores. Raises BuildFailed."""
    go = _go()
    with cache.staging(cache.cli_directory()) as stage:
        with Step("fetching the sources of the Pulumi CLI") as step:
            packages = _run(
                go, ["list", "-deps", *cache.BUILD_FLAGS, _PACKAGE], lambda line: _note_download(step, line)
            )
        total = len(packages.splitlines())
        with Step(f"building the Pulumi CLI {PINNED} (about 4 minutes on 2 cores, once for this machine)") as step:
            built: list[str] = []

            def note(line: str) -> None:
                built.append(line)
                step.detail = f"{min(len(built), total)} of {total} packages"

            output = stage / "pulumi"
            _run(go, ["build", "-v", *cache.BUILD_FLAGS, "-o", str(output), _PACKAGE], note)
        sdk = Path(_run(go, ["list", "-m", "-f", "{{.Dir}}", _SDK_MODULE]).strip())
        host = stage / _DYNAMIC_PROVIDER_HOST.name
        shutil.copyfile(sdk / _DYNAMIC_PROVIDER_HOST, host)
        host.chmod(0o755)
        _check(output)


def _go() -> str:
    """The path of a `go` that can build the module, or would fetch one that can."""
    go = shutil.which("go") or shutil.which("go", path=_USUAL_PLACES)
    wanted = _wanted_go()
    if go is None:
        raise BuildFailed(
            f"there is no Go to build it with: Go {_short(wanted)} or newer is needed (https://go.dev/dl/)"
        )
    # Asked outside of the module, where Go says what it is itself and not what it would fetch for the module.
    answer = subprocess.run([go, "env", "GOVERSION", "GOTOOLCHAIN"], cwd="/", capture_output=True, text=True)
    version_line, _, toolchain = answer.stdout.strip().partition("\n")
    version = parse_go_version(version_line)
    if version is None:
        raise BuildFailed(f"{go} does not work ({(answer.stderr or answer.stdout).strip()[:200]})")
    if version >= wanted:
        return go
    if version >= _FIRST_WITH_TOOLCHAINS and toolchain.strip() != "local":
        say(f"{go} is {_short(version)}; it fetches Go {_short(wanted)} for this build by itself")
        return go
    raise BuildFailed(
        f"{go} is {_short(version)}, too old to build it: Go {_short(wanted)} or newer is needed (https://go.dev/dl/)"
    )


def parse_go_version(text: str) -> Version | None:
    """The version in what Go calls itself: `go1.26.8`, `go1.21`, `go1.27rc1`."""
    found = re.search(r"go(\d+)\.(\d+)(?:\.(\d+))?(rc|beta)?", text)
    if found is None:
        return None
    major, minor, patch, prerelease = found.groups()
    return Version(int(major), int(minor), int(patch or 0), prerelease is None)


def _wanted_go() -> Version:
    """The oldest Go for the module: what its go.mod says."""
    found = re.search(r"^go (\d+\.\d+\.\d+)$", (cache.MODULE / "go.mod").read_text(), re.MULTILINE)
    version = parse_version(found[1]) if found else None
    if version is None:
        raise BuildFailed(f"{cache.MODULE / 'go.mod'} has no line `go <version>`")
    return version


def _short(version: Version) -> str:
    return f"{version.major}.{version.minor}.{version.patch}"


def _run(go: str, arguments: list[str], on_line: Callable[[str], None] = lambda _: None) -> str:
    """Runs Go in the module; hands on each line of its stderr; returns its stdout. Raises BuildFailed."""
    goos, goarch = cache.target()
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "GOOS": goos,
        "GOARCH": goarch,
    }
    last: list[str] = []
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            [go, *arguments], cwd=cache.MODULE, env=environment, stdout=output, stderr=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                on_line(line.strip())
                last = [*last, line.strip()][-3:]
            process.wait()
        finally:
            if process.poll() is None:
                _interrupt(process)
        output.seek(0)
        answer = output.read()
    if process.returncode != 0:
        raise BuildFailed(f"`go {arguments[0]}` ended with {process.returncode}: {' / '.join(last) or 'no message'}")
    return answer


def _interrupt(process: subprocess.Popen[str]) -> None:
    """Ends a Go that is at work, as Ctrl-C does: then it also stops its compilers and clears its work directory."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_INTERRUPTED_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _note_download(step: Step, line: str) -> None:
    if line.startswith("go: downloading "):
        step.detail = line.removeprefix("go: downloading ")


def _check(executable: Path) -> None:
    """Refuses a CLI that does not run, or is not of the version that was asked for."""
    answer = subprocess.run(
        [executable, "version"],
        env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if answer.stdout.strip() != f"v{PINNED}":
        raise BuildFailed(f"the built CLI says {(answer.stdout or answer.stderr).strip()[:200]!r}, not v{PINNED}")
