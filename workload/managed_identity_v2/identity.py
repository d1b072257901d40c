"""Which of a machine's managed identities is meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class IdentitySelector:
    """At most one of them; none is the system-assigned identity, or the only user-assigned one."""

    client_id: str | None = None
    object_id: str | None = None
    resource_id: str | None = None
    """ARM id of a user-assigned identity."""

    def __post_init__(self) -> None:
        if sum(value is not None for value in (self.client_id, self.object_id, self.resource_id)) > 1:
            raise ValueError("Only one of client_id, object_id and resource_id may be given.")
        if "" in (self.client_id, self.object_id, self.resource_id):
            raise ValueError("An identity's client_id, object_id or resource_id must not be empty.")

    def query(self, resource_id_name: str) -> dict[str, str]:
        """As the metadata service's query has it.

        ``resource_id_name``: ``mi_res_id`` for certificates (MSAL.NET, ``ImdsManagedIdentitySource.cs``),
        ``msi_res_id`` for version 1 ("How to use managed identities … to acquire an access token").
        """
        named = {"client_id": self.client_id, "object_id": self.object_id, resource_id_name: self.resource_id}
        return {name: value for name, value in named.items() if value is not None}
