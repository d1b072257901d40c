"""``python -m local_azure vm NAME -- CMD``: a command inside of a virtual machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from local_azure.instance import Instance
from local_azure.server.control import ControlClient, ControlError
from local_azure.vm.environment import inside

NOT_FOUND, _FAILED = 127, 1
_IN_DIRECTORY = ("/bin/sh", "-c", 'cd "$0" && exec "$@"')


def enter(instance: Instance, name: str, command: Sequence[str]) -> int:
    """Becomes the command; answers an exit status only where it could not."""
    try:
        entering, directory = ControlClient(instance.port).enter_machine(name)
    except ControlError as error:
        print(error, file=sys.stderr)
        return _FAILED
    environment = inside(instance, os.environ, Path(directory))
    if shutil.which(command[0], path=environment["PATH"]) is None:
        print(f"{command[0]}: command not found", file=sys.stderr)
        return NOT_FOUND
    sys.stdout.flush()
    arguments = [*entering, *_IN_DIRECTORY, str(Path.cwd()), *command]
    try:
        os.execvpe(arguments[0], arguments, environment)  # noqa: S606 - running the user's command is the purpose
    except OSError as error:
        print(f"{arguments[0]}: {error.strerror}", file=sys.stderr)
        return _FAILED
