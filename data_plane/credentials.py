"""Who talks to Azure: the identity that Pulumi's azure-native provider uses too.

In this order: what the ``azure-native:`` configuration or the ``ARM_*`` variables name (the SDKs' default chain,
certificate, secret, OIDC token, managed identity: azure-native's own order), then the ``AZURE_*`` variables of the
Azure SDKs, then who is signed in with ``az login``.
The instance metadata service is asked only where the settings say so: probing for it costs seconds elsewhere.
Sources: pulumi.com, "Azure Native: Installation & Configuration"; pulumi-azure-native, ``auth_azidentity.go``;
azure-identity, ``EnvironmentCredential``.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from data_plane.clouds import CLOUDS, PUBLIC, Cloud
from data_plane.errors import CredentialError, mapped

AZURE_NATIVE_SETTINGS: Final = (
    "clientId",
    "clientSecret",
    "tenantId",
    "environment",
    "useMsi",
    "useOidc",
    "useDefaultAzureCredential",
    "clientCertificatePath",
    "clientCertificatePassword",
    "oidcToken",
    "oidcTokenFilePath",
    "oidcRequestUrl",
    "oidcRequestToken",
    "oidcAudience",
)
"""The keys of azure-native's configuration that say who signs in."""


@dataclass(frozen=True)
class Identity:
    """How to sign in. Secrets do not show in ``repr``."""

    kind: str
    """``default``, ``certificate``, ``secret``, ``oidc``, ``managed identity`` or ``az login``."""
    source: str
    """What named it, for messages."""
    cloud: Cloud
    authority: str
    tenant_id: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    certificate_path: str = ""
    certificate_password: str = field(default="", repr=False)
    assertion: Callable[[], str] | None = field(default=None, repr=False)


class SerialisedCredential:
    """A credential that several threads share: the first gets the token, the others find it in the cache."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lock = threading.Lock()

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """An ``azure.core.credentials.AccessToken``."""
        with self._lock:
            return self._inner.get_token(*scopes, **options)

    def get_token_info(self, *scopes: str, options: Any = None) -> Any:
        """An ``azure.core.credentials.AccessTokenInfo``."""
        with self._lock:
            return self._inner.get_token_info(*scopes, options=options)


def identity(configuration: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None) -> Identity:
    """Which identity the settings name.

    ``configuration`` holds azure-native's settings by their names there (``clientId``, ``clientSecret``, …).
    Raises CredentialError for settings that are incomplete.
    """
    environment = os.environ if environment is None else environment
    given = _Settings(configuration or {}, environment)
    cloud = _cloud(given.get("environment", "ARM_ENVIRONMENT") or "public")
    authority = environment.get("AZURE_AUTHORITY_HOST", "").removeprefix("https://").rstrip("/") or cloud.authority
    base: dict[str, Any] = {"cloud": cloud, "authority": authority}
    if given.flag("useDefaultAzureCredential", "ARM_USE_DEFAULT_AZURE_CREDENTIAL"):
        return Identity("default", "ARM_USE_DEFAULT_AZURE_CREDENTIAL", **base)
    return (
        _service_principal(given, base)
        or _sdk_environment(environment, base)
        or Identity("az login", "the Azure CLI", tenant_id=given.get("tenantId", "ARM_TENANT_ID"), **base)
    )


class _Settings:
    def __init__(self, configuration: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self._configuration, self._environment = configuration, environment

    def get(self, name: str, variable: str) -> str:
        return str(self._configuration.get(name) or self._environment.get(variable) or "")

    def flag(self, name: str, variable: str) -> bool:
        # As azure-native reads it: what is on here and off there would be two different principals.
        return self.get(name, variable) == "true"


def _service_principal(given: _Settings, base: dict[str, Any]) -> Identity | None:
    client_id = given.get("clientId", "ARM_CLIENT_ID")
    tenant_id = given.get("tenantId", "ARM_TENANT_ID")
    named = {**base, "client_id": client_id, "tenant_id": tenant_id, "source": "ARM_CLIENT_ID"}
    found: Identity | None = None
    if not client_id:
        pass
    elif path := given.get("clientCertificatePath", "ARM_CLIENT_CERTIFICATE_PATH"):
        password = given.get("clientCertificatePassword", "ARM_CLIENT_CERTIFICATE_PASSWORD")
        found = Identity("certificate", certificate_path=path, certificate_password=password, **named)
    elif secret := given.get("clientSecret", "ARM_CLIENT_SECRET"):
        found = Identity("secret", secret=secret, **named)
    elif given.flag("useOidc", "ARM_USE_OIDC"):
        found = Identity("oidc", assertion=_assertion(given, base["cloud"]), **named)
    if found and not tenant_id:
        raise CredentialError("ARM_CLIENT_ID is set but ARM_TENANT_ID is not: set the tenant's id too")
    if found is None and given.flag("useMsi", "ARM_USE_MSI"):
        return Identity("managed identity", "ARM_USE_MSI", client_id=client_id, **base)
    return found


def _sdk_environment(environment: Mapping[str, str], base: dict[str, Any]) -> Identity | None:
    client_id, tenant_id = environment.get("AZURE_CLIENT_ID", ""), environment.get("AZURE_TENANT_ID", "")
    if not client_id or not tenant_id:
        return None
    base = {**base, "client_id": client_id, "tenant_id": tenant_id, "source": "AZURE_CLIENT_ID"}
    if secret := environment.get("AZURE_CLIENT_SECRET"):
        return Identity("secret", secret=secret, **base)
    if path := environment.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        password = environment.get("AZURE_CLIENT_CERTIFICATE_PASSWORD", "")
        return Identity("certificate", certificate_path=path, certificate_password=password, **base)
    if path := environment.get("AZURE_FEDERATED_TOKEN_FILE"):
        return Identity("oidc", assertion=_token_file(path), **base)
    return None


def _assertion(given: _Settings, cloud: Cloud) -> Callable[[], str]:
    if token := given.get("oidcToken", "ARM_OIDC_TOKEN"):
        return lambda: token
    if path := given.get("oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH"):
        return _token_file(path)
    url = given.get("oidcRequestUrl", "ACTIONS_ID_TOKEN_REQUEST_URL")
    bearer = given.get("oidcRequestToken", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not url or not bearer:
        raise CredentialError(
            "ARM_USE_OIDC is set but there is no token to exchange: set ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH, or "
            "ACTIONS_ID_TOKEN_REQUEST_URL with ACTIONS_ID_TOKEN_REQUEST_TOKEN (id-token: write gives both)"
        )
    audience = given.get("oidcAudience", "ARM_OIDC_AUDIENCE") or cloud.token_exchange
    return lambda: _requested_token(url, bearer, audience)


def _token_file(path: str) -> Callable[[], str]:
    def read() -> str:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise CredentialError(f"{path}: the federated token cannot be read: {error.strerror}") from None

    return read


def _requested_token(url: str, bearer: str, audience: str) -> str:
    """Asks the pipeline's token service (GitHub: "About security hardening with OpenID Connect")."""
    import requests

    try:
        answer = requests.get(
            url,
            params={"audience": audience},
            headers={"Authorization": f"Bearer {bearer}", "Accept": "application/json"},
            timeout=30,
        )
        answer.raise_for_status()
        return str(answer.json()["value"])
    except (requests.RequestException, ValueError, KeyError):
        raise CredentialError(
            "ACTIONS_ID_TOKEN_REQUEST_URL gave no token: check the pipeline's id-token permission"
        ) from None


