"""Managed identities whose tokens are bound to a key of the machine (version 2 of the instance metadata service).

``ManagedIdentityV2Credential`` gets the tokens, ``MtlsPopPolicy`` and ``BoundTransport`` use them; see
docs/managed-identity-v2.md. This directory can be installed by itself.
"""

from .attestation import AttestationProvider
from .binding_key import BindingKey, InMemoryKey, KeyProvider
from .credential import BoundToken, ManagedIdentityV2Credential
from .errors import (
    BindingNotOffered,
    CertificateRefused,
    ManagedIdentityError,
    MetadataServiceError,
    TokenEndpointError,
)
from .identity import IdentitySelector
from .minting import Binding
from .policy import MtlsPopPolicy, bound_client_options
from .tls import client_context
from .transport import BoundTransport

__all__ = [
    "AttestationProvider",
    "Binding",
    "BindingKey",
    "BindingNotOffered",
    "BoundToken",
    "BoundTransport",
    "CertificateRefused",
    "IdentitySelector",
    "InMemoryKey",
    "KeyProvider",
    "ManagedIdentityError",
    "ManagedIdentityV2Credential",
    "MetadataServiceError",
    "MtlsPopPolicy",
    "TokenEndpointError",
    "bound_client_options",
    "client_context",
]
