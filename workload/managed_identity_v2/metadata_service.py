"""The instance metadata service: one connection a request, never by a proxy, never on to another host.

Source of the protocol: MSAL.NET, ``ManagedIdentity/V2/ImdsV2ManagedIdentitySource.cs``.
"""

from __future__ import annotations

import http.client
import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .errors import BindingNotOffered, MetadataServiceError
from .json_object import json_object
from .metadata_host import MetadataHost
from .metadata_retries import Retries
from .service_clock import ServiceClock

PLATFORM_METADATA, ISSUE_CREDENTIAL = "/metadata/identity/getplatformmetadata", "/metadata/identity/issuecredential"
TOKEN = "/metadata/identity/oauth2/token"  # noqa: S105 - a path
VERSION, VERSION_1 = "2.0", "2018-02-01"
TIMEOUT_SECONDS = 10.0
_LARGEST_ANSWER = 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlatformMetadata:
    """What a certificate request has to say of the machine and its identity."""

    client_id: str
    tenant_id: str
    compute_unit: dict[str, Any]
    """``cuId`` as received."""
    attestation_endpoint: str


@dataclass(frozen=True)
class IssuedCredential:
    """The answer to a certificate request."""

    client_id: str
    """The one to ask for tokens with."""
    tenant_id: str
    certificate: str
    """Base64 of the DER."""
    token_endpoint: str


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: http.client.HTTPMessage
    body: dict[str, Any]

    @property
    def reason(self) -> str:
        described = self.body.get("error_description") or self.body.get("error") or "without a reason"
        return " ".join(str(described).split())[:300]


