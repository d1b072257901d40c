"""Who signs in: azure-native's own settings, so that the program's look-ups are made by the same identity."""

from __future__ import annotations

from pulumi.runtime import config as engine_config

from data_plane.credentials import AZURE_NATIVE_SETTINGS


def azure_native() -> dict[str, str]:
    """The running stack's ``azure-native:`` settings about signing in, by their names there; secrets among them."""
    values = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    given = {name: values.get(f"azure-native:{name}") for name in AZURE_NATIVE_SETTINGS}
    return {name: str(value) for name, value in given.items() if value is not None}
