"""Reading the configuration of the stack that the engine is running."""

from __future__ import annotations

from pathlib import Path

import pulumi
import yaml
from pulumi.runtime import config as engine_config

from config.reading import parse
from config.settings import NAMESPACE, Settings

_VAULT = f"{NAMESPACE}:vault"


def load() -> Settings:
    """The settings of the running stack.

    Relative paths start at the project's directory. Raises :class:`~config.problems.ConfigurationError`.
    """
    values = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    secrets = {key for key in values if engine_config.is_config_secret(key)}
    secrets.update(engine_config.get_config_secret_keys_env())
    base = Path(pulumi.get_root_directory() or ".").resolve()
    file = f"Pulumi.{pulumi.get_stack()}.yaml"
    plain = plain_secrets(base / file) if values.get(_VAULT) else frozenset()
    return parse(values, base, secret_keys=secrets, plain_secrets=plain, source=file)


def plain_secrets(file: Path) -> frozenset[str]:
    """Names of the vault's secrets that a stack's file has in plain text; none where it says nothing of them.

    The engine marks a whole section as secret as soon as one value in it is, so it cannot say this itself. The
    configuration may come from elsewhere too, so a file that is not there is nobody's mistake here.
    """
    try:
        content = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError):
        return frozenset()
    secrets = _entry(_entry(_entry(content, "config"), _VAULT), "secrets")
    named = secrets.items() if isinstance(secrets, dict) else ()
    return frozenset(str(name) for name, value in named if not (isinstance(value, dict) and set(value) == {"secure"}))


def _entry(mapping: object, name: str) -> object:
    return mapping.get(name) if isinstance(mapping, dict) else None
