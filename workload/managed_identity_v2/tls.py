"""TLS with a client certificate whose private key never leaves memory unencrypted."""

from __future__ import annotations

import secrets
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .binding_key import BindingKey
from .errors import ManagedIdentityError
from .private_file import private_file


def client_context(
    certificate: bytes,
    key: BindingKey,
    *,
    maximum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2,
    trust: bool = True,
) -> ssl.SSLContext:
    """A context that shows the certificate (DER) where a server asks for it, early or late.

    TLS 1.2 by default: a vault asks when it has read the request, by renegotiation, which TLS 1.3 does not have (MSAL
    Go, ``imdsv2`` end-to-end tests; MSAL.NET pull request 5936). ``trust``: trust the system's certificate
    authorities; without it the caller loads what it trusts.
    """
    context = ssl.create_default_context() if trust else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = maximum_version
    context.post_handshake_auth = True
    # A renegotiation that resumes the session by a ticket ends without the certificate that it was for.
    context.options |= ssl.OP_NO_TICKET
    # HTTP/2 forbids renegotiation (RFC 9113, 9.2.1).
    context.set_alpn_protocols(["http/1.1"])
    passphrase = secrets.token_hex(32).encode()
    pem = x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)
    with private_file(pem + key.tls_key(passphrase)) as path:
        try:
            context.load_cert_chain(path, password=passphrase)
        except ssl.SSLError as error:
            raise ManagedIdentityError(
                f"OpenSSL does not take the certificate's key ({error.reason}); one in hardware needs pkcs11-provider, "
                "active in the configuration that OPENSSL_CONF names."
            ) from None
    return context
