"""Keys that Azure services encrypt with: what the services ask of them."""

from __future__ import annotations

from collections.abc import Iterator

from config.hsm import Firewall, Hsm
from config.keys import Key
from config.problems import Problem, not_accepted
from config.settings import NAMESPACE, Settings
from data_plane.customer_managed_keys import OPERATIONS, SIZES, PoolFacts, obstacles


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of keys that a service is said to use, and of the pool for them."""
    used = {name: key for name, key in settings.keys.items() if key.used_by}
    for name, key in used.items():
        yield from _key_problems(f"{NAMESPACE}:keys.{name}", key)
    pool = settings.hsm
    if not used or not isinstance(pool, Hsm):
        return
    involved = tuple(f"{NAMESPACE}:keys.{name}.usedBy" for name in used)
    said = {"purgeProtection": pool.purge_protection, "firewall.bypass": pool.firewall.bypass}
    for name, accepted in obstacles(PoolFacts(pool.purge_protection, _is_public(pool.firewall), _trusts(pool))):
        yield not_accepted(f"{NAMESPACE}:hsm.{name}", said[name], accepted, involved)


def _is_public(firewall: Firewall) -> bool:
    return firewall.public_network_access == "Enabled" and firewall.default_action == "Allow"


def _trusts(pool: Hsm) -> bool:
    return pool.firewall.bypass == "AzureServices"


def _key_problems(path: str, key: Key) -> Iterator[Problem]:
    involved = (f"{path}.usedBy",)
    if key.type != "RSA-HSM":
        yield not_accepted(f"{path}.type", key.type, "RSA-HSM for a key that a service uses", involved)
        return
    for service in dict.fromkeys(use.service for use in key.used_by):
        if key.size is not None and key.size not in SIZES[service]:
            accepted = f"{', '.join(map(str, SIZES[service]))} for {service}"
            yield not_accepted(f"{path}.size", key.size, accepted, involved)
    missing = sorted(OPERATIONS - set(key.effective_operations))
    if missing:
        accepted = "wrapKey and unwrapKey among them for a key that a service uses"
        yield not_accepted(f"{path}.operations", list(key.operations), accepted, involved)
    if not key.enabled:
        yield not_accepted(f"{path}.enabled", False, "true while a service uses the key", involved)
    if key.on_remove == "purge":
        yield not_accepted(f"{path}.onRemove", "purge", "softDelete or retain while a service uses the key", involved)
