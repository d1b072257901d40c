"""Resource ids: what an ARM path names.

Grammar in "Azure Resource Manager, resource IDs": a scope, then ``/providers/<namespace>`` and pairs of type and name.
Ids are compared without regard to case and shown as they were written at creation.
"""

from __future__ import annotations

from dataclasses import dataclass

_SUBSCRIPTIONS, _GROUPS, _PROVIDERS = "subscriptions", "resourcegroups", "providers"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"


@dataclass(frozen=True)
class ResourceId:
    """A resource, or a collection of resources where the last type has no name."""

    scope: str
    """What comes before the last ``/providers/``: empty for the tenant, a subscription, a group, another resource."""
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_collection(self) -> bool:
        """Whether it names all resources of a type, not one."""
        return len(self.names) < len(self.types)

    @property
    def type(self) -> str:
        """For instance ``Microsoft.Network/virtualNetworks/subnets``."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def parent(self) -> str | None:
        """The id of the resource that this one is a child of; None for a top-level resource."""
        if len(self.types) < 2:
            return None
        return str(ResourceId(self.scope, self.namespace, self.types[:-1], self.names[: len(self.types) - 1]))

    @property
    def subscription(self) -> str | None:
        """The subscription's GUID."""
        return subscription_of(self.scope)

    @property
    def group(self) -> str | None:
        """The resource group's name."""
        return group_of(self.scope)

    def __str__(self) -> str:
        pairs = [part for pair in zip(self.types, self.names, strict=False) for part in pair]
        if self.is_collection:
            pairs.append(self.types[-1])
        return "/".join((self.scope, _PROVIDERS, self.namespace, *pairs))


def parse(path: str) -> ResourceId | None:
    """What the path names, or None where it is no path to a resource of a provider."""
    segments = [segment for segment in path.split("/") if segment]
    # Keywords and names take turns, so what stands at an odd place is a name, be it "providers".
    keywords = [place for place in range(0, len(segments), 2) if segments[place].lower() == _PROVIDERS]
    if not keywords:
        return None
    last = keywords[-1]
    rest = segments[last + 1 :]
    if len(rest) < 2:
        return None
    scope = "".join(f"/{segment}" for segment in segments[:last])
    return ResourceId(scope, rest[0], tuple(rest[1::2]), tuple(rest[2::2]))


def type_of(resource_id: str) -> str:
    """The resource type that an id names; groups and subscriptions included. ValueError for anything else."""
    parsed = parse(resource_id)
    if parsed is not None:
        return parsed.type
    match [segment.lower() for segment in resource_id.split("/") if segment]:
        case [first, _] if first == _SUBSCRIPTIONS:
            return SUBSCRIPTION_TYPE
        case [first, _, second, _] if (first, second) == (_SUBSCRIPTIONS, _GROUPS):
            return GROUP_TYPE
    raise ValueError(f"not a resource id: {resource_id}")


def subscription_of(path: str) -> str | None:
    """The subscription that a path lies in."""
    return _named(path, _SUBSCRIPTIONS)


def group_of(path: str) -> str | None:
    """The resource group that a path lies in."""
    return _named(path, _GROUPS)


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def same(one: str | None, other: str | None) -> bool:
    """Whether two ids name the same resource."""
    return one is not None and other is not None and one.rstrip("/").lower() == other.rstrip("/").lower()


def within(resource_id: str, scope: str) -> bool:
    """Whether the id is the scope itself or lies in it; everything lies in ``/``."""
    inner, outer = resource_id.rstrip("/").lower(), scope.rstrip("/").lower()
    return inner == outer or inner.startswith(outer + "/")


def _named(path: str, keyword: str) -> str | None:
    segments = [segment for segment in path.split("/") if segment]
    for position in range(0, min(len(segments) - 1, 4), 2):
        if segments[position].lower() == keyword:
            return segments[position + 1]
    return None
