"""What can be done in the data plane of a Managed HSM, by the names that roles use for it.

Sources: ``DataAction`` in the description of the service's role API (azure-rest-api-specs, keyvault, ``rbac.json``
7.5), and for rotation, derivation, settings and external key management the permissions of the built-in roles as the
live service has listed them (recordings of azure-sdk-for-python's ``azure-keyvault-administration`` and of azure-cli's
``test_keyvault_hsm_security_domain``), which the description does not name. "Managed HSM local RBAC built-in roles"
tells what each one permits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from data_plane.built_in_roles import BUILT_IN_ROLES, guid_of

PREFIX: Final = "Microsoft.KeyVault/managedHsm/"
"""Every data action begins with it."""

ROLE_READS: Final = ("roleAssignments/read/action", "roleDefinitions/read/action")
ROLE_WRITES: Final = (
    "roleAssignments/write/action",
    "roleAssignments/delete/action",
    "roleDefinitions/write/action",
    "roleDefinitions/delete/action",
)
SECURITY_DOMAIN: Final = (
    "securitydomain/download/action",
    "securitydomain/download/read",
    "securitydomain/upload/action",
    "securitydomain/upload/read",
    "securitydomain/transferkey/read",
)
BACKUPS: Final = ("backup/start/action", "backup/status/action")
RESTORES: Final = ("restore/start/action", "restore/status/action")
SETTINGS: Final = ("settings/read/action", "settings/write/action")
EXTERNAL: Final = ("ekm/read/action", "ekm/write/action", "ekm/delete/action")
KEY_USES: Final = (
    "keys/encrypt/action",
    "keys/decrypt/action",
    "keys/wrap/action",
    "keys/unwrap/action",
    "keys/sign/action",
    "keys/verify/action",
    "keys/derive/action",
)
KEY_MANAGEMENT: Final = (
    "keys/create",
    "keys/import/action",
    "keys/write/action",
    "keys/rotate/action",
    "keys/delete",
    "keys/backup/action",
    "keys/restore/action",
)
_PLAIN: Final = (
    *ROLE_READS,
    *ROLE_WRITES,
    *SECURITY_DOMAIN,
    *BACKUPS,
    *RESTORES,
    *SETTINGS,
    *EXTERNAL,
    "keys/read/action",
    *KEY_MANAGEMENT,
    *KEY_USES,
    "keys/release/action",
    "keys/export/action",
    "keys/deletedKeys/read/action",
    "keys/deletedKeys/recover/action",
    "keys/deletedKeys/delete",
    "rng/action",
)


def full(action: str) -> str:
    """A data action with its prefix, for one that is given without."""
    return action if "." in action else PREFIX + action


def short(action: str) -> str:
    """A data action without its prefix, for people."""
    return action.removeprefix(PREFIX)


def _full_set(actions: Iterable[str]) -> frozenset[str]:
    return frozenset(map(full, actions))


DATA_ACTIONS: Final = _full_set(_PLAIN)
"""Every data action there is."""

_BY_FOLDED_NAME: Final = {name.casefold(): full(name) for action in _PLAIN for name in (action, full(action))}


def canonical(action: str) -> str | None:
    """The data action that is meant, spelled as the service spells it; the prefix may be left out. None: unknown."""
    return _BY_FOLDED_NAME.get(action.strip().casefold())


_BUILT_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "Administrator": (*ROLE_READS, *ROLE_WRITES, *SECURITY_DOMAIN, *BACKUPS, *RESTORES, *SETTINGS),
    "Crypto Officer": (
        *ROLE_READS,
        *ROLE_WRITES,
        "keys/deletedKeys/read/action",
        "keys/deletedKeys/delete",
        "keys/deletedKeys/recover/action",
        "keys/export/action",
    ),
    "Crypto User": (
        *ROLE_READS,
        "keys/read/action",
        *KEY_MANAGEMENT,
        *KEY_USES,
        "keys/release/action",
        "rng/action",
    ),
    "Policy Administrator": (*ROLE_READS, *ROLE_WRITES),
    "Crypto Auditor": (*ROLE_READS, "keys/read/action", "keys/deletedKeys/read/action"),
    "Crypto Service Encryption User": ("keys/read/action", "keys/wrap/action", "keys/unwrap/action"),
    "Crypto Service Release User": ("keys/release/action",),
    "Backup User": (*BACKUPS, "keys/backup/action"),
    "Restore User": (*RESTORES, "keys/restore/action"),
    "ARM User": (),
    "EKM Administrator": EXTERNAL,
}

BUILT_IN_DATA_ACTIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {guid: _full_set(_BUILT_IN[name.removeprefix("Managed HSM ")]) for name, guid in BUILT_IN_ROLES.items()}
)
"""What a built-in role permits, by its GUID. The ARM User's permissions are no data actions: ARM acts in its name."""


def of_built_in_role(role: str) -> frozenset[str] | None:
    """What a built-in role permits, by name, GUID or definition id; None for a role of the pool's own."""
    guid = guid_of(role)
    return None if guid is None else BUILT_IN_DATA_ACTIONS.get(guid)
