"""One certificate, kept with its key: renewed at half of its life, minted again when it was refused."""

from __future__ import annotations

import logging
import threading

from .errors import ManagedIdentityError
from .minting import Binding, Mint
from .service_clock import ServiceClock
from .single_flight import SingleFlight

_log = logging.getLogger(__name__)
PAUSE_SECONDS = 300.0
"""After a renewal that failed while the certificate is still good, and between certificates that a resource refuses."""


class BindingCache:
    """Thread-safe; whatever the number of callers, one of them mints."""

    def __init__(self, mint: Mint, clock: ServiceClock) -> None:
        self._mint = mint
        self._clock = clock
        self._flights: SingleFlight[Binding] = SingleFlight()
        self._lock = threading.Lock()
        self._current: Binding | None = None
        self._renew_not_before = 0.0
        self._replaced_at = float("-inf")

    def get(self) -> Binding:
        """A certificate that is good. Raises ManagedIdentityError."""
        current, now = self._current, self._clock.now()
        if current is None or now >= current.valid_until:
            return self._flights.run("mint", lambda: self._minted(current, bypass_cache=False))
        due = now >= max(current.renew_at, self._renew_not_before)
        if due and not self._flights.is_running("mint"):
            return self._renewed(current)
        return current

    def replace(self, refused: Binding, *, at_most_every_few_minutes: bool = False) -> Binding:
        """Another certificate than this one, which was refused. Raises ManagedIdentityError."""
        if at_most_every_few_minutes and self._clock.now() < self._replaced_at + PAUSE_SECONDS:
            return refused
        self._replaced_at = self._clock.now()
        return self._flights.run("mint", lambda: self._minted(refused, bypass_cache=True))

    def _minted(self, outdated: Binding | None, *, bypass_cache: bool) -> Binding:
        with self._lock:
            # Somebody may have minted between the caller's look and its turn.
            if self._current is not None and self._current is not outdated:
                return self._current
        binding = self._mint.mint(bypass_cache=bypass_cache)
        with self._lock:
            self._current = binding
            return binding

    def _renewed(self, current: Binding) -> Binding:
        try:
            return self._flights.run("mint", lambda: self._minted(current, bypass_cache=False))
        except ManagedIdentityError as error:
            self._renew_not_before = self._clock.now() + PAUSE_SECONDS
            _log.warning("The certificate was not renewed, the old one is still good: %s", error.message)
            return current
