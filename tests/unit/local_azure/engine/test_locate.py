from collections.abc import Callable
from pathlib import Path

import pytest

from local_azure.engine import cache
from local_azure.engine.errors import EngineNotFound
from local_azure.engine.locate import Engine, Unusable, engine, on_path

from .conftest import Fake

pytestmark = pytest.mark.usefixtures("machine")


def test_a_recent_pulumi_on_path_is_used(fake_pulumi: Callable[[str], Path], machine: Path) -> None:
    fake_pulumi("v3.261.4")
    assert engine() == Engine(machine, "3.261.4", "path")


def test_the_minimum_itself_is_recent_enough(fake_pulumi: Callable[[str], Path]) -> None:
    fake_pulumi("v3.200.0")
    assert engine().origin == "path"


def test_a_pre_release_is_named_whole(fake_pulumi: Callable[[str], Path]) -> None:
    fake_pulumi("v3.260.0-alpha.x123+dirty")
    assert engine().version == "3.260.0-alpha.x123+dirty"


def test_an_older_one_is_named_with_its_version_the_minimum_and_the_way_out(
    fake_pulumi: Callable[[str], Path], machine: Path
) -> None:
    fake_pulumi("v3.199.1")
    with pytest.raises(EngineNotFound) as caught:
        engine()
    message = str(caught.value)
    assert "\n" not in message
    for part in (f"{machine}/pulumi", "3.199.1", "3.200.0", "upgrade it", "make up"):
        assert part in message


def test_our_own_is_used_where_the_one_on_path_is_too_old(fake_pulumi: Callable[[str], Path]) -> None:
    fake_pulumi("v3.1.0")
    release = cache.release_directory()
    release.mkdir(parents=True)
    assert engine() == Engine(release, "3.259.0", "installer")


def test_a_recent_one_on_path_is_preferred_to_our_own(fake_pulumi: Callable[[str], Path]) -> None:
    cache.release_directory().mkdir(parents=True)
    fake_pulumi("v3.300.0")
    assert engine().origin == "path"


def test_a_pulumi_that_cannot_run_python_programs_is_not_used(fake: Fake) -> None:
    fake("pulumi", "echo v3.261.0")
    found = on_path()
    assert isinstance(found, Unusable)
    assert "pulumi-language-python" in found.reason


def test_what_comes_with_a_pulumi_may_lie_beside_the_file_that_path_has_a_link_to(
    fake: Fake, machine: Path, tmp_path: Path
) -> None:
    home = tmp_path / "opt"
    home.mkdir()
    for name in ("pulumi", "pulumi-language-python", "pulumi-resource-pulumi-python"):
        fake(name, "echo v3.261.0").rename(home / name)
    (machine / "pulumi").symlink_to(home / "pulumi")
    assert engine().origin == "path"


def test_a_pulumi_that_does_not_start_is_said_so(fake: Fake) -> None:
    fake("pulumi", "echo broken >&2; exit 3")
    found = on_path()
    assert isinstance(found, Unusable)
    assert "does not work" in found.reason


def test_a_pulumi_that_names_no_version_is_said_so(fake: Fake) -> None:
    fake("pulumi", "echo whatever")
    found = on_path()
    assert isinstance(found, Unusable)
    assert "'whatever'" in found.reason


def test_nothing_on_path_and_nothing_in_the_cache_names_the_way_out() -> None:
    with pytest.raises(EngineNotFound, match=r"there is no `pulumi` on PATH; `make up`"):
        engine()


def test_our_own_on_path_counts_as_our_own(monkeypatch: pytest.MonkeyPatch, machine: Path) -> None:
    cli = cache.cli_directory()
    cli.mkdir(parents=True)
    (cli / "pulumi").write_text("#!/bin/sh\necho v3.259.0\n")
    (cli / "pulumi").chmod(0o755)
    first = engine()
    monkeypatch.setenv("PATH", f"{first.bin_directory}:{machine}")
    assert engine() == first
    assert first.origin == "built"
