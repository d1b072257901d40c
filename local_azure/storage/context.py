"""What a handler of the blob service is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Literal

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request, Response
from local_azure.core.world import World
from local_azure.entra.tokens import Claims
from local_azure.storage import containers
from local_azure.storage.accounts import Account
from local_azure.storage.containers import Container
from local_azure.storage.errors import StorageError
from local_azure.storage.sas import Grant
from local_azure.storage.state import BlobStore

ROOT = "$root"
_LONGEST_NAME = 1024


@dataclass(frozen=True)
class Target:
    """What a path names: the account, a container, or a blob."""

    container: str = ""
    blob: str | None = None

    @property
    def level(self) -> Literal["account", "container", "blob"]:
        """Which of the three it is."""
        if self.blob is not None:
            return "blob"
        return "container" if self.container else "account"


@dataclass(frozen=True)
class Caller:
    """Who asks, by what proved it. All None: nobody in particular."""

    has_key: bool = False
    claims: Claims | None = None
    grant: Grant | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing was brought that proves anything."""
        return not self.has_key and self.claims is None and self.grant is None


@dataclass(frozen=True)
class Context:
    """One authenticated and authorized request to one account."""

    world: World
    account: Account
    target: Target
    caller: Caller
    request: Request
    version: str

    @property
    def blobs(self) -> BlobStore:
        """The blobs of the world."""
        return BlobStore(self.world.store)

    @property
    def container(self) -> Container:
        """The container that is asked for. Raises StorageError 404."""
        return containers.require(self.world, self.account, self.target.container)

    @property
    def name(self) -> str:
        """The name of the blob that is asked for."""
        return self.target.blob or ""

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self.world.clock.timestamp()

    def header(self, name: str) -> str | None:
        """A header's value, or None where it is missing or empty."""
        return self.request.headers.get(name) or None

    def parameter(self, name: str) -> str | None:
        """A query parameter's value, or None where it is missing or empty."""
        return self.request.query.get(name) or None


Handler = Callable[[Context], Response]


def parse(path: str, *, restype: str | None) -> Target:
    """What the percent-decoded path names. Raises StorageError for a name that cannot be one."""
    first, slash, rest = path.removeprefix("/").partition("/")
    if not first:
        if slash and rest:
            raise StorageError(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
        return Target()
    if not slash or not rest:
        # Only a container is asked for as one; any other single name is a blob in the root container.
        return Target(first) if restype == "container" else Target(ROOT, first)
    if len(rest) > _LONGEST_NAME:
        raise StorageError(
            400, "OutOfRangeInput", "The specified resource name length is not within the permissible limits."
        )
    if any(character < " " for character in rest):
        raise StorageError(400, "InvalidUri", "The requested URI does not represent any resource on the server.")
    return Target(first, rest)


def http_date(timestamp: float) -> str:
    """As RFC 9110 writes times."""
    return format_datetime(datetime.fromtimestamp(timestamp, UTC), usegmt=True)


def not_played(context: Context, what: str) -> NotPlayed:
    """501 for a feature of blob storage."""
    return NotPlayed(f"{what} ({context.request.method} on a {context.target.level} of Azure Storage)")
