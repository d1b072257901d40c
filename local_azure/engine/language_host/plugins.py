"""Runs plugins that are written in Python, each as a process of its own."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO

import grpc
from pulumi.runtime.proto import language_pb2

from .program import virtual_environment

_TERMINATION_SECONDS = 3.0
"""How long a plugin may take to end once it is told to; the engine gives this host five seconds."""


class Plugins:
    """The plugins that are running."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Runs a plugin, in its own virtual environment if it names one; streams what it prints, then its status.

        A policy pack (kind `analyzer`) is run by the SDK's module `pulumi.policy`, in the pack's directory; anything
        else by its own `__main__.py`, in the directory that the engine says.
        """
        directory = request.info.program_directory
        environment = virtual_environment(request.info)
        python = str(environment / "bin" / "python") if environment else sys.executable
        if request.kind == "analyzer":
            command, cwd = [python, "-u", "-m", "pulumi.policy", *request.args, directory], directory
        else:
            command, cwd = [python, "-u", directory, *request.args], request.pwd
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(entry.split("=", 1) for entry in request.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self._running.add(process)
            # The engine ends a plugin by cancelling the call.
            context.add_callback(process.terminate)
            try:
                yield from _output(process)
                yield language_pb2.RunPluginResponse(exitcode=process.wait())
            finally:
                _end(process)
                self._running.discard(process)

    def end_all(self) -> None:
        """Ends every plugin that is running."""
        running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            _end(process)


def _output(process: subprocess.Popen[bytes]) -> Iterator[language_pb2.RunPluginResponse]:
    """What the process writes, as it writes it, until both its streams have ended."""
    responses: queue.SimpleQueue[language_pb2.RunPluginResponse | None] = queue.SimpleQueue()

    def pump(stream: IO[bytes], *, is_error: bool) -> None:
        while chunk := os.read(stream.fileno(), 1 << 16):
            responses.put(
                language_pb2.RunPluginResponse(stderr=chunk)
                if is_error
                else language_pb2.RunPluginResponse(stdout=chunk)
            )
        responses.put(None)

    streams = [(stream, stream is process.stderr) for stream in (process.stdout, process.stderr) if stream is not None]
    for stream, is_error in streams:
        threading.Thread(target=pump, args=(stream,), kwargs={"is_error": is_error}, daemon=True).start()
    ended = 0
    while ended < len(streams):
        response = responses.get()
        if response is None:
            ended += 1
        else:
            yield response


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_TERMINATION_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
