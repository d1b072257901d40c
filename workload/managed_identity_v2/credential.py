"""The credential: bound tokens for a machine's managed identity, cached, renewed before they end."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

from .attestation import AttestationProvider
from .binding_cache import BindingCache
from .binding_key import InMemoryKey, KeyProvider
from .errors import BindingNotOffered, CertificateRefused, ManagedIdentityError
from .identity import IdentitySelector
from .metadata_service import MetadataService
from .minting import Binding, Mint
from .service_clock import ServiceClock
from .single_flight import SingleFlight
from .token_cache import BoundToken, Cached, TokenCache
from .token_endpoint import TOKEN_TYPE, TokenEndpoint

__all__ = ["BoundToken", "ManagedIdentityV2Credential"]
_DEFAULT = "/.default"
_log = logging.getLogger(__name__)


class ManagedIdentityV2Credential:
    """A ``TokenCredential`` (azure-core) whose tokens are bound to a certificate. Thread-safe.

    Such a token is good only with the scheme ``mtls_pop`` and the certificate in TLS: clients need
    :class:`MtlsPopPolicy` and :class:`BoundTransport` as well, and fail with 401 without them.
    """

    def __init__(
        self,
        *,
        client_id: str | None = None,
        object_id: str | None = None,
        resource_id: str | None = None,
        keys: KeyProvider = InMemoryKey,
        attestation: AttestationProvider | None = None,
        allow_version_1: bool = False,
        metadata_service: MetadataService | None = None,
        clock: ServiceClock | None = None,
        **options: Any,
    ) -> None:
        """At most one of ``client_id``, ``object_id``, ``resource_id`` names a user-assigned identity.

        ``allow_version_1``: take an unbound bearer token where bound ones are not to be had. ``options`` are those of
        azure-core's transport, retry and proxy policies, for the token endpoint; none is for the metadata service.
        Raises ValueError.
        """
        self._clock = clock or ServiceClock()
        self._service = metadata_service or MetadataService(self._clock)
        self._selector = IdentitySelector(client_id, object_id, resource_id)
        self._allow_version_1 = allow_version_1
        mint = Mint(self._service, self._clock, keys, self._selector, attestation)
        self._bindings = BindingCache(mint, self._clock)
        self._endpoint = TokenEndpoint(**options)
        self._tokens = TokenCache()
        self._flights: SingleFlight[BoundToken] = SingleFlight()

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **kwargs: Any,
    ) -> AccessToken:
        """The token alone; :meth:`bound_token` has its certificate as well. An identity has one tenant only."""
        del tenant_id, enable_cae, kwargs
        found = self.bound_token(*scopes, claims=claims)
        return AccessToken(found.token, found.expires_on)

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The token with its type, ``mtls_pop``, or ``Bearer`` where version 1 was allowed and needed."""
        found = self.bound_token(*scopes, claims=(options or {}).get("claims"))
        return AccessTokenInfo(found.token, found.expires_on, token_type=found.token_type)

    def bound_token(self, *scopes: str, claims: str | None = None) -> BoundToken:
        """The token with its certificate.

        ``claims``: what a resource asked for with a 401; they take a new certificate first, as MSAL.NET's specification
        has it. Raises ManagedIdentityError, ValueError for anything but one scope ``<resource>/.default``.
        """
        scope = _one(scopes)
        if claims is not None:
            return self._flights.run((scope, claims), lambda: self._answer_to(scope, claims, None))
        cached, now = self._tokens.get(scope), self._clock.now()
        if cached is not None and now < cached.expires_at:
            if now < cached.refresh_at or self._flights.is_running(scope):
                return cached.token
            return self._refreshed(scope, cached)
        return self._flights.run(scope, lambda: self._current(scope, cached))

    def in_place_of(self, refused: BoundToken, scope: str, claims: str | None = None) -> BoundToken:
        """Another token than this one, which a resource did not take; ``claims``: what it asked for.

        It has a new certificate. A resource that says no more than that it does not take the token gets another one
        every few minutes at most, and the same one again meanwhile: it may take none at all. Raises
        ManagedIdentityError, ValueError.
        """
        scope = _one((scope,))
        return self._flights.run(("again", scope), lambda: self._again(scope, refused, claims))

    def close(self) -> None:
        """Closes the connections to the token endpoint; keys and certificates go with the object."""
        self._endpoint.close()

    def __enter__(self) -> ManagedIdentityV2Credential:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def _refreshed(self, scope: str, cached: Cached) -> BoundToken:
        try:
            return self._flights.run(scope, lambda: self._current(scope, cached))
        except ManagedIdentityError as error:
            _log.warning("The token was not refreshed, the old one is still good: %s", error.message)
            return cached.token

    def _current(self, scope: str, outdated: Cached | None) -> BoundToken:
        found = self._tokens.get(scope)
        if found is not None and found is not outdated:
            # Somebody got it between the caller's look and its turn.
            return found.token
        try:
            return self._acquired(scope, self._bindings.get(), None)
        except BindingNotOffered as error:
            return self._version_1(scope, error)

    def _again(self, scope: str, refused: BoundToken, claims: str | None) -> BoundToken:
        cached = self._tokens.get(scope)
        if cached is not None and cached.token is not refused:
            return cached.token
        if claims is not None:
            return self._answer_to(scope, claims, refused.binding)
        if refused.binding is None:
            return refused
        try:
            binding = self._bindings.replace(refused.binding, at_most_every_few_minutes=True)
            return refused if binding is refused.binding else self._acquired(scope, binding, None)
        except BindingNotOffered as error:
            return self._version_1(scope, error)

    def _answer_to(self, scope: str, claims: str, refused: Binding | None) -> BoundToken:
        try:
            return self._acquired(scope, self._bindings.replace(refused or self._bindings.get()), claims)
        except BindingNotOffered as error:
            return self._version_1(scope, error)

    def _acquired(self, scope: str, binding: Binding, claims: str | None) -> BoundToken:
        try:
            issued = self._endpoint.token(binding, scope, claims)
        except CertificateRefused as error:
            _log.info("%s; asking once more with a new certificate", error.message)
            binding = self._bindings.replace(binding)
            issued = self._endpoint.token(binding, scope, claims)
        return self._kept(scope, issued.token, TOKEN_TYPE, issued.lifetime_seconds, binding)

    def _version_1(self, scope: str, error: BindingNotOffered) -> BoundToken:
        if not self._allow_version_1:
            raise error
        _log.warning("Falling back to a bearer token, as allowed: %s", error.message)
        resource = scope.removesuffix(_DEFAULT)
        token, lifetime_seconds = self._service.bearer_token(self._selector.query("msi_res_id"), resource)
        return self._kept(scope, token, "Bearer", lifetime_seconds, None)

    def _kept(self, scope: str, token: str, kind: str, lifetime_seconds: int, binding: Binding | None) -> BoundToken:
        now = self._clock.now()
        if binding is not None:
            # Without its certificate the token is worth nothing.
            lifetime_seconds = max(0, min(lifetime_seconds, int(binding.valid_until - now)))
        bound = BoundToken(token, kind, int(time.time()) + lifetime_seconds, binding)
        self._tokens.put(scope, Cached.received(bound, now, lifetime_seconds))
        return bound


def _one(scopes: tuple[str, ...]) -> str:
    if len(scopes) != 1 or not scopes[0].endswith(_DEFAULT) or scopes[0] == _DEFAULT:
        raise ValueError("A managed identity's token is for exactly one scope, of the form <resource>/.default.")
    # MSAL.NET takes one slash from the resource's end: https://vault.azure.net/ and https://vault.azure.net are one.
    return scopes[0].removesuffix(_DEFAULT).rstrip("/") + _DEFAULT
