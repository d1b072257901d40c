"""Reading the configuration of the stack that the engine is running."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pulumi
import yaml
from pulumi.runtime import config as engine_config

from config.reading import parse
from config.settings import NAMESPACE, Settings

_SECRETS = ("vault.secrets", "importPassphrases")
"""Where secrets stand, and nothing but secrets."""


def load() -> Settings:
    """The settings of the running stack.

    Relative paths start at the project's directory. Raises :class:`~config.problems.ConfigurationError`.
    """
    values = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    secrets = {key for key in values if engine_config.is_config_secret(key)}
    secrets.update(engine_config.get_config_secret_keys_env())
    base = Path(pulumi.get_root_directory() or ".").resolve()
    file = f"Pulumi.{pulumi.get_stack()}.yaml"
    sections = {place.partition(".")[0] for place in _SECRETS}
    asked = any(values.get(f"{NAMESPACE}:{section}") for section in sections)
    plain = plain_secrets(base / file) if asked else frozenset()
    return parse(values, base, secret_keys=secrets, plain_secrets=plain, source=file)


def plain_secrets(file: Path) -> frozenset[str]:
    """What a stack's file has in plain text of what should be secret (``vault.secrets.NAME``).

    The engine marks a whole section as secret as soon as one value in it is, so it cannot say this itself. The
    configuration may come from elsewhere too, so a file that is not there is nobody's mistake here.
    """
    try:
        content = yaml.safe_load(file.read_bytes())
    except (OSError, yaml.YAMLError):
        return frozenset()
    written = _entry(content, "config")
    return frozenset(
        f"{place}.{name}" for place in _SECRETS for name, value in _entries(written, place) if not _is_secret(value)
    )


def _entries(written: object, place: str) -> Iterator[tuple[object, object]]:
    section, _, rest = place.partition(".")
    value = _entry(written, f"{NAMESPACE}:{section}")
    value = _entry(value, rest) if rest else value
    if isinstance(value, dict) and not _is_secret(value):
        yield from value.items()


def _is_secret(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secure"}


def _entry(mapping: object, name: str) -> object:
    return mapping.get(name) if isinstance(mapping, dict) else None