def _cloud(name: str) -> Cloud:
    known = name.lower().removeprefix("azure").removesuffix("cloud") or "public"
    try:
        return CLOUDS[known]
    except KeyError:
        raise CredentialError(f"ARM_ENVIRONMENT {name!r}: use one of {', '.join(CLOUDS)}") from None


def credential(chosen: Identity) -> SerialisedCredential:
    """The azure-identity credential for an identity.

    Raises CredentialError for a certificate that cannot be read. Signing in happens with the first token.
    """
    from azure import identity as sdk

    common: dict[str, Any] = {"authority": chosen.authority}
    match chosen.kind:
        case "secret":
            made: Any = sdk.ClientSecretCredential(chosen.tenant_id, chosen.client_id, chosen.secret, **common)
        case "certificate":
            made = _certificate_credential(chosen, common)
        case "oidc":
            assert chosen.assertion is not None  # noqa: S101 (the constructor's contract)
            made = sdk.ClientAssertionCredential(chosen.tenant_id, chosen.client_id, chosen.assertion, **common)
        case "default":
            made = _default_chain(sdk, common)
        case "managed identity":
            made = sdk.ManagedIdentityCredential(client_id=chosen.client_id or None)
        case _:
            made = sdk.AzureCliCredential(tenant_id=chosen.tenant_id)
    return SerialisedCredential(made)


def _default_chain(sdk: Any, common: dict[str, Any]) -> Any:
    """The SDKs' default chain, without the links that azure-native's (of azidentity for Go) does not have.

    Which links are tried can be said by AZURE_TOKEN_CREDENTIALS, for both.
    """
    ours_only = ("shared_token_cache", "visual_studio_code", "powershell", "broker")
    try:
        return sdk.DefaultAzureCredential(**{f"exclude_{link}_credential": True for link in ours_only}, **common)
    except ValueError:
        raise CredentialError(
            "AZURE_TOKEN_CREDENTIALS: is not the name of a credential — use one such as prod, dev or AzureCliCredential"
        ) from None


def _certificate_credential(chosen: Identity, common: dict[str, Any]) -> Any:
    from azure.identity import CertificateCredential

    try:
        return CertificateCredential(
            chosen.tenant_id,
            chosen.client_id,
            chosen.certificate_path,
            password=chosen.certificate_password or None,
            **common,
        )
    # TypeError: the key is encrypted, and no passphrase was given.
    except (OSError, ValueError, TypeError):
        raise CredentialError(
            f"{chosen.certificate_path}: not a readable certificate with private key, or the password is wrong"
        ) from None


@dataclass(frozen=True)
class Principal:
    """Whom the access token speaks for."""

    object_id: str
    name: str
    """Sign-in name of a person, client id of an application."""

    def __str__(self) -> str:
        return f"{self.name} ({self.object_id})" if self.name else self.object_id


def principal(source: Any, scope: str = PUBLIC.hsm_scope) -> Principal:
    """The principal behind a credential, read from its own token (not verified: the service does that).

    Raises CredentialError.
    """
    with mapped("signing in"):
        token = source.get_token(scope).token
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return Principal("", "an opaque token")
    name = claims.get("upn") or claims.get("preferred_username") or claims.get("appid") or claims.get("azp") or ""
    return Principal(str(claims.get("oid", "")), str(name))
