"""What DNS answers at one place: private zones that are linked to its network, public names behind them.

"What is a private Azure DNS zone?", "What is a virtual network link?", "Fallback to internet for Azure Private DNS
zones" and "What is the auto registration feature of Azure DNS private zones?" are the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from local_azure.arm import ids
from local_azure.arm.providers.private_dns import A_RECORD, LINK
from local_azure.arm.resources import Resources, Stored
from local_azure.core.world import World
from local_azure.vm import place as places
from local_azure.vm.public_names import PublicNames, Record

_LONGEST_CHAIN = 8
_REGISTERED_TTL = 10


@dataclass(frozen=True)
class Answer:
    """The records on the way from the name that was asked for, and whether the last name on it exists."""

    records: tuple[Record, ...]
    exists: bool

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the way ends."""
        return tuple(record.value for record in self.records if record.kind == "A")


@dataclass(frozen=True)
class _Zone:
    """A private zone as one link makes it count."""

    id: str
    name: str
    registers: bool
    falls_back: bool
    """Whether a name that the zone does not have is looked for in public DNS."""

    def has(self, name: str) -> bool:
        return name == self.name or name.endswith(f".{self.name}")


class Resolver:
    """DNS as one virtual network sees it, or as everybody does."""

    def __init__(self, world: World, network_id: str | None, plays: Callable[[str], bool]) -> None:
        """``network_id``: the network whose private zones count; None where there are public names only."""
        self._world = world
        self._network_id = network_id
        self._public = PublicNames(world, plays)

    def resolve(self, name: str) -> Answer:
        """Everything there is about a name: lower case, without the last dot."""
        found: list[Record] = []
        zones = self._zones()
        for _ in range(_LONGEST_CHAIN):
            records = self._records(name, zones)
            found += records
            if not records or records[0].kind == "A":
                return Answer(tuple(found), bool(records) or self._is_apex(name, zones))
            name = records[0].value
        return Answer(tuple(found), exists=True)

    def _records(self, name: str, zones: list[_Zone]) -> list[Record]:
        zone = max((each for each in zones if each.has(name)), key=lambda each: len(each.name), default=None)
        if zone is None:
            return self._public.records(name)
        records = self._in_zone(zone, name)
        return self._public.records(name) if not records and zone.falls_back else records

    def _in_zone(self, zone: _Zone, name: str) -> list[Record]:
        resources = Resources(self._world)
        label = "@" if name == zone.name else name.removesuffix(f".{zone.name}")
        for candidate in (label, *_wildcards(label)):
            stored = resources.find(f"{zone.id}/{A_RECORD.rpartition('/')[2]}/{candidate}")
            if stored is not None:
                ttl = int(stored.properties["ttl"])
                return [Record(name, "A", each["ipv4Address"], ttl) for each in stored.properties["aRecords"]]
        return self._registered(label, name) if zone.registers else []

    def _registered(self, label: str, name: str) -> list[Record]:
        """Machines of a network register themselves in the zone that its link says."""
        for machine in Resources(self._world).of_type(places.MACHINE):
            if machine.name.lower() == label:
                found = places.configurations(self._world, machine)
                if found and ids.same(places.network_of(found[0]["subnet"]["id"]), self._network_id):
                    return [Record(name, "A", found[0]["privateIPAddress"], _REGISTERED_TTL)]
        return []

    def _zones(self) -> list[_Zone]:
        links = Resources(self._world).of_type(LINK) if self._network_id is not None else []
        return [_zone(link) for link in links if self._counts(link)]

    def _counts(self, link: Stored) -> bool:
        done = link.properties["virtualNetworkLinkState"] == "Completed"
        return done and ids.same(link.properties["virtualNetwork"]["id"], self._network_id)

    @staticmethod
    def _is_apex(name: str, zones: list[_Zone]) -> bool:
        """A zone's own name exists: it has its SOA record."""
        return any(zone.name == name for zone in zones)


def _zone(link: Stored) -> _Zone:
    zone_id = link.id.rpartition("/virtualNetworkLinks/")[0]
    return _Zone(
        zone_id,
        zone_id.rpartition("/")[2].lower(),
        registers=bool(link.properties["registrationEnabled"]),
        falls_back=link.properties.get("resolutionPolicy") == "NxDomainRedirect",
    )


def _wildcards(label: str) -> list[str]:
    """Names of wildcard records that cover a name, the closest first (RFC 4592)."""
    if label == "@":
        return []
    parts = label.split(".")
    return [".".join(("*", *parts[position:])) for position in range(1, len(parts) + 1)]
