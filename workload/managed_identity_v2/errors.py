"""What can go wrong on the way to a bound token; each message is one line with the way out."""

from __future__ import annotations

from collections.abc import Sequence

from azure.core.exceptions import ClientAuthenticationError


class ManagedIdentityError(ClientAuthenticationError):
    """No token. Azure SDK clients treat it as a failed sign-in, and do not retry it."""


class MetadataServiceError(ManagedIdentityError):
    """The instance metadata service refused, or answered what it never answers."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; None where nobody answered."""


class BindingNotOffered(ManagedIdentityError):
    """Bound tokens are not to be had here: by this machine, tenant or resource. A bearer token may be."""


class TokenEndpointError(ManagedIdentityError):
    """The token endpoint refused."""

    def __init__(self, message: str, status: int, error: str, codes: Sequence[int]) -> None:
        super().__init__(message)
        self.status = status
        self.oauth_error = error
        """RFC 6749, 5.2."""
        self.codes = tuple(codes)
        """AADSTS numbers."""


class CertificateRefused(TokenEndpointError):
    """The token endpoint refused the certificate; a new one may do."""
