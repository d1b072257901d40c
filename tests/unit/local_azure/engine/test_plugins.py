import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from local_azure.engine.language_host.plugins import Plugins


class Context:
    """What gRPC tells a call of its end."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []

    def add_callback(self, callback: Callable[[], None]) -> bool:
        self.callbacks.append(callback)
        return True


def request(directory: Path, program: str, **more: str) -> language_pb2.RunPluginRequest:
    (directory / "__main__.py").write_text(program)
    return language_pb2.RunPluginRequest(
        pwd=str(directory),
        kind="resource",
        args=["127.0.0.1:1"],
        env=[f"{name}={value}" for name, value in {**os.environ, **more}.items()],
        info=language_pb2.ProgramInfo(root_directory=str(directory), program_directory=str(directory)),
    )


def test_what_a_plugin_prints_is_streamed_and_its_status_comes_last(tmp_path: Path) -> None:
    program = "import os, sys; print(os.environ['GREETING'], sys.argv[1]); print('oh', file=sys.stderr); sys.exit(3)"
    responses = list(Plugins().run(request(tmp_path, program, GREETING="a=b"), Context()))
    assert b"".join(response.stdout for response in responses) == b"a=b 127.0.0.1:1\n"
    assert b"".join(response.stderr for response in responses) == b"oh\n"
    assert responses[-1].exitcode == 3


def test_a_plugin_runs_in_the_virtual_environment_that_it_names(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexport CHOSEN=1\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    asked = request(tmp_path, "import os; print(os.environ['CHOSEN'])")
    asked.info.options.update({"virtualenv": "venv"})
    assert b"".join(response.stdout for response in Plugins().run(asked, Context())) == b"1\n"


def test_a_plugin_ends_with_the_call_that_started_it(tmp_path: Path) -> None:
    context = Context()
    responses = Plugins().run(request(tmp_path, "import os, time; os.write(1, b'1\\n'); time.sleep(60)"), context)
    assert next(responses).stdout == b"1\n"
    (cancel,) = context.callbacks
    cancel()
    assert [response.exitcode for response in responses] == [-15]


def test_every_plugin_ends_with_the_host(tmp_path: Path) -> None:
    plugins = Plugins()
    responses = plugins.run(request(tmp_path, "import os, time; os.write(1, b'1\\n'); time.sleep(60)"), Context())
    assert next(responses).stdout == b"1\n"
    threading.Timer(0.2, plugins.end_all).start()
    started = time.monotonic()
    assert [response.exitcode for response in responses] == [-15]
    assert time.monotonic() - started < 10
