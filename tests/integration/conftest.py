"""Fixtures: the real program in a directory of its own, and its stack."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local_azure.instance import Instance
from local_azure.plugin.install import install
from local_azure.server.control import ControlClient
from local_azure.stack.project import copy_program
from local_azure.stack.pulumi import Pulumi
from tests.integration.project import Project


@pytest.fixture
def project(instance: Instance, tmp_path: Path) -> Project:
    """The program with an empty stack, on a local Azure with nothing in it."""
    ControlClient(instance.port).reset()
    shutil.rmtree(instance.pulumi_backend, ignore_errors=True)
    instance.pulumi_backend.mkdir(mode=0o700)
    made = Project(copy_program(tmp_path / "program"), instance)
    install(instance.pulumi_home)
    Pulumi(made.directory, made.environment).select()
    return made
