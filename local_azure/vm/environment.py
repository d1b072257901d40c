"""The environment of a command that a person runs in a machine. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local_azure.instance import Instance

_PROXIES = frozenset(
    name for each in ("http_proxy", "https_proxy", "no_proxy", "all_proxy") for name in (each, each.upper())
)
_CREDENTIALS = ("AZURE_CLIENT_", "AZURE_TENANT_ID", "ARM_CLIENT_", "ARM_TENANT_ID")


def inside(instance: Instance, base: Mapping[str, str], directory: Path) -> dict[str, str]:
    """``base`` for use inside of a machine.

    No proxy: the machine has its own network. No credentials, so that the machine's identity is what clients find;
    those of this local Azure stay where the caller has them set already (``exec -- … vm NAME -- …``). The engine, its
    state and the certificates are as for ``exec``; ``az`` has a configuration of the machine's own.
    """
    set_to, removed = instance.variables(base)
    given = {
        name: value for name, value in set_to.items() if not name.startswith(_CREDENTIALS) or base.get(name) == value
    }
    kept = {name: value for name, value in base.items() if name not in removed and name not in set_to}
    found = {name: value for name, value in {**kept, **given}.items() if name not in _PROXIES}
    return {**found, "AZURE_CONFIG_DIR": str(directory / "azure-cli")}
