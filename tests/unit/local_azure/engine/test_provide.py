import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local_azure.engine import build, cache
from local_azure.engine.__main__ import main

pytestmark = pytest.mark.usefixtures("machine")

REPOSITORY = Path(__file__).parents[4]


def start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-S", "-m", "local_azure.engine"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def builds(tmp_path: Path) -> int:
    file = tmp_path / "builds"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_it_runs_on_the_standard_library_alone_and_prints_to_stderr_only(fake_go: Callable[..., Path]) -> None:
    fake_go()
    process = start()
    output, progress = process.communicate(timeout=30)
    assert process.returncode == 0, progress
    assert output == ""
    assert "building the Pulumi CLI 3.259.0" in progress
    assert progress.splitlines()[-1].endswith("(built on this machine)")


def test_the_second_run_builds_nothing(fake_go: Callable[..., Path], tmp_path: Path) -> None:
    fake_go()
    assert main() == 0
    assert main() == 0
    assert builds(tmp_path) == 1


def test_a_usable_pulumi_on_path_is_left_to_do(
    fake_pulumi: Callable[[str], Path], fake_go: Callable[..., Path], tmp_path: Path
) -> None:
    fake_pulumi("v3.260.0")
    fake_go()
    assert main() == 0
    assert builds(tmp_path) == 0


def test_one_that_is_too_old_is_replaced_by_ours_and_that_is_said(
    fake_pulumi: Callable[[str], Path], fake_go: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_pulumi("v3.100.0")
    fake_go()
    assert main() == 0
    progress = capsys.readouterr().err
    assert "not using the `pulumi` on PATH" in progress
    assert "version 3.100.0, older than 3.200.0" in progress


def test_where_no_engine_can_be_had_one_line_says_why_and_what_to_do(
    fake_pulumi: Callable[[str], Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "_USUAL_PLACES", "")
    fake_pulumi("v3.100.0")
    assert main() == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    for part in ("3.100.0", "3.200.0", "is not reached", "there is no Go", "https://www.pulumi.com/docs/install/"):
        assert part in errors[0]


def test_a_cache_that_cannot_be_written_to_is_said_so_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "cache").write_text("a file where a directory should be")
    assert main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert str(tmp_path / "cache") in line


def test_two_clones_at_once_build_once(fake_go: Callable[..., Path], tmp_path: Path) -> None:
    fake_go(during=f"while [ ! -e {tmp_path}/go-on ]; do sleep 0.05; done")
    first = start()
    wait_for(lambda: builds(tmp_path) == 1)
    second = start()
    assert second.stderr is not None
    wait_for(lambda: "waiting" in (second.stderr.readline() if second.stderr else ""))
    (tmp_path / "go-on").touch()
    for process in (first, second):
        _, progress = process.communicate(timeout=30)
        assert process.returncode == 0, progress
    assert builds(tmp_path) == 1


def test_a_killed_build_leaves_nothing_broken(fake_go: Callable[..., Path], tmp_path: Path) -> None:
    fake_go(during="sleep 2; echo still here >&2")
    process = start()
    wait_for(lambda: builds(tmp_path) == 1)
    process.kill()
    process.communicate()
    assert not cache.cli_directory().exists()
    assert list(cache.version_directory().glob(".partial-*"))

    fake_go()
    assert main() == 0
    assert not list(cache.version_directory().glob(".partial-*"))
    assert cache.cli_directory().is_dir()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_ends_the_compiler_too(
    number: signal.Signals, fake_go: Callable[..., Path], tmp_path: Path
) -> None:
    # A moment first: whoever starts it must have got hold of it. (A terminal's Ctrl-C reaches the compiler by itself.)
    fake_go(during=f"sleep 0.5; echo $$ > {tmp_path}/go-pid; exec sleep 60")
    process = start()
    wait_for(lambda: (tmp_path / "go-pid").exists() and (tmp_path / "go-pid").read_text() != "")
    process.send_signal(number)
    _, progress = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "error: interrupted" in progress
    assert not list(cache.version_directory().glob(".partial-*"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "go-pid").read_text()), 0)
