from collections.abc import Callable
from pathlib import Path

import pytest

from local_azure.engine import build, cache
from local_azure.engine.errors import BuildFailed
from local_azure.engine.version import Version

from .conftest import Fake

pytestmark = pytest.mark.usefixtures("machine")


@pytest.fixture(autouse=True)
def no_other_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_USUAL_PLACES", "")


def test_the_built_cli_lies_in_the_cache_with_the_host_of_dynamic_providers(fake_go: Callable[..., Path]) -> None:
    fake_go()
    build.build()
    directory = cache.cli_directory()
    assert sorted(file.name for file in directory.iterdir()) == ["pulumi", "pulumi-resource-pulumi-python"]
    assert all(file.stat().st_mode & 0o777 == 0o755 for file in directory.iterdir())


def test_without_go_the_needed_version_is_named() -> None:
    with pytest.raises(BuildFailed, match=r"Go 1\.25\.11 or newer is needed \(https://go\.dev/dl/\)"):
        build.build()


def test_a_go_that_is_too_old_and_fetches_no_other_is_refused(fake_go: Callable[..., Path]) -> None:
    fake_go(version="go1.24.3", toolchain="local")
    with pytest.raises(BuildFailed, match=r"is 1\.24\.3, too old to build it: Go 1\.25\.11"):
        build.build()


def test_a_go_from_before_toolchains_is_refused(fake_go: Callable[..., Path]) -> None:
    fake_go(version="go1.19.8", toolchain="")
    with pytest.raises(BuildFailed, match="too old"):
        build.build()


def test_an_older_go_that_fetches_the_newer_one_is_told_of_and_used(
    fake_go: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_go(version="go1.22.1", toolchain="auto")
    build.build()
    assert "fetches Go 1.25.11" in capsys.readouterr().err


def test_a_go_that_does_not_work_is_said_so(fake: Fake) -> None:
    fake("go", "echo no GOROOT >&2; exit 2")
    with pytest.raises(BuildFailed, match="no GOROOT"):
        build.build()


def test_a_failed_build_says_why_in_one_line_and_leaves_nothing(fake_go: Callable[..., Path]) -> None:
    fake_go(during="echo 'x.go:1: boom' >&2; exit 1")
    with pytest.raises(BuildFailed) as caught:
        build.build()
    assert str(caught.value) == "`go build` ended with 1: x.go:1: boom"
    assert list(cache.version_directory().iterdir()) == []


def test_a_cli_of_another_version_is_not_taken(fake_go: Callable[..., Path]) -> None:
    fake_go(built="v3.1.0")
    with pytest.raises(BuildFailed, match=r"'v3\.1\.0', not v3\.259\.0"):
        build.build()
    assert not cache.cli_directory().exists()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go1.26.8", Version(1, 26, 8)),
        ("go1.21", Version(1, 21, 0)),
        ("go1.27rc1", Version(1, 27, 0, is_release=False)),
        ("devel", None),
    ],
)
def test_go_versions_are_read(text: str, version: Version | None) -> None:
    assert build.parse_go_version(text) == version
