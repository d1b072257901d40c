"""What the types of Microsoft.Network share: versions, long-running operations, addresses, errors."""

from __future__ import annotations

import uuid
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from local_azure.arm import errors
from local_azure.arm.ids import ResourceId
from local_azure.arm.resource_type import LongRunning, Poll
from local_azure.core.errors import ServiceError

NETWORK = "Microsoft.Network/virtualNetworks"
SUBNET = f"{NETWORK}/subnets"
SECURITY_GROUP = "Microsoft.Network/networkSecurityGroups"
INTERFACE = "Microsoft.Network/networkInterfaces"
RESERVED_AT_THE_START, RESERVED_AT_THE_END = 4, 1
"""Addresses of a subnet that Azure keeps for itself ("Azure Virtual Network FAQ")."""

_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
STATUSES = f"{_LOCATION}/operations/{{operation}}"
RESULTS = f"{_LOCATION}/operationResults/{{operation}}"


def write(figure: str) -> LongRunning:
    """How the network provider writes: 201 or 200 with the resource, then an operation to poll."""
    return LongRunning(figure=figure, poll=Poll.OPERATION, state="Updating", statuses=STATUSES, results=RESULTS)


def delete(figure: str) -> LongRunning:
    """How the network provider deletes: 202 and nothing else, both ways of polling."""
    return LongRunning(
        figure=figure, poll=Poll.BOTH, status=202, body="none", state="Deleting", statuses=STATUSES, results=RESULTS
    )


def network(text: str, owner: str) -> IPv4Network:
    """The range in CIDR notation. Raises InvalidCIDRNotation, 400; addresses outside of the prefix are refused too."""
    try:
        return IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise errors.bad_request(
            "InvalidCIDRNotation", f"The address prefix '{text}' in resource {owner} has an invalid CIDR notation."
        ) from None


def resource_guid() -> str:
    """The GUID that the network provider gives each resource."""
    return str(uuid.uuid4())


def in_use(resource: str, used_by: str, code: str = "InUseSubnetCannotBeDeleted") -> ServiceError:
    """400: something still uses the resource."""
    return errors.bad_request(
        code, f"{resource} is in use by {used_by} and cannot be deleted. Delete what is in it first."
    )


def reference_not_found(resource_id: str, referrer: str) -> ServiceError:
    """400 of the network provider for a reference to nothing."""
    return errors.bad_request(
        "InvalidResourceReference",
        f"Resource {resource_id} referenced by resource {referrer} was not found. Please make sure that the referenced "
        "resource exists, and that both resources are in the same region.",
    )


def child_not_found(resource: ResourceId) -> ServiceError:
    """404 of the network provider for a child."""
    return errors.not_found("NotFound", f"Resource {resource} not found.")
