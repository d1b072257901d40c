"""The plugin as a process: it says its port, serves, and ends when the engine does."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures

import grpc

from local_azure.plugin.protocol import provider_pb2_grpc
from local_azure.plugin.provider import Provider

_THREADS = 64
_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes; the engine's own limit."""
_PARENT_SECONDS = 0.5


def serve(port: int = 0) -> None:
    """Serves on loopback until the engine ends it or is gone; ``port`` 0 takes a free one."""
    # First of all: once the port is said, the engine may be gone at any moment.
    parent = os.getppid()
    options = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(_THREADS), options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(os.environ), server)
    listening = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    over = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: over.set())
    sys.stdout.write(f"{listening}\n")
    sys.stdout.flush()
    while os.getppid() == parent and not over.wait(_PARENT_SECONDS):
        pass
    server.stop(grace=None)
    # Threads that still wait for Azure must not keep the process.
    os._exit(0)
