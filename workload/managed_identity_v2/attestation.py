"""Attestation: somebody who vouches for the key, where the platform has one."""

from __future__ import annotations

from typing import Protocol

from .binding_key import BindingKey


class AttestationProvider(Protocol):
    """Gets a token of Azure Attestation that says that the key is guarded by the platform."""

    def attest(self, endpoint: str, client_id: str, key: BindingKey) -> str:
        """A JSON Web Token. ``endpoint``: the attestation service that the metadata service trusts (https)."""
