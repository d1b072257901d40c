"""A new certificate: key, platform metadata, request, attestation, answer, and what must be true of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import re
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .attestation import AttestationProvider
from .binding_key import BindingKey, KeyProvider
from .certificate_request import certificate_request
from .errors import MetadataServiceError
from .identity import IdentitySelector
from .metadata_service import IssuedCredential, MetadataService, PlatformMetadata
from .service_clock import ServiceClock

_log = logging.getLogger(__name__)
_TOKEN_HOSTS = re.compile(
    r"([a-z0-9-]+\.)*mtlsauth\.(microsoft\.com|microsoftonline\.us|partner\.microsoftonline\.cn"
    r"|sovcloud-identity\.(fr|de|sg))"
)
"""Of the public cloud and the others (MSAL.NET, ``Instance/Discovery/RegionAndMtlsDiscoveryProvider.cs``)."""


@dataclass(frozen=True, eq=False)
class Binding:
    """A certificate with its key, and where it is good for tokens."""

    certificate: bytes = field(repr=False)
    """DER."""
    key: BindingKey = field(repr=False)
    client_id: str
    tenant_id: str
    token_endpoint: str
    valid_from: float
    """Seconds since 1970, by the service's clock, as the next one."""
    valid_until: float

    @property
    def renew_at(self) -> float:
        """Half of its life (MSAL.NET, ``docs/msi_v2/cert_handling.md``: seven days, renewed well before the end)."""
        return (self.valid_from + self.valid_until) / 2

    @property
    def thumbprint(self) -> str:
        """``x5t#S256``: SHA-256 of the DER, base64url without padding (RFC 8705, 3.1)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.certificate).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class Mint:
    """Gets certificates for one identity."""

    service: MetadataService
    clock: ServiceClock
    keys: KeyProvider
    selector: IdentitySelector
    attestation: AttestationProvider | None

    def mint(self, *, bypass_cache: bool = False) -> Binding:
        """A certificate for the next key. Raises BindingNotOffered, MetadataServiceError, and what the provider does.

        ``bypass_cache``: the last one was refused; the service shall not give it again.
        """
        query = self.selector.query("mi_res_id")
        platform = self.service.platform_metadata(query)
        key = self.keys()
        request = certificate_request(key, platform)
        attested = self._attested(platform, key)
        issued = self.service.issue_credential(query, request, attested, bypass_cache=bypass_cache)
        binding = _binding(issued, key)
        if binding.valid_until <= self.clock.now():
            raise MetadataServiceError("The certificate that the metadata service issued has expired already", 200)
        _log.info("Certificate %s issued to client %s", binding.thumbprint, binding.client_id)
        return binding

    def _attested(self, platform: PlatformMetadata, key: BindingKey) -> str | None:
        if self.attestation is None:
            _log.info("Attestation skipped: there is no provider")
            return None
        if urlsplit(platform.attestation_endpoint).scheme != "https":
            raise MetadataServiceError("The attestation endpoint is not an https URL", 200)
        _log.info("Attesting the key at %s", platform.attestation_endpoint)
        return self.attestation.attest(platform.attestation_endpoint, platform.client_id, key)


def _binding(issued: IssuedCredential, key: BindingKey) -> Binding:
    try:
        der = base64.b64decode(issued.certificate, validate=True)
        certificate = x509.load_der_x509_certificate(der)
    except (ValueError, binascii.Error):
        raise MetadataServiceError("The metadata service's answer has no certificate", 200) from None
    if _spki(certificate.public_key()) != _spki(key.signer.public_key()):
        raise MetadataServiceError("The metadata service issued a certificate for another key", 200)
    return Binding(
        certificate=der,
        key=key,
        client_id=issued.client_id,
        tenant_id=_guid(issued.tenant_id),
        token_endpoint=_trusted(issued.token_endpoint),
        valid_from=certificate.not_valid_before_utc.timestamp(),
        valid_until=certificate.not_valid_after_utc.timestamp(),
    )


def _trusted(endpoint: str) -> str:
    """A token request proves the identity: it goes to Entra ID only, whatever the answer says."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        raise MetadataServiceError("The token endpoint is no URL", 200) from None
    if (
        parts.scheme != "https"
        or port not in (None, 443)
        or parts.username is not None
        or _TOKEN_HOSTS.fullmatch((parts.hostname or "").lower()) is None
    ):
        raise MetadataServiceError(f"The token endpoint {parts.scheme}://{parts.hostname} is not Entra ID's", 200)
    return endpoint


def _guid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise MetadataServiceError("The metadata service's answer has no tenant", 200) from None


def _spki(key: object) -> bytes:
    if not hasattr(key, "public_bytes"):
        raise TypeError("A certificate's key has no public bytes.")
    encoded = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return bytes(encoded)
