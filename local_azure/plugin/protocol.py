"""The engine's gRPC protocol: the stubs that the Pulumi SDK brings, without the SDK.

Importing ``pulumi.runtime.proto`` would first import all of ``pulumi`` (0.15 s of the 0.3 s that a plugin may take to
start). The generated modules need nothing of it: they import each other relative to their package. So they are loaded
from the SDK's directory into a package of another name.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from google.protobuf import empty_pb2, struct_pb2

_PACKAGE = "pulumi_protocol"


def _stubs_directory() -> Path:
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ImportError("the Pulumi SDK is not installed beside the plugin")
    return Path(spec.origin).parent / "runtime" / "proto"


def _load(name: str) -> ModuleType:
    if _PACKAGE not in sys.modules:
        spec = importlib.machinery.ModuleSpec(_PACKAGE, loader=None, is_package=True)
        spec.submodule_search_locations = [str(_stubs_directory())]
        sys.modules[_PACKAGE] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{_PACKAGE}.{name}")


if TYPE_CHECKING:
    from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
else:
    plugin_pb2 = _load("plugin_pb2")
    provider_pb2 = _load("provider_pb2")
    provider_pb2_grpc = _load("provider_pb2_grpc")
    status_pb2 = _load("status_pb2")

__all__ = ["empty_pb2", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2", "struct_pb2"]
