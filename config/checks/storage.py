"""Blobs that the security domain is kept in: where they must not lie, as far as the configuration itself says it."""

from __future__ import annotations

from collections.abc import Iterator

from config.problems import Problem, not_accepted
from config.security_domain import BlobDestination
from config.settings import Settings

_STORAGE = "managed-hsm:storage"
_DESTINATIONS = "managed-hsm:securityDomain.destinations"
_GROUP = ("managed-hsm:resourceGroup",)
_ACCOUNTS = "/providers/microsoft.storage/storageaccounts/"


def problems(settings: Settings) -> Iterator[Problem]:
    """Problems of the program's own account, and of blobs anywhere."""
    domain, own = settings.security_domain, settings.storage
    blobs = {
        index: each
        for index, each in enumerate(domain.destinations if domain is not None else ())
        if isinstance(each, BlobDestination)
    }
    if own is not None:
        if own.resource_group.casefold() == settings.resource_group.casefold():
            accepted = "another group than the pool's, which the security domain has to outlive"
            yield not_accepted(f"{_STORAGE}.resourceGroup", own.resource_group, accepted, _GROUP)
        backup_is_here = settings.backup is not None and settings.backup.account_name == own.name
        if not backup_is_here and not any(each.account_name == own.name for each in blobs.values()):
            expected = f"{{blob: https://{own.name}.blob.core.windows.net/<container>}}"
            yield Problem(_STORAGE, f"nothing is kept in it; a destination in it ({expected})", (_DESTINATIONS,))
    for index, each in blobs.items():
        yield from _account_problems(settings, each, f"{_DESTINATIONS}[{index}].account")


def _account_problems(settings: Settings, destination: BlobDestination, key: str) -> Iterator[Problem]:
    account, own = destination.account, settings.storage
    if account is None:
        return
    lower = account.lower()
    if own is not None and destination.account_name == own.name:
        yield Problem(key, "is not accepted; none for the program's own account", (f"{_STORAGE}.name",))
    elif not lower.endswith(f"{_ACCOUNTS}{destination.account_name}"):
        accepted = f"the ARM id of the storage account {destination.account_name}"
        yield not_accepted(key, account, accepted, (key.replace(".account", ".blob"),))
    elif settings.subscription_id is not None and lower.startswith(
        f"/subscriptions/{settings.subscription_id}/resourcegroups/{settings.resource_group.lower()}/"
    ):
        accepted = "an account outside of the pool's resource group, which the security domain has to outlive"
        yield not_accepted(key, account, accepted, _GROUP)