class MetadataService:
    """Asks it, and waits for it as long as its documentation says. Thread-safe."""

    def __init__(
        self,
        clock: ServiceClock,
        host: MetadataHost | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``host``: by default the link-local address, or what AZURE_POD_IDENTITY_AUTHORITY_HOST says."""
        self._clock = clock
        self._host = host or MetadataHost.from_environment()
        self._timeout = timeout_seconds
        self._sleep = sleep

    def platform_metadata(self, selector: dict[str, str]) -> PlatformMetadata:
        """Raises BindingNotOffered where the service knows version 1 only, MetadataServiceError."""
        try:
            answer = self._ask("GET", PLATFORM_METADATA, {"cred-api-version": VERSION, **selector}, missing=(404,))
        except MetadataServiceError as error:
            if error.status == 404:
                raise BindingNotOffered(
                    "This machine's metadata service has no version 2 of managed identities (404 to "
                    "getplatformmetadata): tokens cannot be bound to a key here; use another machine, or allow "
                    "version 1, whose bearer tokens work for whoever holds them."
                ) from None
            raise
        _check_server(answer)
        return PlatformMetadata(
            client_id=_guid(answer, "clientId"),
            tenant_id=_guid(answer, "tenantId"),
            compute_unit=_object(answer, "cuId"),
            attestation_endpoint=_text(answer, "attestationEndpoint"),
        )

    def issue_credential(
        self, selector: dict[str, str], request: str, attestation_token: str | None, *, bypass_cache: bool
    ) -> IssuedCredential:
        """A certificate for a request in base64. Raises MetadataServiceError."""
        query = {"cred-api-version": VERSION, **selector, **({"bypass_cache": "true"} if bypass_cache else {})}
        body = {"csr": request, **({} if attestation_token is None else {"attestation_token": attestation_token})}
        answer = self._ask("POST", ISSUE_CREDENTIAL, query, body)
        _check_server(answer)
        tenant_id = _text(answer, "tenant_id")
        base = _text(answer, "mtls_authentication_endpoint").rstrip("/")
        # Not every answer has it; where it does, it wins (MSAL.NET, prototype/MsiV2UsingPowerShell).
        endpoint = answer.body.get("token_endpoint") or f"{base}/{tenant_id}/oauth2/v2.0/token"
        return IssuedCredential(_text(answer, "client_id"), tenant_id, _text(answer, "certificate"), str(endpoint))

    def bearer_token(self, selector: dict[str, str], resource: str) -> tuple[str, int]:
        """A token of version 1, bound to nothing, and its lifetime in seconds. Raises MetadataServiceError."""
        answer = self._ask("GET", TOKEN, {"api-version": VERSION_1, "resource": resource, **selector})
        lifetime = _text(answer, "expires_in")
        if not lifetime.isdecimal():
            raise MetadataServiceError("The metadata service does not say how long its token is valid", answer.status)
        return _text(answer, "access_token"), int(lifetime)

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: dict[str, Any] | None = None,
        *,
        missing: tuple[int, ...] = (),
    ) -> _Answer:
        """``missing``: statuses that are an answer here although they pass elsewhere."""
        retries = Retries()
        while True:
            status, retry_after, reason = None, None, "nobody answered"
            try:
                answer = self._once(method, path, query, body)
                if answer.status == 200:
                    return answer
                status, retry_after, reason = answer.status, answer.headers.get("Retry-After"), answer.reason
            except (OSError, http.client.HTTPException) as error:
                reason = f"{type(error).__name__} {error}".strip()
            delay = None if status in missing else retries.delay(status, retry_after)
            said = f"{method} {path}: {reason if status is None else f'{status} {reason}'}"
            if delay is None:
                raise MetadataServiceError(
                    f"The metadata service did not do it, {said}{_advice(status, reason)}", status
                )
            _log.info("%s; again in %g s", said, delay)
            self._sleep(delay)

    def _once(self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None) -> _Answer:
        # http.client knows nothing of proxies and follows nothing.
        kind = http.client.HTTPSConnection if self._host.secure else http.client.HTTPConnection
        connection = kind(self._host.host, self._host.port, timeout=self._timeout)
        headers = {"Metadata": "true", "Accept": "application/json", "x-ms-client-request-id": str(uuid.uuid4())}
        content = None
        if body is not None:
            content = json.dumps(body, separators=(",", ":")).encode()
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, f"{path}?{urlencode(query)}", content, headers)
            response = connection.getresponse()
            answer = _Answer(response.status, response.headers, json_object(response.read(_LARGEST_ANSWER)))
        finally:
            connection.close()
        self._clock.learn(answer.headers.get("Date"))
        _log.info("%s %s: %d", method, path, answer.status)
        return answer


def _advice(status: int | None, reason: str) -> str:
    if status is None:
        return "; it answers on Azure's virtual machines only, at 169.254.169.254"
    if "Attestation Token is missing" in reason:
        return "; this machine's keys must be attested: give an attestation provider"
    if "dentity not found" in reason:
        return "; give the machine that identity, or name one that it has"
    if "Multiple user assigned" in reason:
        return "; say which by client id, object id or resource id"
    return ""


def _check_server(answer: _Answer) -> None:
    """As MSAL.NET does: only the metadata service itself says so, nothing that stands in between."""
    if "IMDS" not in answer.headers.get("Server", "").upper():
        raise MetadataServiceError("The answer is not the metadata service's: its Server header does not say IMDS", 200)


def _text(answer: _Answer, name: str) -> str:
    value = answer.body.get(name)
    if not isinstance(value, str) or not value:
        raise MetadataServiceError(f"The metadata service's answer has no {name}", answer.status)
    return value


def _guid(answer: _Answer, name: str) -> str:
    value = _text(answer, name)
    try:
        uuid.UUID(value)
    except ValueError:
        raise MetadataServiceError(f"The metadata service's answer has no GUID as {name}", answer.status) from None
    return value


def _object(answer: _Answer, name: str) -> dict[str, Any]:
    value = answer.body.get(name)
    if not isinstance(value, dict) or not value:
        raise MetadataServiceError(f"The metadata service's answer has no {name}", answer.status)
    return value
