"""Where the instance metadata service is: a link-local address, or what one documented variable says.

The answers decide where a certificate request and a token request go, so nothing else may name the host: not a
parameter, not a redirect, not a proxy.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

OVERRIDE = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
"""Read by azure-identity, MSAL and MSAL.NET; whoever can set it runs the program anyway."""
LINK_LOCAL = "169.254.169.254"


@dataclass(frozen=True)
class MetadataHost:
    """Where to connect to."""

    host: str
    port: int
    secure: bool = False

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65536:
            raise ValueError("The metadata service's address is incomplete.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> MetadataHost:
        """The overriding host where there is one, else the link-local address.

        Raises ValueError where the override is no plain base URL, or leads to a link-local address that is not the
        metadata service's.
        """
        override = (os.environ if environment is None else environment).get(OVERRIDE, "").strip()
        if not override:
            return cls(LINK_LOCAL, 80)
        parts = urlsplit(override)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError(f"{OVERRIDE} must be a base URL such as http://127.0.0.1:2579, without user or query.")
        if parts.path.strip("/") or parts.fragment:
            raise ValueError(f"{OVERRIDE} must be a base URL without a path.")
        if _is_other_link_local(parts.hostname):
            raise ValueError(f"{OVERRIDE} names a link-local address that is not {LINK_LOCAL}.")
        secure = parts.scheme == "https"
        port = parts.port
        return cls(parts.hostname, (443 if secure else 80) if port is None else port, secure)


def _is_other_link_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_link_local and host != LINK_LOCAL
