"""What the types of Microsoft.Network share: versions, long-running operations, addresses, errors."""

from __future__ import annotations

import uuid
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

from local_azure.arm import errors
from local_azure.arm.ids import ResourceId
from local_azure.arm.resource_type import LongRunning, Poll
from local_azure.core.errors import ServiceError

API_VERSIONS = (
    "2020-11-01",
    "2021-02-01",
    "2021-05-01",
    "2021-08-01",
    "2022-01-01",
    "2022-05-01",
    "2022-07-01",
    "2022-09-01",
    "2022-11-01",
    "2023-02-01",
    "2023-04-01",
    "2023-05-01",
    "2023-06-01",
    "2023-09-01",
    "2023-11-01",
    "2024-01-01",
    "2024-03-01",
    "2024-05-01",
    "2024-07-01",
    "2024-10-01",
    "2025-01-01",
    "2025-03-01",
    "2025-05-01",
    "2025-07-01",
    "2026-01-01",
)
_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}"
STATUSES = f"{_LOCATION}/operations/{{operation}}"
RESULTS = f"{_LOCATION}/operationResults/{{operation}}"
RESERVED = 5
"""Addresses of a subnet that Azure keeps: the first four and the last ("Azure Virtual Network FAQ")."""


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
