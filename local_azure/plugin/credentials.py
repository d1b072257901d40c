"""Access tokens: one way to sign in, chosen by what is configured, in azure-native's order.

The SDKs' default chain, client certificate, client secret, OIDC, managed identity, else ``az login``. Secrets and
federated assertions are two small forms of one request (RFC 6749 section 4.4, RFC 7521 section 4.2), sent from here;
what takes more than that is left to azure-identity, which costs a third of a second to import.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from local_azure.plugin.clouds import Cloud
from local_azure.plugin.configuration import Configuration
from local_azure.plugin.errors import ConfigurationError, CredentialError
from local_azure.plugin.transport import Http

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_REFRESH_BEFORE_SECONDS = 300.0
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OIDC_AUDIENCE = "api://AzureADTokenExchange"


@dataclass(frozen=True)
class Token:
    """An access token."""

    text: str = field(repr=False)
    expires_at: float
    """Seconds since 1970."""


GetToken = Callable[[str], Token]
"""Gets a token for a scope, from the network."""


class Credential:
    """Tokens by scope, kept until shortly before they expire. Thread-safe: one sign-in at a time."""

    def __init__(self, get_token: GetToken) -> None:
        self._get_token = get_token
        self._tokens: dict[str, Token] = {}
        self._lock = threading.Lock()

    def token(self, scope: str) -> str:
        """A valid token. Raises CredentialError where sign-in fails."""
        with self._lock:
            token = self._tokens.get(scope)
            if token is None or token.expires_at - _REFRESH_BEFORE_SECONDS < time.time():
                token = self._tokens[scope] = self._get_token(scope)
            return token.text

    def forget(self, scope: str, text: str) -> None:
        """Drops the token, which a service has refused."""
        with self._lock:
            if scope in self._tokens and self._tokens[scope].text == text:
                del self._tokens[scope]


def configured_credential(configuration: Configuration, cloud: Cloud, transport: Http) -> Credential:
    """The credential that the configuration describes.

    Raises ConfigurationError where part of it is missing, CredentialError where it cannot be used.
    """
    authority = cloud.authority
    if configuration.is_on("useDefaultAzureCredential"):
        return Credential(_with_default_chain(configuration, authority))
    if path := configuration.text("clientCertificatePath"):
        return Credential(_with_certificate(configuration, authority, path))
    if secret := configuration.text("clientSecret"):
        return Credential(
            _with_form(configuration, authority, transport, "a client secret", lambda: {"client_secret": secret})
        )
    if configuration.is_on("useOidc"):
        assertion = _assertion_source(configuration, transport)
        return Credential(
            _with_form(
                configuration,
                authority,
                transport,
                "OIDC",
                lambda: {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion()},
            )
        )
    if configuration.is_on("useMsi"):
        return Credential(_with_managed_identity(configuration))
    return Credential(_with_azure_cli(configuration))


def _with_form(
    configuration: Configuration,
    authority: str,
    transport: Http,
    way: str,
    proof: Callable[[], Mapping[str, str]],
) -> GetToken:
    purpose = f"signing in with {way}"
    tenant, client = configuration.required("tenantId", purpose), configuration.required("clientId", purpose)

    def get(scope: str) -> Token:
        form = {"grant_type": "client_credentials", "client_id": client, "scope": scope, **proof()}
        answer = transport.request(
            "POST",
            f"{authority}/{tenant}/oauth2/v2.0/token",
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            urlencode(form).encode(),
        )
        body = answer.json()
        if answer.status != 200 or "access_token" not in body:
            reason = body.get("error_description") or body.get("error") or f"status {answer.status}"
            raise CredentialError(f"Entra ID refused {way} of client {client} in tenant {tenant}: {reason}")
        return Token(body["access_token"], time.time() + float(body.get("expires_in", 0)))

    return get


def _assertion_source(configuration: Configuration, transport: Http) -> Callable[[], str]:
    if token := configuration.text("oidcToken"):
        return lambda: token
    if path := configuration.text("oidcTokenFilePath"):
        return lambda: _read_assertion(path)
    url, bearer = configuration.text("oidcRequestUrl"), configuration.text("oidcRequestToken")
    if url and bearer:
        audience = configuration.text("oidcAudience") or _OIDC_AUDIENCE
        return lambda: _request_assertion(transport, url, bearer, audience)
    raise ConfigurationError(
        "signing in with OIDC needs azure-native:oidcToken (ARM_OIDC_TOKEN), azure-native:oidcTokenFilePath"
        " (ARM_OIDC_TOKEN_FILE_PATH), or a request URL and token (ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN)"
    )


def _read_assertion(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise CredentialError(f"cannot read the OIDC token {path}: {error.strerror}") from error


def _request_assertion(transport: Http, url: str, bearer: str, audience: str) -> str:
    parts = urlsplit(url)
    query = urlencode({**dict(parse_qsl(parts.query)), "audience": audience})
    answer = transport.request(
        "GET",
        urlunsplit(parts._replace(query=query)),
        {"Authorization": f"Bearer {bearer}", "Accept": "application/json"},
    )
    token = answer.json().get("value")
    if answer.status != 200 or not isinstance(token, str):
        raise CredentialError(f"{parts.hostname} gave no OIDC token: status {answer.status}")
    return token


def _with_certificate(configuration: Configuration, authority: str, path: str) -> GetToken:
    purpose = "signing in with a client certificate"
    tenant, client = configuration.required("tenantId", purpose), configuration.required("clientId", purpose)
    password = configuration.text("clientCertificatePassword")

    def make() -> TokenCredential:
        from azure.identity import CertificateCredential

        try:
            return CertificateCredential(tenant, client, path, password=password, authority=authority)
        except OSError as error:
            raise CredentialError(f"cannot read the client certificate {path}: {error.strerror}") from error
        # TypeError: the key is encrypted, and no passphrase was given.
        except (TypeError, ValueError) as error:
            raise CredentialError(f"the client certificate {path} cannot be used: {error}") from error

    return _with_azure_identity(make, f"the client certificate of client {client} in tenant {tenant}")


def _with_default_chain(configuration: Configuration, authority: str) -> GetToken:
    configuration.required("subscriptionId", "signing in by the default chain")

    def make() -> TokenCredential:
        from azure.identity import DefaultAzureCredential

        # What azidentity's chain for Go does not have.
        absent = ("shared_token_cache", "visual_studio_code", "powershell", "broker")
        excluded = {f"exclude_{link}_credential": True for link in absent}
        try:
            return DefaultAzureCredential(authority=authority, **excluded)
        except ValueError as error:
            raise CredentialError(f"the default chain cannot be used: {error}") from error

    return _with_azure_identity(make, "the default chain")


def _with_managed_identity(configuration: Configuration) -> GetToken:
    client = configuration.text("clientId")

    def make() -> TokenCredential:
        from azure.identity import ManagedIdentityCredential

        return ManagedIdentityCredential(client_id=client) if client else ManagedIdentityCredential()

    return _with_azure_identity(make, "the managed identity")


def _with_azure_cli(configuration: Configuration) -> GetToken:
    tenant = configuration.text("tenantId")

    def make() -> TokenCredential:
        from azure.identity import AzureCliCredential

        return AzureCliCredential(tenant_id=tenant or "")

    return _with_azure_identity(
        make, "the Azure CLI's sign-in (neither a client secret, a certificate, OIDC nor MSI is configured)"
    )


def _with_azure_identity(make: Callable[[], TokenCredential], what: str) -> GetToken:
    made: list[TokenCredential] = []

    def get(scope: str) -> Token:
        from azure.core.exceptions import AzureError

        if not made:
            made.append(make())
        try:
            token = made[0].get_token(scope)
        except AzureError as error:
            message = str(error).strip().splitlines() or ["no reason given"]
            raise CredentialError(f"no access token by {what}: {message[0]}") from error
        return Token(token.token, float(token.expires_on))

    return get
