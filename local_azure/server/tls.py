"""TLS contexts by host name."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable

from local_azure.server.authority import CertificateAuthority

_HOST_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CIPHER_SUITES = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""With forward secrecy, for TLS 1.2; every suite of TLS 1.3 has forward secrecy."""
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, which Python has no name for."""


def is_host_name(text: str) -> bool:
    """Whether this is a fully qualified DNS name in lower case."""
    return _HOST_NAME.fullmatch(text) is not None and not text.rpartition(".")[2].isdecimal()


class HostContext(ssl.SSLContext):
    """The context of one played host; a request that came through it can only be for that host."""

    host: str
    asks_for_client_certificate: bool


class TlsContexts:
    """A server-side context for every played host, made when it is first asked for."""

    def __init__(
        self,
        authority: CertificateAuthority,
        wants_client_certificate: Callable[[str], bool],
        client_authority: str,
    ) -> None:
        """``client_authority``: PEM of who signs the certificates that clients may show."""
        self._authority = authority
        self._client_authority = client_authority
        self._wants_client_certificate = wants_client_certificate
        self._contexts: dict[str, HostContext] = {}

    def for_host(self, host: str) -> HostContext:
        """The context for one host name."""
        if host not in self._contexts:
            context = HostContext(ssl.PROTOCOL_TLS_SERVER)
            _harden(context)
            context.host = host
            context.load_cert_chain(self._authority.certificate_file(host))
            # Also where no certificate is asked for: a context that SNI chooses checks what another asked for.
            self._trust_clients(context)
            context.asks_for_client_certificate = self._wants_client_certificate(host)
            context.verify_mode = ssl.CERT_OPTIONAL if context.asks_for_client_certificate else ssl.CERT_NONE
            self._contexts[host] = context
        return self._contexts[host]

    def by_server_name(self, host_for: Callable[[str], str | None]) -> ssl.SSLContext:
        """A context that becomes that of a host by the name that the client gives (RFC 6066).

        ``host_for`` answers the host for a name, which is mostly the same, and None for a name to refuse.

        It asks for a client certificate at every host: OpenSSL settles that before it knows the name. Whoever reads
        the certificate must look at :attr:`HostContext.asks_for_client_certificate` as well.
        """

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> int | None:
            asked = (name or "").lower()
            host = host_for(asked) if is_host_name(asked) else None
            if host is None:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            connection.context = self.for_host(host)
            return None

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _harden(context)
        self._trust_clients(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.sni_callback = choose
        return context

    def _trust_clients(self, context: ssl.SSLContext) -> None:
        context.load_verify_locations(cadata=self._client_authority)
        # The services look at a certificate's time, by the local Azure's clock.
        context.verify_flags |= _NO_CHECK_TIME


def _harden(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHER_SUITES)
    context.set_alpn_protocols(["http/1.1"])
