"""One key of a pool, driven through its provider as the engine drives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from azure.keyvault.keys import KeyClient
from pulumi.dynamic import DiffResult

from data_plane import session
from data_plane.pool import Pool
from dynamic.base import Props
from dynamic.key import KeyProvider
from tests.unit.data_plane.support import pool_props


@dataclass
class Managed:
    """The key ``mykey`` and its state."""

    pool: Pool
    provider: KeyProvider = field(default_factory=KeyProvider)
    id: str = ""
    outs: Props = field(default_factory=dict)
    inputs: Props = field(default_factory=dict)
    """As the state has them: what the program said last, or what a refresh saw."""

    def checked(self, **changes: Any) -> Props:
        """What a program's inputs become; elliptic unless something else is said."""
        kind = {"key_type": "EC-HSM", "curve": "P-256"} if "key_type" not in changes else {}
        given = {**pool_props(self.pool), "key_name": "mykey", **kind, **changes}
        checked = self.provider.check(self.inputs, {name: value for name, value in given.items() if value is not None})
        assert checked.failures == []
        return checked.inputs

    def failures(self, **changes: Any) -> list[str]:
        """Why a program's inputs are refused."""
        kind = {"key_type": "EC-HSM", "curve": "P-256"} if "key_type" not in changes else {}
        given = {**pool_props(self.pool), "key_name": "mykey", **kind, **changes}
        checked = self.provider.check(self.inputs, {name: value for name, value in given.items() if value is not None})
        return [failure.reason for failure in checked.failures]

    def preview(self, **changes: Any) -> DiffResult:
        """What ``up`` would do."""
        return self.provider.diff(self.id, self.outs, self.checked(**changes))

    def up(self, **changes: Any) -> Props:
        """Makes the key, or changes it where there is a difference; answers its outputs."""
        inputs = self.checked(**changes)
        if not self.id:
            made = self.provider.create({**inputs, "__provider": "x"})
            assert made.outs is not None
            self.id, self.outs = made.id, made.outs
        elif (difference := self.provider.diff(self.id, self.outs, inputs)).changes:
            assert difference.replaces == []
            updated = self.provider.update(self.id, self.outs, inputs).outs
            assert updated is not None
            self.outs = updated
        self.inputs = inputs
        return self.outs

    def refresh(self) -> list[str]:
        """Reads the key; answers what was changed outside of the stack."""
        read = self.provider.read(self.id, {**self.outs, "__provider": "x"})
        assert read.outs is not None
        assert read.inputs is not None
        self.outs, self.inputs = read.outs, read.inputs
        return list(read.outs.get("drift") or [])

    @property
    def client(self) -> KeyClient:
        """The SDK's client of the pool: somebody's hand."""
        return session.current().keys(self.pool.uri)

    @property
    def versions(self) -> list[str]:
        """As the pool lists them, the oldest first."""
        found = self.client.list_properties_of_key_versions("mykey")
        return [str(each.version) for each in sorted(found, key=lambda each: each.created_on or 0)]
