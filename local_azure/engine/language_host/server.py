"""Answers the engine's calls, for as long as the engine lives."""

import importlib.metadata
import os
import queue
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType
from typing import NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from .packages import program_dependencies, required_packages
from .plugins import Plugins
from .program import run_program


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine's calls. `engine_address` is where programs send what they log."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._runs: queue.SimpleQueue[tuple[language_pb2.RunRequest, Future[language_pb2.RunResponse]]]
        self._runs = queue.SimpleQueue()
        self._plugins = Plugins()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version of the SDK, which is all the language there is to this host."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """For `pulumi about`: which Python this is."""
        version = ".".join(map(str, sys.version_info[:3]))
        return language_pb2.AboutResponse(executable=sys.executable, version=version)

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """The providers whose SDKs are installed here.

        The engine tries to install what is missing of them, goes on if it cannot, and takes their versions for
        resources that state none, such as those of `pulumi import`.
        """
        return language_pb2.GetRequiredPackagesResponse(packages=list(required_packages(sys.path)))

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """For `pulumi about`: what is installed here; only what nothing else requires, unless all is asked for."""
        dependencies = program_dependencies(transitive=request.transitiveDependencies)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[language_pb2.DependencyInfo(name=name, version=version) for name, version in dependencies]
        )

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Runs a program on the main thread, as any Python program may expect, and waits for its end."""
        response: Future[language_pb2.RunResponse] = Future()
        self._runs.put((request, response))
        return response.result()

    def run_programs(self) -> NoReturn:
        """Runs what `Run` is asked for, on the calling thread, until the process ends."""
        while True:
            request, response = self._runs.get()
            response.set_result(run_program(request, self._engine_address))

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Runs a plugin that is written in Python, such as a policy pack; streams what it prints."""
        return self._plugins.run(request, context)

    def exit(self) -> NoReturn:
        """Ends this process, and the plugins it started, at once: the engine does not wait for a good-bye."""
        self._plugins.end_all()
        os._exit(0)


def main() -> NoReturn:
    """Serves until the engine ends this process or itself. The engine's address is the last argument."""
    host = LanguageHost(sys.argv[-1] if len(sys.argv) > 1 else "")

    def stop(_number: int, _frame: FrameType | None) -> None:
        host.exit()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_exit_with_engine, args=(host,), daemon=True).start()
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    host.run_programs()


def _exit_with_engine(host: LanguageHost) -> None:
    """Ends the process when stdin ends: the engine holds the other end, so that not even its killing goes unnoticed."""
    while os.read(0, 1 << 12):
        pass
    host.exit()
