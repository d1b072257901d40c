"""What can go wrong with a Managed HSM, each error in one line: what it is about, the cause, the way out.

::

    DataPlaneError
    ├── CredentialError            nobody is signed in, or the sign-in was refused
    ├── RequestError               the service answered with an error
    │   ├── UnauthenticatedError   401
    │   ├── ForbiddenError         403: a role is missing, or the firewall shut the door
    │   ├── NotFoundError          404
    │   ├── ConflictError          409
    │   ├── ThrottledError         429
    │   ├── NotActivatedError      the pool has no security domain yet
    │   └── ServiceFailureError    5xx
    ├── UnreachableError           no answer: network, name, proxy, TLS
    ├── DeadlineError              it took too long
    ├── CustodyError               security-domain files: lost, altered, of another pool or other custodians
    └── KeyMaterialError           a file with key material that cannot be used
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

WAY_OUT = " — "
"""What stands before the way out in every line."""
_LONGEST_CAUSE = 600
_FIREWALL_CODES = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
_RESOURCE_MANAGER_CODES = frozenset({"AuthorizationFailed", "LinkedAuthorizationFailed"})
"""Of Azure RBAC, which knows nothing of the pool's local roles ("Troubleshoot common Azure deployment errors")."""
_FIREWALL_WORDS = (
    "is not authorized and caller",
    "public network access is disabled",
    "is not an approved private link",
    "this tcp connection does not allow access",
)
"""Of Key Vault and Managed HSM, which does not send the codes everywhere ("Azure Key Vault REST API error codes";
MicrosoftDocs/azure-docs issue 106616)."""
_CLIENT_ADDRESS = re.compile(r"client address:? \(?([0-9]+(?:\.[0-9]+){3})", re.IGNORECASE)


_ENTRA_CODE = "AADSTS"
"""Begins the codes of Entra ID's errors."""


class DataPlaneError(Exception):
    """Base of all errors of this package. ``str()`` is one line."""

    transient: bool = False
    """Whether the same call may well succeed later without anybody doing anything."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class CredentialError(DataPlaneError):
    """No credential was found, or Entra ID refused the one that was."""


class RequestError(DataPlaneError):
    """The service answered with an error that has no class of its own (mostly 400)."""

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        """Seconds that the service asked to wait, if it did."""


class UnauthenticatedError(RequestError):
    """401 in spite of a token."""


class ForbiddenError(RequestError):
    """403."""

    @property
    def by_firewall(self) -> bool:
        """Whether the pool's firewall refused the way that the request came, so that no role would help."""
        text = str(self).lower()
        return self.code in _FIREWALL_CODES or any(words in text for words in _FIREWALL_WORDS)

    @property
    def client_address(self) -> str | None:
        """The caller's public address as the firewall saw it, where the refusal tells it."""
        found = _CLIENT_ADDRESS.search(str(self))
        return None if found is None else found.group(1)

    @property
    def refusal(self) -> str:
        """What was refused, in whose words, without the way out."""
        return str(self).partition(WAY_OUT)[0]


class NotFoundError(RequestError):
    """404."""


class ConflictError(RequestError):
    """409."""


class ThrottledError(RequestError):
    """429 that did not pass within the client's own retries."""

    transient = True


class NotActivatedError(RequestError):
    """The pool takes only security-domain operations before it is activated."""


class ServiceFailureError(RequestError):
    """5xx that did not pass within the client's own retries."""

    transient = True


class UnreachableError(DataPlaneError):
    """No answer came: the name does not resolve, the connection or the proxy refused, TLS failed, or time ran out."""

    transient = True


class DeadlineError(DataPlaneError):
    """Something did not happen within the time allowed for it."""


class CustodyError(DataPlaneError):
    """A security-domain file or its manifest is not what it should be."""


class KeyMaterialError(DataPlaneError):
    """A file that should hold key material does not, or holds what the HSM cannot take."""


@contextmanager
def mapped(subject: str) -> Iterator[None]:
    """Turns the Azure SDKs' exceptions into this package's; ``subject`` begins the line.

    Raises the matching :class:`DataPlaneError`, without the SDK's exception behind it: a chained exception would
    be printed too, and first.
    """
    from azure.core import exceptions

    try:
        yield
    except exceptions.HttpResponseError as error:
        raise _of_response(subject, error) from None
    except exceptions.AzureError as error:
        raise _of_connection(subject, error) from None


