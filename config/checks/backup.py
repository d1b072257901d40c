"""Full backups: by which identity, and where they do not get lost together with the pool."""

from __future__ import annotations

from collections.abc import Iterator

from config.backup import Backup, Restore
from config.hsm import Hsm
from config.problems import Problem, not_accepted
from config.settings import Settings

_SECTION = "managed-hsm:backup"
_IDENTITIES = "managed-hsm:hsm.identities"
_ACCOUNTS = "/providers/microsoft.storage/storageaccounts/"


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of backup and restore."""
    if settings.backup is not None:
        yield from _account_problems(settings, settings.backup)
    if settings.restore is not None:
        yield from _restore_problems(settings, settings.restore)
    if not isinstance(settings.hsm, Hsm):
        for name in ("backup", "restore"):
            if getattr(settings, name) is not None:
                owner = ("managed-hsm:hsm.existing",)
                yield Problem(f"managed-hsm:{name}", "is not accepted; none for a pool of another stack", owner)
    yield from _key_problems(settings)
    user, pool = _user(settings), settings.hsm
    if user is not None and isinstance(pool, Hsm) and len(pool.identities) != 1:
        accepted = (
            "one user-assigned identity, as which the pool reaches its backups"
            if not pool.identities
            else "one identity while there are backups: the service cannot be told which to use"
        )
        yield not_accepted(_IDENTITIES, list(pool.identities), accepted, (user,))


def _user(settings: Settings) -> str | None:
    """The first key of the configuration that makes the pool reach for backups."""
    if settings.backup is not None:
        return _SECTION
    if settings.restore is not None:
        return "managed-hsm:restore"
    of_keys = (name for name, key in settings.keys.items() if key.restore_from_backup is not None)
    return next((f"managed-hsm:keys.{name}.restoreFromBackup" for name in of_keys), None)


def _key_problems(settings: Settings) -> Iterator[Problem]:
    for name, key in settings.keys.items():
        for other, value in (("importFrom", key.import_from), ("restoreFrom", key.restore_from)):
            if key.restore_from_backup is not None and value is not None:
                path = f"managed-hsm:keys.{name}.restoreFromBackup"
                yield Problem(path, f"is not accepted; none beside {other}", (f"managed-hsm:keys.{name}.{other}",))


def _account_problems(settings: Settings, backup: Backup) -> Iterator[Problem]:
    path, own = f"{_SECTION}.account", settings.storage
    if own is not None and own.name == backup.account_name:
        if backup.account is not None:
            yield Problem(path, "is not accepted; none for the program's own account", ("managed-hsm:storage.name",))
        firewall = own.firewall
        is_open = (firewall.public_network_access, firewall.default_action) == ("Enabled", "Allow")
        if firewall.bypass != "AzureServices" and not is_open:
            key = "managed-hsm:storage.firewall.bypass"
            yield not_accepted(key, firewall.bypass, "AzureServices, as which the pool comes in", (_SECTION,))
        return
    if backup.account is None:
        return
    before, found, name = backup.account.lower().rpartition(_ACCOUNTS)
    if not found or "/" in name:
        yield not_accepted(path, backup.account, "the ARM id of a storage account")
    elif name != backup.account_name:
        accepted = f"the account of {backup.container}"
        yield not_accepted(path, backup.account, accepted, (f"{_SECTION}.container",))
    elif before == f"/subscriptions/{settings.subscription_id}/resourcegroups/{settings.resource_group.lower()}":
        # Of a subscription that is not configured the preview finds out, which asks Azure.
        accepted = "an account in another resource group than the pool's: the loss of one would be the loss of both"
        yield not_accepted(path, backup.account, accepted, ("managed-hsm:resourceGroup",))


def _restore_problems(settings: Settings, restore: Restore) -> Iterator[Problem]:
    if restore.overwrite is not None and restore.overwrite != settings.hsm.name:
        accepted = f"the pool's name {settings.hsm.name}, as confirmation"
        yield not_accepted("managed-hsm:restore.overwrite", restore.overwrite, accepted, ("managed-hsm:hsm.name",))
