"""One credential and few clients for the life of the process.

A client belongs to one thread: the SDKs' challenge policy keeps its token on itself and forgets it in the middle of
a request, which two threads at once do not survive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from data_plane.credentials import Identity, Principal, SerialisedCredential, credential, identity, principal
from data_plane.errors import CredentialError, mapped

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.rest import HttpRequest, HttpResponse
    from azure.keyvault.administration import KeyVaultAccessControlClient, KeyVaultBackupClient, KeyVaultSettingsClient
    from azure.keyvault.keys import KeyClient
    from azure.keyvault.securitydomain import SecurityDomainClient
    from azure.mgmt.core import ARMPipelineClient


class Closable(Protocol):
    """What holds connections."""

    def close(self) -> None:
        """Gives them up."""


Client = TypeVar("Client", bound=Closable)

_STORAGE_SCOPE: Final = "https://storage.azure.com/.default"
"""Of every storage account ("Authorize access to blobs using Microsoft Entra ID")."""

_PIPELINE: Final[dict[str, Any]] = {
    # Ten retries, the SDK's default, hide a failure for minutes.
    "retry_total": 6,
    "retry_connect": 2,
    "retry_read": 3,
    "retry_backoff_factor": 0.5,
    "retry_backoff_max": 20,
    "connection_timeout": 20,
    "read_timeout": 120,
}


class Session:
    """Clients for one identity. Thread-safe."""

    def __init__(self, chosen: Identity | None = None) -> None:
        """Signs in as ``chosen``, or as the environment says; not before the first request."""
        self._chosen = chosen
        self._lock = threading.Lock()
        self._credential: SerialisedCredential | None = None
        self._principal: Principal | None = None
        self._clients = threading.local()
        self._made: list[Closable] = []

    @property
    def identity(self) -> Identity:
        """Who signs in. Raises CredentialError for settings that are incomplete."""
        with self._lock:
            if self._chosen is None:
                self._chosen = identity()
            return self._chosen

    @property
    def credential(self) -> SerialisedCredential:
        """The credential of this process."""
        chosen = self.identity
        with self._lock:
            if self._credential is None:
                self._credential = credential(chosen)
            return self._credential

    def close(self) -> None:
        """Closes the connections of every client; a client that is used again opens its own."""
        with self._lock:
            made, self._made = self._made, []
        for client in made:
            client.close()

    def principal(self) -> Principal:
        """Whom the requests speak for. Raises CredentialError."""
        if self._principal is None:
            self._principal = principal(self.credential, self.identity.cloud.hsm_scope)
        return self._principal

    def keys(self, hsm_uri: str) -> KeyClient:
        """The key client of a pool."""
        from azure.keyvault.keys import KeyClient

        return self._client("keys", hsm_uri, lambda: KeyClient(_address(hsm_uri), self.credential, **_PIPELINE))

    def access(self, hsm_uri: str) -> KeyVaultAccessControlClient:
        """The client for local roles of a pool."""
        from azure.keyvault.administration import KeyVaultAccessControlClient

        return self._client(
            "access", hsm_uri, lambda: KeyVaultAccessControlClient(_address(hsm_uri), self.credential, **_PIPELINE)
        )

    def settings(self, hsm_uri: str) -> KeyVaultSettingsClient:
        """The client for settings of a pool."""
        from azure.keyvault.administration import KeyVaultSettingsClient

        return self._client(
            "settings", hsm_uri, lambda: KeyVaultSettingsClient(_address(hsm_uri), self.credential, **_PIPELINE)
        )

    def backup(self, hsm_uri: str) -> KeyVaultBackupClient:
        """The client for full backups and restores of a pool."""
        from azure.keyvault.administration import KeyVaultBackupClient

        return self._client(
            "backup", hsm_uri, lambda: KeyVaultBackupClient(_address(hsm_uri), self.credential, **_PIPELINE)
        )

    def security_domain(self, hsm_uri: str) -> SecurityDomainClient:
        """The security-domain client of a pool."""
        from azure.keyvault.securitydomain import SecurityDomainClient

        return self._client(
            "security domain", hsm_uri, lambda: SecurityDomainClient(_address(hsm_uri), self.credential, **_PIPELINE)
        )

    def storage(self, account_url: str) -> PipelineClient[HttpRequest, HttpResponse]:
        """The client for the blobs of a storage account, ``https://<account>.blob.core.windows.net``."""
        return self._client("storage", account_url, lambda: self._storage(account_url))

    def resource_manager_get(self, path: str, api_version: str) -> Any:
        """GET from ARM: the resource as JSON. Raises DataPlaneError, NotFoundError among them."""
        return self._resource_manager("GET", path, api_version).json()

    def resource_manager_list(self, path: str, api_version: str) -> list[Any]:
        """GET from ARM: a list, all its pages. Raises DataPlaneError."""
        page = self.resource_manager_get(path, api_version)
        found = list(page.get("value") or ())
        base = self.identity.cloud.resource_manager
        while following := str(page.get("nextLink") or ""):
            page = self.resource_manager_follow(following.removeprefix(base))
            found += page.get("value") or ()
        return found

    def resource_manager_follow(self, path: str) -> Any:
        """GET of a list's next page, whose path says its api-version itself. Raises DataPlaneError."""
        return self._resource_manager("GET", path, None).json()

    def resource_manager_post(self, path: str, api_version: str) -> None:
        """POST to ARM without a body: the beginning of an operation. Raises DataPlaneError."""
        self._resource_manager("POST", path, api_version)

    def resource_manager_ask(self, path: str, api_version: str, body: Mapping[str, Any]) -> Any:
        """POST to ARM: a question that changes nothing, its answer as JSON. Raises DataPlaneError."""
        return self._resource_manager("POST", path, api_version, body).json()

    def resource_manager_put(self, path: str, api_version: str, body: Mapping[str, Any]) -> None:
        """PUT to ARM: the beginning of an operation. Raises DataPlaneError."""
        self._resource_manager("PUT", path, api_version, body)

    def resource_manager_patch(self, path: str, api_version: str, body: Mapping[str, Any]) -> None:
        """PATCH to ARM: the beginning of an operation. Raises DataPlaneError."""
        self._resource_manager("PATCH", path, api_version, body)

    def resource_manager_delete(self, path: str, api_version: str) -> None:
        """DELETE in ARM: the beginning of an operation. Raises DataPlaneError."""
        self._resource_manager("DELETE", path, api_version)

    def _resource_manager(
        self, method: str, path: str, api_version: str | None, body: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        from azure.core.rest import HttpRequest

        base = self.identity.cloud.resource_manager
        client: ARMPipelineClient[HttpRequest, HttpResponse] = self._client("arm", base, lambda: self._arm(base))
        with mapped(path):
            separator = "&" if "?" in path else "?"
            address = f"{base}{path}" if api_version is None else f"{base}{path}{separator}api-version={api_version}"
            response = client.send_request(HttpRequest(method, address, json=body))
            response.raise_for_status()
            return response

    def _arm(self, base: str) -> ARMPipelineClient[HttpRequest, HttpResponse]:
        from azure.core.pipeline import policies
        from azure.mgmt.core import ARMPipelineClient
        from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy, ARMHttpLoggingPolicy

        return ARMPipelineClient(
            base,
            policies=[
                policies.RequestIdPolicy(),
                policies.HeadersPolicy(),
                policies.UserAgentPolicy("managed-hsm"),
                policies.ProxyPolicy(),
                policies.ContentDecodePolicy(),
                policies.RetryPolicy(**_PIPELINE),
                ARMChallengeAuthenticationPolicy(self.credential, f"{base}/.default"),
                ARMHttpLoggingPolicy(),
            ],
            connection_timeout=_PIPELINE["connection_timeout"],
            read_timeout=_PIPELINE["read_timeout"],
        )

    def _storage(self, account_url: str) -> PipelineClient[HttpRequest, HttpResponse]:
        from azure.core import PipelineClient
        from azure.core.pipeline import policies

        return PipelineClient(
            account_url,
            policies=[
                policies.RequestIdPolicy(),
                policies.HeadersPolicy(),
                policies.UserAgentPolicy("managed-hsm"),
                policies.ProxyPolicy(),
                policies.RetryPolicy(**_PIPELINE),
                policies.BearerTokenCredentialPolicy(self.credential, _STORAGE_SCOPE),
            ],
            connection_timeout=_PIPELINE["connection_timeout"],
            read_timeout=_PIPELINE["read_timeout"],
        )

    def _client(self, kind: str, address: str, make: Callable[[], Client]) -> Client:
        clients: dict[tuple[str, str], Any] = self._clients.__dict__.setdefault("made", {})
        key = (kind, _address(address))
        if key not in clients:
            try:
                made = make()
            except ValueError as error:
                raise CredentialError(f"{address}: {error}") from None
            clients[key] = made
            with self._lock:
                self._made.append(made)
        client: Client = clients[key]
        return client


def _address(hsm_uri: str) -> str:
    """In lower case: the SDKs remember a pool's challenge by its host as written, the service answers in lower case."""
    return hsm_uri.rstrip("/").lower()


class _Process:
    """What the process shares."""

    lock: Final = threading.Lock()
    session: Session | None = None
    chosen: Identity | None = None


def use(chosen: Identity) -> None:
    """Makes the process sign in as ``chosen`` from now on."""
    with _Process.lock:
        if _Process.chosen != chosen:
            _Process.chosen, _Process.session = chosen, Session(chosen)


def current() -> Session:
    """The session of the process; the environment says who signs in unless :func:`use` did."""
    with _Process.lock:
        if _Process.session is None:
            _Process.session = Session(_Process.chosen)
        return _Process.session


def forget() -> None:
    """Signs out: the next :func:`current` begins anew. For tests, and after the environment has changed."""
    with _Process.lock:
        left, _Process.session, _Process.chosen = _Process.session, None, None
    if left is not None:
        left.close()
