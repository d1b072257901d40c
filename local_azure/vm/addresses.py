"""The addresses that things have which nobody configures: the platform's own, and those of public endpoints.

The platform's are Azure's ("What is IP address 168.63.129.16?", "Azure Instance Metadata Service"). Public ones are
invented: services get one in a range that is Microsoft's, because that is what people expect to see, and callers get
one of the ranges for documentation (RFC 5737). All of them exist inside the namespaces only.
"""

from __future__ import annotations

import hashlib

from local_azure.core.world import World

METADATA = "169.254.169.254"
RESOLVER = "168.63.129.16"
INTERNET_RESOLVER = "198.51.100.53"
PUBLIC_RESOLVERS = ("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4")
"""Those that people ask by their addresses; whoever has a way out reaches them, and they know public names only."""
STRANGER = "198.51.100.10"
"""Where somebody on the internet comes from."""

_MACHINES = "vm.public_addresses"
_MACHINE_RANGE, _FIRST, _LAST = "192.0.2.", 4, 254


def of_service(name: str, first: int = 20) -> str:
    """The public address behind a DNS name: always the same one."""
    digest = hashlib.sha256(name.lower().encode()).digest()
    return f"{first}.{160 + digest[0] % 32}.{digest[1]}.{1 + digest[2] % 254}"


def of_machine(world: World, machine_id: str, exists: set[str]) -> str:
    """The address that a machine's way out gives it: kept while the machine exists, then free for another.

    ``exists``: the ids of all machines, in lower case.
    """
    with world.store.transaction():
        mine = world.store.get(_MACHINES, machine_id.lower())
        if mine is not None:
            return str(mine["address"])
        taken = set()
        for other, document in world.store.scan(_MACHINES):
            if other in exists:
                taken.add(document["address"])
            else:
                world.store.delete(_MACHINES, other)
        free = (f"{_MACHINE_RANGE}{number}" for number in range(_FIRST, _LAST + 1))
        # With more machines than addresses they share the last one, as machines behind one gateway do.
        address = next((each for each in free if each not in taken), f"{_MACHINE_RANGE}{_LAST}")
        world.store.put(_MACHINES, machine_id.lower(), {"address": address})
        return address
