"""Tokens, each with the certificate that it is bound to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from .minting import Binding

REFRESH_SECONDS = 300.0
"""Before a token's end."""
_LONG_LIFE_SECONDS = 7200.0
"""Tokens that live this long are refreshed at half of their life, as MSAL does."""


@dataclass(frozen=True)
class BoundToken:
    """A token and what it takes to use it."""

    token: str = field(repr=False)
    token_type: str
    """``mtls_pop``, or ``Bearer`` where version 1 was allowed and needed."""
    expires_on: int
    """Unix time by this machine's clock, as azure-core wants it."""
    binding: Binding | None
    """The certificate to show; None with a bearer token."""


@dataclass(frozen=True)
class Cached:
    """A token with its times by the service's clock, in seconds since 1970."""

    token: BoundToken
    expires_at: float
    refresh_at: float

    @classmethod
    def received(cls, token: BoundToken, now: float, lifetime_seconds: float) -> Cached:
        """A token that has come just now."""
        early = lifetime_seconds / 2 if lifetime_seconds >= _LONG_LIFE_SECONDS else lifetime_seconds - REFRESH_SECONDS
        return cls(token, now + lifetime_seconds, now + max(early, lifetime_seconds / 2))


class TokenCache:
    """By scope. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: dict[str, Cached] = {}

    def get(self, scope: str) -> Cached | None:
        """The last token, whatever its age."""
        with self._lock:
            return self._cached.get(scope)

    def put(self, scope: str, cached: Cached) -> None:
        """Keeps a token."""
        with self._lock:
            self._cached[scope] = cached
