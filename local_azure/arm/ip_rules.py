"""IP rules of the firewalls of managed HSMs and vaults: public IPv4 addresses and ranges."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from local_azure.arm.schema import Invalid

_NOT_PUBLIC = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
"""RFC 1918, RFC 6598, loopback, link-local, multicast, reserved. Documentation ranges (RFC 5737) count as public."""


def network(value: str, path: str) -> IPv4Network:
    """The addresses that the rule names. Raises Invalid for what is no public IPv4 address or range."""
    try:
        found = IPv4Network(value, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise Invalid(path, f"The IP rule '{value}' is not an IPv4 address or a range in CIDR notation.") from None
    if any(found.overlaps(private) for private in _NOT_PUBLIC):
        raise Invalid(path, f"The IP rule '{value}' is invalid: only public IPv4 addresses are allowed.")
    return found
