"""Reading a stack's configuration where no engine runs: from its file, without what only the engine can decrypt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from config.problems import ConfigurationError, Problem
from config.reading import parse
from config.settings import NAMESPACE, Settings

_PASSPHRASES: Final = f"{NAMESPACE}:importPassphrases"
_VAULT: Final = f"{NAMESPACE}:vault"
_AZURE_NATIVE: Final = "azure-native:"


class StackFileError(ConfigurationError):
    """The file itself cannot be read. ``str()`` is one line."""

    def __str__(self) -> str:
        return str(self.problems[0])


@dataclass(frozen=True)
class StackFile:
    """What a stack's file says."""

    settings: Settings
    """Without ``vault.secrets`` and ``importPassphrases``."""
    azure_native: Mapping[str, str]
    """azure-native's own settings by their names there, those in plain text."""
    left_out: tuple[str, ...]
    """Of these, what is there and was not read."""


def read_stack(directory: Path, stack: str) -> StackFile:
    """The stack's file in the project's directory.

    Raises StackFileError where it cannot be read, ConfigurationError where what it says is wrong.
    """
    file = directory / f"Pulumi.{stack}.yaml"
    values = _values(file)
    read = {key: value for key, value in values.items() if key != _PASSPHRASES}
    vault = values.get(_VAULT)
    if isinstance(vault, dict):
        read[_VAULT] = {key: value for key, value in vault.items() if key != "secrets"}
    has_secrets = isinstance(vault, dict) and "secrets" in vault
    left_out = {f"{_VAULT}.secrets": has_secrets, _PASSPHRASES: _PASSPHRASES in values}
    return StackFile(
        settings=parse(read, directory, source=file.name),
        azure_native={
            # As the engine hands it over: true, not True.
            key.removeprefix(_AZURE_NATIVE): str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in values.items()
            if key.startswith(_AZURE_NATIVE) and isinstance(value, str | bool | int)
        },
        left_out=tuple(key for key, is_there in left_out.items() if is_there),
    )


def _values(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise _refused(file, f"{error.strerror} — run it in the project's directory, and name a stack") from None
    except yaml.YAMLError as error:
        raise _refused(file, f"is no YAML: {' '.join(str(error).split())}") from None
    values = content.get("config") if isinstance(content, dict) else None
    if not isinstance(values, dict):
        raise _refused(file, "has no section config")
    return {str(key): value for key, value in values.items()}


def _refused(file: Path, why: str) -> StackFileError:
    return StackFileError([Problem(str(file), why)])
