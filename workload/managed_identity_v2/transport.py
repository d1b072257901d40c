"""Connections that show a token's certificate: which one, each request says for itself.

A certificate is renewed while older tokens are still in use, so one that all connections share would not do
(Azure/azure-sdk-for-net issue 62546 tells what goes wrong then).
"""

from __future__ import annotations

import ssl
import threading
from collections import OrderedDict
from types import TracebackType
from typing import Any

import requests
from azure.core.pipeline.transport import HttpTransport, RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from requests.adapters import HTTPAdapter

from .minting import Binding
from .tls import client_context

_KEPT = 2
"""The certificate in use, and the one before it."""


class BoundTransport(HttpTransport[HttpRequest, HttpResponse]):
    """Azure SDK clients take it as ``transport``. Thread-safe."""

    def __init__(self, *, maximum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2, **options: Any) -> None:
        """``options`` are those of azure-core's ``RequestsTransport`` (``connection_verify``, ``read_timeout``, …).

        ``maximum_version`` of TLS: see :func:`client_context`.
        """
        self._maximum_version = maximum_version
        self._options = options
        self._plain = RequestsTransport(**options)
        self._bound: OrderedDict[str, RequestsTransport] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, request: HttpRequest, *, binding: Binding | None = None, **kwargs: Any) -> HttpResponse:
        """Sends it on a connection that shows the certificate of ``binding``; no redirect is followed."""
        transport = self._plain if binding is None else self._transport(binding)
        response: HttpResponse = transport.send(request, **kwargs)
        return response

    def open(self) -> None:
        """Opens it."""
        self._plain.open()

    def close(self) -> None:
        """Closes every connection."""
        self._plain.close()
        with self._lock:
            for transport in self._bound.values():
                transport.close()
            self._bound.clear()

    def __enter__(self) -> BoundTransport:
        self.open()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self.close()

    def _transport(self, binding: Binding) -> RequestsTransport:
        with self._lock:
            transport = self._bound.get(binding.thumbprint)
            if transport is None:
                transport = self._bound[binding.thumbprint] = self._made(binding)
                transport.open()
                while len(self._bound) > _KEPT:
                    # Requests that are under way on it end in peace: only its idle connections are closed.
                    self._bound.popitem(last=False)[1].close()
            self._bound.move_to_end(binding.thumbprint)
            return transport

    def _made(self, binding: Binding) -> RequestsTransport:
        # requests loads the certificate authorities that it is told to trust.
        context = client_context(binding.certificate, binding.key, maximum_version=self._maximum_version, trust=False)
        session = requests.Session()
        session.mount("https://", _WithCertificate(context))
        return RequestsTransport(**self._options, session=session, session_owner=True)


class _WithCertificate(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> Any:
        return super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, **kwargs, ssl_context=self._context)
