"""Reading the configuration of the stack that the engine is running."""

from __future__ import annotations

from pathlib import Path

import pulumi
from pulumi.runtime import config as engine_config

from config.reading import parse
from config.settings import Settings


def load() -> Settings:
    """The settings of the running stack.

    Relative paths start at the project's directory. Raises :class:`~config.problems.ConfigurationError`.
    """
    values = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    secrets = {key for key in values if engine_config.is_config_secret(key)}
    secrets.update(engine_config.get_config_secret_keys_env())
    base = Path(pulumi.get_root_directory() or ".").resolve()
    return parse(values, base, secret_keys=secrets, source=f"Pulumi.{pulumi.get_stack()}.yaml")