def _of_response(subject: str, error: Any) -> DataPlaneError:
    # Some credentials hand Entra ID's own answer on, others only its words.
    if error.response is None or _ENTRA_CODE in str(error.message):
        return _of_sign_in(subject, str(error.message))
    status = int(error.response.status_code)
    code, cause = _envelope(error)
    wait = _retry_after(error.response.headers)
    given: dict[str, Any] = {"status": status, "code": code, "retry_after": wait}
    line = f"{subject}: {status} {code}: {cause}" if code else f"{subject}: {status}: {cause}"
    if _says_not_activated(code, cause):
        return NotActivatedError(f"{line} — activate the pool first: download its security domain", **given)
    match status:
        case 401:
            return UnauthenticatedError(f"{line} — sign in again, to the tenant of the pool", **given)
        case 403:
            return _forbidden(line, given)
        case 404:
            return NotFoundError(line, **given)
        case 409:
            return ConflictError(line, **given)
        case 429:
            return ThrottledError(f"{line} — the service asks for fewer requests; run again later", **given)
        case _ if status >= 500:
            return ServiceFailureError(f"{line} — a failure of the service; run again later", **given)
        case _:
            return RequestError(line, **given)


def _forbidden(line: str, given: dict[str, Any]) -> ForbiddenError:
    if ForbiddenError(line, **given).by_firewall:
        way_out = "let this address in (managed-hsm:hsm.firewall.ipRules), or come through an approved private endpoint"
    elif given["code"] in _RESOURCE_MANAGER_CODES:
        way_out = "give this principal an Azure role with that action at that scope, or sign in as one who has it"
    else:
        way_out = "give this principal a local role with that data action at this scope, or sign in as one who has it"
    return ForbiddenError(f"{line}{WAY_OUT}{way_out}", **given)


def _of_connection(subject: str, error: Exception) -> DataPlaneError:
    text = str(error)
    if "Bearer token authentication is not permitted" in text:
        return UnreachableError(f"{subject}: only https addresses are allowed")
    return UnreachableError(f"{subject}: {_connection_cause(text) or f'no answer: {_shortened(text)}'}")


def _connection_cause(text: str) -> str:
    for marks, cause, way_out in _CONNECTION_CAUSES:
        if any(mark in text for mark in marks):
            return f"{cause} — {way_out}"
    return ""


_CONNECTION_CAUSES = (
    (
        ("ProxyError", "Cannot connect to proxy", "Unable to connect to proxy", "Tunnel connection failed"),
        "the proxy of HTTPS_PROXY refused or is not there",
        "check HTTPS_PROXY, and that what listens there runs",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError", "certificate verify failed"),
        "the server's TLS certificate is not trusted",
        "point REQUESTS_CA_BUNDLE at the certificate authority of this network",
    ),
    (
        ("Name or service not known", "NameResolutionError", "getaddrinfo failed", "nodename nor servname"),
        "the host name does not resolve",
        "check the name, the network's DNS and, for a private pool, the private DNS zone",
    ),
    (
        ("Connection refused", "No route to host", "Network is unreachable"),
        "the connection was refused",
        "check the network, and the way through the private endpoint if the pool is closed to the public",
    ),
    (
        ("timed out", "Timeout"),
        "no answer within the time allowed",
        "check the network, and the way through the private endpoint if the pool is closed to the public",
    ),
)


def _envelope(error: Any) -> tuple[str, str]:
    """Code and message of the error envelope; the inner code says more where there is one."""
    try:
        body = json.loads(error.response.text())
        detail = body["error"] if isinstance(body, dict) and isinstance(body.get("error"), dict) else {}
    except (ValueError, TypeError, AttributeError):
        detail = {}
    inner = detail.get("innererror")
    code = (inner.get("code") if isinstance(inner, dict) else None) or detail.get("code")
    # Azure Storage answers in XML, with the code in a header.
    code = code or error.response.headers.get("x-ms-error-code") or ""
    return str(code), _shortened(str(detail.get("message") or error.reason or "no explanation given"))


def _retry_after(headers: Any) -> float | None:
    try:
        return max(0.0, float(headers.get("Retry-After")))
    except (TypeError, ValueError):
        return None


def _says_not_activated(code: str, cause: str) -> bool:
    text = f"{code} {cause}".lower()
    words = ("notactivated", "not activated", "has not been activated", "until it is activated")
    return any(each in text for each in words)


def _of_sign_in(subject: str, text: str) -> DataPlaneError:
    """azure-identity reports a refusal, a missing credential and a broken connection by one and the same class."""
    position = text.find("AADSTS")
    if position >= 0:
        refusal = _shortened(text[position:].split("Trace ID:")[0])
        return CredentialError(
            f"{subject}: Entra ID refused the credential: {refusal} — check tenant, client id and secret or certificate"
        )
    if cause := _connection_cause(text):
        return UnreachableError(f"{subject}: signing in: {cause}")
    return CredentialError(
        f"{subject}: no usable credential: {_shortened(text)} — sign in with az login or set ARM_CLIENT_ID and its "
        "secret"
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_CAUSE else line[: _LONGEST_CAUSE - 1] + "…"
