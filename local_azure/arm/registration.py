"""Resource providers and whether the subscription has registered them ("Azure resource providers and types")."""

from __future__ import annotations

from local_azure.arm.errors import missing_registration
from local_azure.core.world import World

_COLLECTION = "arm.registrations"

REGISTERED_FROM_THE_START = frozenset(
    namespace.lower()
    for namespace in (
        "Microsoft.Authorization",
        "Microsoft.Compute",
        "Microsoft.EventHub",
        "Microsoft.Insights",
        "Microsoft.KeyVault",
        "Microsoft.ManagedIdentity",
        "Microsoft.Network",
        "Microsoft.OperationalInsights",
        "Microsoft.Resources",
        "Microsoft.Storage",
    )
)
"""The walkthrough makes its first resources before it registers a provider, so they are registered already."""
_ALWAYS = frozenset({"microsoft.authorization", "microsoft.resources"})
"""Need no registration and cannot lose it."""


def is_registered(world: World, namespace: str) -> bool:
    """Whether resources of the provider can be made."""
    document = world.store.get(_COLLECTION, namespace.lower())
    if document is None or namespace.lower() in _ALWAYS:
        return namespace.lower() in REGISTERED_FROM_THE_START
    return bool(document["registered"])


def register(world: World, namespace: str, registered: bool) -> None:
    """Registers the provider, or takes the registration back."""
    world.store.put(_COLLECTION, namespace.lower(), {"registered": registered})


def require(world: World, namespace: str) -> None:
    """Raises MissingSubscriptionRegistration, 409."""
    if not is_registered(world, namespace):
        raise missing_registration(namespace)
