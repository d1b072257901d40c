import fcntl
import stat
from pathlib import Path

import pytest

from local_azure.engine import cache
from local_azure.engine.errors import EngineError

pytestmark = pytest.mark.usefixtures("machine")


def built_cli() -> Path:
    directory = cache.cli_directory()
    directory.mkdir(parents=True)
    (directory / "pulumi").write_text("the CLI")
    (directory / "pulumi-resource-pulumi-python").write_text("the host of dynamic providers")
    return directory


def test_the_cache_lies_where_xdg_says(tmp_path: Path) -> None:
    assert cache.cache_directory() == tmp_path / "cache" / "managed-hsm" / "engine"


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_the_cache_lies_in_the_home_directory_when_xdg_says_nothing_of_use(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache.cache_directory() == Path.home() / ".cache" / "managed-hsm" / "engine"


def test_engines_are_kept_apart_by_version_and_kind_of_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert cache.version_directory().name == "3.259.0-darwin-arm64"


def test_a_machine_that_no_engine_is_made_for_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")
    with pytest.raises(EngineError, match="WSL 2"):
        cache.target()


def test_another_recipe_is_another_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cache.cli_directory()
    monkeypatch.setattr(cache, "BUILD_FLAGS", ("-race",))
    assert cache.cli_directory() != before


def test_without_a_built_cli_nothing_is_assembled() -> None:
    assert cache.assembled() is None
    assert not cache.cache_directory().exists()


def test_the_assembled_engine_has_all_that_the_cli_looks_for_beside_itself() -> None:
    built_cli()
    directory = cache.assembled()
    assert directory is not None
    assert {"pulumi", "pulumi-language-python", "pulumi-resource-pulumi-python"} <= {
        file.name for file in directory.iterdir()
    }
    assert (directory / "pulumi-language-python").stat().st_mode & stat.S_IXUSR
    assert (directory / "language_host" / "server.py").is_file()


def test_the_cli_is_linked_not_copied() -> None:
    cli = built_cli()
    directory = cache.assembled()
    assert directory is not None
    assert (directory / "pulumi").samefile(cli / "pulumi")


def test_a_changed_language_host_is_assembled_anew_from_the_same_cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built_cli()
    before = cache.assembled()
    changed = tmp_path / "language_host"
    changed.mkdir()
    (changed / "server.py").write_text("# changed")
    (tmp_path / "pulumi-language-python").write_text("#!/bin/sh")
    monkeypatch.setattr(cache, "LANGUAGE_HOST", changed)
    after = cache.assembled()
    assert after is not None
    assert after != before
    assert (after / "language_host" / "server.py").read_text() == "# changed"


def test_assembling_twice_gives_the_same_engine() -> None:
    built_cli()
    assert cache.assembled() == cache.assembled()


def test_a_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "somewhere" / "engine"
    with cache.staging(target) as stage:
        (stage / "pulumi").write_text("x")
        assert not target.exists()
    assert [file.name for file in target.iterdir()] == ["pulumi"]
    assert [file.name for file in target.parent.iterdir()] == ["engine"]


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "somewhere" / "engine"

    def fail() -> None:
        with cache.staging(target) as stage:
            (stage / "pulumi").write_text("half")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011  only ours can be raised there
        fail()
    assert list(target.parent.iterdir()) == []


def test_who_comes_second_takes_what_the_first_one_made(tmp_path: Path) -> None:
    target = tmp_path / "engine"
    with cache.staging(target) as stage:
        (stage / "pulumi").write_text("second")
        target.mkdir()
        (target / "pulumi").write_text("first")
    assert (target / "pulumi").read_text() == "first"
    assert list(tmp_path.glob(".partial-*")) == []


def test_what_a_killed_build_left_is_cleared_away() -> None:
    left = cache.version_directory() / ".partial-abc"
    left.mkdir(parents=True)
    (left / "pulumi").write_text("half")
    with cache.making(lambda: None):
        assert not left.exists()


def test_only_one_process_makes_an_engine_at_a_time() -> None:
    waited: list[bool] = []
    with cache.making(lambda: waited.append(True)):
        with (cache.version_directory() / "lock").open("w") as second, pytest.raises(BlockingIOError):
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert waited == []
