"""What a handler of the data plane is given, and how a route says what it asks of its caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_azure.core.http import Origin, Request, Response
from local_azure.core.world import World
from local_azure.managed_hsm.built_in_roles import ACTION_PREFIX as ACTION_PREFIX
from local_azure.managed_hsm.pools import Pool


@dataclass(frozen=True)
class Caller:
    """Who a verified access token speaks for."""

    object_id: str
    """Of the user, service principal or managed identity (claim ``oid``)."""
    groups: frozenset[str]
    """Object ids of every group that it is in, through other groups too."""
    application_id: str
    tenant_id: str
    origin: Origin
    is_global_administrator: bool = False
    """Whether the caller administers the whole tenant (claim ``wids``)."""

    @property
    def principal_ids(self) -> frozenset[str]:
        """Object ids whose role assignments are the caller's, in lower case."""
        return frozenset(identifier.lower() for identifier in (self.object_id, *self.groups))


@dataclass(frozen=True)
class HsmRequest:
    """One authenticated request to one pool; ``request.parameters`` holds what the route's placeholders matched."""

    world: World
    pool: Pool
    caller: Caller
    request: Request

    @property
    def base_url(self) -> str:
        """``https://<host>`` as the caller wrote it, without a slash at the end: identifiers in answers begin so."""
        return f"https://{self.request.headers.get('host') or self.request.host}"

    @property
    def data_key(self) -> str:
        """Prefix of the keys of all documents that belong to this pool: ``<instance_id>/``."""
        return f"{self.pool.instance_id}/"


HsmHandler = Callable[[HsmRequest], Response]


@dataclass(frozen=True)
class HsmRoute:
    """One operation of the data plane.

    ``path`` is in the router's notation (``/keys/{key_name}/{key_version}/sign``). Before ``handler`` is called the
    service has checked the token, the api-version, the activation (unless ``before_activation``), and that the caller
    may do ``data_action`` at ``scope``.
    """

    method: str
    path: str
    data_action: str | Callable[[HsmRequest], str] | None
    """The full data action; a function where it depends on the request; None where the handler itself decides,
    with :func:`local_azure.managed_hsm.authorization.require`."""
    scope: str
    """A template over the placeholders: ``/``, ``/keys`` or ``/keys/{key_name}``."""
    handler: HsmHandler
    before_activation: bool = False
    """Whether a pool that is not activated answers it: the security domain only."""
    without_version: bool = False
    """Whether it is answered without an api-version too."""
    while_restoring: bool = False
    """Whether a pool answers it while all of it is restored from a backup."""

    def scope_of(self, request: Request) -> str:
        """The scope of this very request."""
        return self.scope.format_map(request.parameters)
