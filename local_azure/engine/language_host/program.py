"""Runs a Pulumi program inside of this process, by the runtime functions that the SDK's own executor uses.

Not by the `LanguageServer` of the SDK's Automation API: that one reports a RunError to the engine a second time, and
answers `sys.exit()` with a traceback.
"""

import asyncio
import contextlib
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pulumi
from pulumi.runtime import Settings, configure, run_in_stack, set_all_config
from pulumi.runtime.proto import language_pb2

_THREADS_PER_OPERATION = 4
"""The SDK's executor counts so: a resource operation in flight may hold several threads."""


def run_program(request: language_pb2.RunRequest, engine_address: str) -> language_pb2.RunResponse:
    """Runs the program that the request names, as `python __main__.py` would, inside of the stack.

    What goes wrong in it is sent to the engine as one message, and the answer says that it was (`bail`), so that the
    engine adds none of its own. `sys.exit()` ends a run well, `sys.exit("message")` ends it with that message.
    """
    # normpath, not resolve: a program may be reached by a link, and its siblings are found beside the link.
    program = Path(os.path.normpath(Path(request.info.program_directory, request.info.entry_point)))
    _configure(request, engine_address)
    try:
        _refuse_impossible(request, program)
        if request.pwd:
            os.chdir(request.pwd)
        sys.argv = [str(program), *request.args]
        # For good, because a function given to `apply` may import after the program's last line.
        sys.path.insert(0, str(program if program.is_dir() else program.parent))
        _run_in_event_loop(program, request.parallel)
    except pulumi.RunError as error:
        return _failed(str(error))
    except SystemExit as error:
        if error.code is None or error.code == 0:
            return language_pb2.RunResponse()
        return _failed(error.code if isinstance(error.code, str) else f"the program ended with status {error.code}")
    except grpc.RpcError as error:
        # The engine went away first, and knows why.
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            return language_pb2.RunResponse(bail=True)
        return _failed(f"the engine refused a call: {error.details()}")
    except (Exception, asyncio.CancelledError, KeyboardInterrupt) as error:
        # Somebody else's code ends here: whatever it raises has to reach its author, with the place.
        return _failed(f"the program failed with an unhandled exception:\n{_traceback(error, program)}")
    return language_pb2.RunResponse()


def _configure(request: language_pb2.RunRequest, engine_address: str) -> None:
    configure(
        Settings(
            project=request.project,
            stack=request.stack,
            organization=request.organization or "organization",
            root_directory=request.info.root_directory,
            parallel=request.parallel,
            dry_run=request.dryRun,
            monitor=request.monitor_address,
            engine=engine_address,
        )
    )
    set_all_config(dict(request.config), list(request.configSecretKeys))
    # The SDK leaves futures unobserved whenever a program fails; asyncio's complaints would bury the reason.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def _refuse_impossible(request: language_pb2.RunRequest, program: Path) -> None:
    if request.attach_debugger:
        raise pulumi.RunError("this language host cannot attach a debugger: Pulumi's own, of an installed CLI, can")
    environment = virtual_environment(request.info)
    if environment is not None and environment != Path(sys.prefix):
        raise pulumi.RunError(
            f"Pulumi.yaml asks for the virtual environment {environment}, but the program would run in {sys.prefix}: "
            "make that environment (`make up` does), or put its bin directory first on PATH"
        )
    if program.is_dir() and not (program / "__main__.py").is_file():
        raise pulumi.RunError(f"there is no __main__.py in {program}")


def virtual_environment(info: language_pb2.ProgramInfo) -> Path | None:
    """The virtual environment that the project's runtime options name, None if they name none."""
    if "virtualenv" not in info.options.fields:
        return None
    named = info.options.fields["virtualenv"].string_value
    return Path(os.path.normpath(Path(info.root_directory, named)))


def _run_in_event_loop(program: Path, parallel: int) -> None:
    """Runs the program inside of its stack and waits for every resource that it registered."""

    def run() -> None:
        runpy.run_path(str(program), run_name="__main__")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(parallel, 1) * _THREADS_PER_OPERATION)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(run_in_stack(run))
    finally:
        unfinished = asyncio.all_tasks(loop)
        for task in unfinished:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*unfinished, return_exceptions=True))
        executor.shutdown(wait=True)
        loop.close()


def _failed(message: str) -> language_pb2.RunResponse:
    # The engine may be gone, and then nobody is left to be told.
    with contextlib.suppress(grpc.RpcError):
        pulumi.log.error(message)
    return language_pb2.RunResponse(bail=True)


def _traceback(error: BaseException, program: Path) -> str:
    """The error with its traceback, less the runtime's frames above the program's first one."""
    frames = error.__traceback__
    while frames is not None and not _is_of(program, Path(frames.tb_frame.f_code.co_filename)):
        frames = frames.tb_next
    if frames is None and isinstance(error, SyntaxError):
        # The program never ran, and the error says where itself.
        return "".join(traceback.format_exception_only(error))
    return "".join(traceback.format_exception(error.with_traceback(frames or error.__traceback__)))


def _is_of(program: Path, file: Path) -> bool:
    # The project's virtual environment lies inside of the project.
    return file.is_relative_to(program) and not file.is_relative_to(sys.prefix)
