"""Our language host under the real engine: programs that go well, and every way in which one can end."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local_azure.engine import cache
from local_azure.engine.locate import engine

pytestmark = pytest.mark.engine

PROVIDER = """
import sys
from pulumi import dynamic

class ThingProvider(dynamic.ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return dynamic.CreateResult("thing-1", {"prefix": sys.prefix})

class Thing(dynamic.Resource, module="contoso", name="Thing"):
    def __init__(self, name):
        super().__init__(ThingProvider(), name, {"prefix": None})
"""


class Project:
    """A project in a directory of its own, with a stack in a file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "project"
        # The engine takes its language host from PATH before the one that came with it: so this is ours in any case.
        path = [directory / "host", engine().bin_directory, Path(sys.executable).parent, os.environ["PATH"]]
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join(map(str, path)),
            "PULUMI_HOME": str(directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
            "PULUMI_STACK": "dev",
            "PULUMI_CONFIG_PASSPHRASE": "contoso",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def write(self, name: str, content: str) -> None:
        (self.directory / name).write_text(content)

    def pulumi(self, *arguments: str) -> str:
        run = self.start(*arguments)
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0, output
        return output

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def up(self, program: str) -> str:
        """What `pulumi up` of the program says, which must go well."""
        self.write("__main__.py", program)
        return self.pulumi("up", "--yes", "--skip-preview")

    def failed_up(self, program: str) -> list[str]:
        """The diagnostics of `pulumi up` of the program, which must fail."""
        self.write("__main__.py", program)
        run = self.start("up", "--yes", "--skip-preview")
        output, _ = run.communicate(timeout=120)
        assert run.returncode != 0, output
        section = re.search(r"^Diagnostics:\n(.*?)(?:^\S|\Z)", output, re.MULTILINE | re.DOTALL)
        assert section is not None, output
        lines = [line.strip() for line in section[1].splitlines() if line.strip()][1:]
        # What the engine says of its host being another than the one that came with it.
        return [line for line in lines if not line.startswith("warning: using pulumi-language-python from $PATH")]


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with an empty stack, to be copied."""
    directory = tmp_path_factory.mktemp("initialised")
    for name in ("project", "host", "state"):
        (directory / name).mkdir()
    cache.lay_language_host(directory / "host")
    project = Project(directory)
    project.write("Pulumi.yaml", "name: contoso\nruntime: python\n")
    project.pulumi("stack", "init", "dev")
    return directory


@pytest.fixture
def project(initialised: Path, tmp_path: Path) -> Project:
    shutil.copytree(initialised, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # One whose parent is gone may stay as a zombie where nobody collects it.
    return "State:\tZ" not in Path(f"/proc/{process}/status").read_text()


def test_a_program_exports_and_a_second_preview_has_nothing_to_do(project: Project) -> None:
    project.up("import pulumi\npulumi.export('answer', 42)")
    assert project.pulumi("stack", "output", "answer").strip() == "42"
    assert "1 unchanged" in project.pulumi("preview", "--expect-no-changes")


def test_a_program_reads_its_configuration_and_secrets_stay_secret(project: Project) -> None:
    project.pulumi("config", "set", "plain", "visible")
    project.pulumi("config", "set", "--secret", "hidden", "s3cret")
    program = "import pulumi\nc = pulumi.Config()\n"
    output = project.up(
        program + "pulumi.export('a', c.require('plain'))\npulumi.export('b', c.require_secret('hidden'))"
    )
    assert "visible" in output
    assert "s3cret" not in output


def test_a_program_runs_on_the_main_thread_in_its_directory_with_its_siblings(project: Project) -> None:
    project.write("sibling.py", "NAME = 'sibling'")
    project.write("late.py", "NAME = 'late'")
    output = project.up(
        "import os, threading, pulumi, sibling\n"
        "def later(_):\n    import late\n    return late.NAME\n"
        "pulumi.export('thread', threading.current_thread() is threading.main_thread())\n"
        "pulumi.export('directory', os.getcwd())\n"
        "pulumi.export('names', pulumi.Output.from_input(1).apply(later).apply(lambda n: n + ' ' + sibling.NAME))\n"
    )
    assert "thread   : true" in output
    assert str(project.directory) in output
    assert "late sibling" in output


def test_a_dynamic_resource_runs_in_the_programs_python(project: Project) -> None:
    project.write("things.py", PROVIDER)
    program = "import pulumi, things\npulumi.export('prefix', things.Thing('thing').prefix)"
    project.up(program)
    assert project.pulumi("stack", "output", "prefix").strip() == sys.prefix
    project.pulumi("preview", "--expect-no-changes")
    project.pulumi("destroy", "--yes", "--skip-preview")


def test_a_run_error_is_said_once_and_without_a_traceback(project: Project) -> None:
    said = project.failed_up("import pulumi\nraise pulumi.RunError('hsm.name: too short\\nhsm.sku: unknown')")
    assert said == ["error: hsm.name: too short", "hsm.sku: unknown"]


def test_an_exception_is_one_traceback_that_begins_in_the_program(project: Project) -> None:
    said = project.failed_up("def main():\n    raise ValueError('contoso')\nmain()")
    assert said[0] == "error: the program failed with an unhandled exception:"
    assert said[1] == "Traceback (most recent call last):"
    assert said[2] == f'File "{project.directory}/__main__.py", line 3, in <module>'
    assert said[-1] == "ValueError: contoso"
    assert said.count("ValueError: contoso") == 1


def test_an_exception_in_an_apply_is_said_once(project: Project) -> None:
    said = project.failed_up("import pulumi\npulumi.export('x', pulumi.Output.from_input(0).apply(lambda n: 1 / n))")
    assert said.count("ZeroDivisionError: division by zero") == 1
    assert not [line for line in said if "language_host" in line]


def test_a_syntax_error_shows_the_line_and_nothing_of_the_runtime(project: Project) -> None:
    said = project.failed_up("x = = 1")
    assert f'File "{project.directory}/__main__.py", line 1' in said
    assert said[-1] == "SyntaxError: invalid syntax"
    assert not [line for line in said if "runpy" in line]


def test_a_project_without_a_program_is_said_so(project: Project) -> None:
    run = project.start("up", "--yes", "--skip-preview")
    output, _ = run.communicate(timeout=60)
    assert run.returncode != 0
    assert f"error: there is no __main__.py in {project.directory}" in output


def test_sys_exit_ends_a_program_well(project: Project) -> None:
    assert "answer: 42" in project.up("import sys, pulumi\npulumi.export('answer', 42)\nsys.exit()")


def test_sys_exit_with_a_message_is_that_message_alone(project: Project) -> None:
    assert project.failed_up("import sys\nsys.exit('no configuration')") == ["error: no configuration"]


def test_sys_exit_with_a_status_names_it(project: Project) -> None:
    assert project.failed_up("import sys\nsys.exit(3)") == ["error: the program ended with status 3"]


def test_another_virtual_environment_than_the_projects_is_refused(project: Project) -> None:
    project.write("Pulumi.yaml", "name: contoso\nruntime: {name: python, options: {virtualenv: elsewhere}}\n")
    (said,) = project.failed_up("")
    assert f"asks for the virtual environment {project.directory}/elsewhere" in said


def test_the_projects_own_virtual_environment_is_used_whatever_path_says(project: Project) -> None:
    (project.directory / ".venv").symlink_to(sys.prefix)
    project.write("Pulumi.yaml", "name: contoso\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    project.environment["PATH"] = project.environment["PATH"].replace(str(Path(sys.executable).parent), "")
    project.write("things.py", PROVIDER)
    project.up("import pulumi, things\npulumi.export('prefix', things.Thing('thing').prefix)")
    assert project.pulumi("stack", "output", "prefix").strip() == f"{project.directory}/.venv"
    said = project.failed_up("raise ValueError")
    assert [line for line in said if line.startswith("File ")] == [
        f'File "{project.directory}/__main__.py", line 1, in <module>'
    ]


def test_a_python_without_the_sdk_is_said_so(project: Project) -> None:
    python = project.directory / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(python)], check=True)
    project.environment["PATH"] = project.environment["PATH"].replace(
        str(Path(sys.executable).parent), str(python / "bin")
    )
    run = project.start("preview")
    output, _ = run.communicate(timeout=60)
    assert run.returncode != 0
    assert f"the Python of this project, {python}/bin/python3, has no module" in output
    assert "Traceback" not in output


def test_a_cancelled_program_is_an_error_and_does_not_hang(project: Project) -> None:
    said = project.failed_up("import asyncio\nraise asyncio.CancelledError")
    assert said[-1] == "asyncio.exceptions.CancelledError"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_host_dies_with_an_engine_that_is_killed(project: Project) -> None:
    project.write("__main__.py", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)")
    run = project.start("up", "--yes", "--skip-preview")
    pid = project.directory / "pid"
    wait_for(lambda: pid.exists() and pid.read_text() != "")
    run.kill()
    run.communicate()
    wait_for(lambda: not is_running(int(pid.read_text())))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_interrupted_run_ends_soon_and_leaves_no_host(project: Project) -> None:
    project.write("__main__.py", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(60)")
    run = project.start("up", "--yes", "--skip-preview")
    pid = project.directory / "pid"
    wait_for(lambda: pid.exists() and pid.read_text() != "")
    started = time.monotonic()
    run.send_signal(signal.SIGINT)
    output, _ = run.communicate(timeout=60)
    assert run.returncode != 0, output
    assert time.monotonic() - started < 10
    assert not is_running(int(pid.read_text()))
