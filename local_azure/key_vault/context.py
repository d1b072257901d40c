"""What a handler of a vault's data plane is given, and how a route says what it asks of its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_azure.core.http import Origin, Request, Response
from local_azure.core.world import World
from local_azure.key_vault.vaults import Vault


@dataclass(frozen=True)
class Caller:
    """Who a verified access token speaks for."""

    object_id: str
    groups: frozenset[str]
    """Object ids of every group that it is in, through other groups too."""
    application_id: str
    issuer: str
    is_user: bool
    origin: Origin

    @property
    def principal_ids(self) -> frozenset[str]:
        """Object ids whose permissions are the caller's, in lower case."""
        return frozenset(identifier.lower() for identifier in (self.object_id, *self.groups))

    def described(self, *, groups: bool = False) -> str:
        """As refusals name the caller; the number of groups is told of users."""
        count = f"numgroups={len(self.groups)};" if groups and self.is_user else ""
        return f"appid={self.application_id};oid={self.object_id};{count}iss={self.issuer}"


@dataclass(frozen=True)
class VaultRequest:
    """One authenticated request to one vault; ``request.parameters`` holds what the route's placeholders matched."""

    world: World
    vault: Vault
    caller: Caller
    request: Request

    @property
    def base_url(self) -> str:
        """``https://<vault>.vault.azure.net``, by whichever name the caller came: identifiers begin so."""
        return f"https://{self.vault.name.lower()}.vault.azure.net"


@dataclass(frozen=True)
class VaultRoute:
    """One operation on secrets.

    The service has checked token, firewall, api-version and permission before ``handler`` is called.
    """

    method: str
    path: str
    permission: str
    """What an access policy calls it: ``get``."""
    data_action: str
    """What Azure RBAC calls it, without the provider: ``secrets/getSecret/action``."""
    handler: Callable[[VaultRequest], Response]
