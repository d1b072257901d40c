"""A machine of its own for each test: a cache, a PATH with nothing but the shell's tools, no way out."""

from collections.abc import Callable
from pathlib import Path

import pytest

Fake = Callable[[str, str], Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for fake executables that comes first on PATH; an empty cache; downloads that are refused."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    return directory


@pytest.fixture
def fake(machine: Path) -> Fake:
    """Puts a shell script of a name on PATH."""

    def put(name: str, script: str) -> Path:
        file = machine / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        return file

    return put


@pytest.fixture
def fake_pulumi(fake: Fake) -> Callable[[str], Path]:
    """A complete `pulumi` of a version on PATH."""

    def put(version: str) -> Path:
        fake("pulumi-language-python", "exit 0")
        fake("pulumi-resource-pulumi-python", "exit 0")
        return fake("pulumi", f"echo {version}")

    return put


@pytest.fixture
def fake_go(fake: Fake, tmp_path: Path) -> Callable[..., Path]:
    """A Go that "builds" a CLI which only knows its version, noting in `tmp_path/builds` that it did."""

    def put(*, version: str = "go1.26.8", toolchain: str = "local", built: str = "v3.259.0", during: str = "") -> Path:
        sdk = tmp_path / "sdk" / "python" / "dist"
        sdk.mkdir(parents=True, exist_ok=True)
        (sdk / "pulumi-resource-pulumi-python").write_text("#!/bin/sh\n")
        return fake(
            "go",
            f"""
            case "$1 $2" in
            "env "*) printf '{version}\\n{toolchain}\\n' ;;
            "list -deps") printf 'a\\nb\\n' ;;
            "list -m") echo {tmp_path}/sdk ;;
            "build "*)
                echo build >> {tmp_path}/builds
                {during}
                while [ "$1" != -o ]; do shift; done
                printf '#!/bin/sh\\necho {built}\\n' > "$2"
                chmod +x "$2" ;;
            esac
            """,
        )

    return put
