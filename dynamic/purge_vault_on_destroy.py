"""Purges the vault after a destroy has soft-deleted it: ``onDestroy: purge`` of the vault.

ARM's DELETE of a vault only soft-deletes it, which holds its name, with every secret that was in it. The vault depends
on this resource, so the engine deletes the vault first and this afterwards. While the vault lives, deleting this does
nothing.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, Resource

from dynamic.base import Props, inputs_of, one_line, tell
from dynamic.purging import PurgeArgs, PurgingProvider


class PurgeVaultOnDestroyProvider(PurgingProvider):
    """Does nothing but purge, when it is deleted."""

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Makes nothing. Raises ConflictError where a soft-deleted vault has the name: that one is somebody else's."""
        from data_plane import deleted_vault, session

        inputs = inputs_of(props)
        wanted = inputs["subscription_id"], inputs["location"], inputs["name"]
        deleted_vault.refuse_deleted(session.current(), *wanted)
        return CreateResult("/".join(wanted), inputs)

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Purges the soft-deleted vault; done where there is none. Raises DataPlaneError."""
        from data_plane import deleted_vault, session

        path = deleted_vault.path_of(_props["subscription_id"], _props["location"], _props["name"])
        deleted_vault.purge(session.current(), path, say=tell)


class PurgeVaultOnDestroy(Resource, module="mhsm", name="PurgeVaultOnDestroy"):
    """The promise to purge the vault when the stack is destroyed."""

    def __init__(self, name: str, args: PurgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs: dict[str, Any] = asdict(args)
        super().__init__(PurgeVaultOnDestroyProvider(), name, inputs, opts)
