"""HTTP as the plugin needs it: one pool of connections, the proxy and the trust that the environment names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from local_azure.plugin.errors import ConnectionFailed

if TYPE_CHECKING:
    import ssl

    import urllib3

_CONNECT_SECONDS, _READ_SECONDS = 15.0, 120.0
_CONNECTIONS = 64
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_REFUSED_ATTEMPTS, _UNREACHED_ATTEMPTS, _DROPPED_ATTEMPTS = 1, 3, 8
"""What a certificate or a proxy refuses stays refused; a host that is down soon shows; a dropped answer is repeated."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def value(self) -> Any:
        """The body read as JSON; ValueError where it is none."""
        return json.loads(self.body.decode("utf-8-sig"))

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one where it is none."""
        try:
            value = self.value()
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Http(Protocol):
    """What sends requests: the network, or a test."""

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request. Raises ConnectionFailed where no whole answer comes."""


class Transport:
    """Thread-safe. Honours HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, SSL_CERT_FILE."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # urllib3 is imported with the first call to Azure, not at the start: most previews make none.
        import urllib3

        context = _trust(environment)
        options: dict[str, Any] = {"maxsize": _CONNECTIONS, "retries": False, "ssl_context": context}
        self._errors = urllib3.exceptions.HTTPError
        self._timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        self._direct = urllib3.PoolManager(**options)
        self._proxy: urllib3.ProxyManager | None = None
        proxy = _variable(environment, "https_proxy")
        self._proxy_name = (proxy or "").rpartition("@")[2]
        """Without the credentials that it may carry."""
        if proxy:
            self._proxy = urllib3.ProxyManager(proxy if "://" in proxy else f"http://{proxy}", **options)
        self._no_proxy = _variable(environment, "no_proxy") or ""
        self._is_led_here = "LOCAL_AZURE_HOME" in environment

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request, no retry, no redirect. Raises ConnectionFailed where no whole answer comes."""
        try:
            response = self._manager(url).request(
                method, url, headers=dict(headers), body=body, timeout=self._timeout, redirect=False
            )
            data = response.data
        except self._errors as error:
            raise self._failure(urlsplit(url).hostname, error) from error
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, data)

    def _failure(self, host: str | None, error: Exception) -> ConnectionFailed:
        import urllib3

        cause = _innermost(error)
        reason = (isinstance(cause, OSError) and cause.strerror) or str(cause)
        if isinstance(error, urllib3.exceptions.ProxyError):
            way = f"no answer from {host} through the proxy {self._proxy_name}"
            if self._is_led_here and isinstance(cause, ConnectionRefusedError):
                reason = f"{reason} — the local Azure does not run; start it with: python -m local_azure start"
        else:
            way = f"no answer from {host}"
        refused = isinstance(error, urllib3.exceptions.SSLError) or "Tunnel connection failed" in reason
        reached = isinstance(error, urllib3.exceptions.ProtocolError | urllib3.exceptions.ReadTimeoutError)
        attempts = _REFUSED_ATTEMPTS if refused else _DROPPED_ATTEMPTS if reached else _UNREACHED_ATTEMPTS
        return ConnectionFailed(f"{way}: {reason}", attempts)

    def _manager(self, url: str) -> urllib3.PoolManager:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

        host = urlsplit(url).netloc
        if self._proxy is None or proxy_bypass_environment(host, {"no": self._no_proxy}):
            return self._direct
        return self._proxy


def _innermost(error: BaseException) -> BaseException:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    import ssl

    bundle = next((environment[name] for name in _BUNDLES if environment.get(name)), "")
    try:
        return ssl.create_default_context(cafile=bundle or None)
    except OSError as error:
        raise ConnectionFailed(f"cannot read the trusted certificates {bundle}: {error.strerror}") from error


def _variable(environment: Mapping[str, str], name: str) -> str | None:
    return environment.get(name) or environment.get(name.upper()) or None
