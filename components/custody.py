"""Where the security domain is kept: the places that the configuration names, and the program's own storage account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from components.deployer import Deployer
from components.present_pool import is_active
from config import ConfigurationError, Problem, Settings
from config.problems import not_accepted
from config.security_domain import BlobDestination, PathDestination, SecurityDomain
from config.storage import Storage
from dynamic.security_domain import Destination

if TYPE_CHECKING:
    from data_plane.session import Session
    from data_plane.storage_accounts import StorageAccount

_DESTINATIONS = "managed-hsm:securityDomain.destinations"
_BOTH_LOST = "the loss of one would be the loss of both"


def destinations(domain: SecurityDomain, pool: str) -> list[Destination]:
    """The places as the activation knows them."""
    return [
        Destination(path=str(each.path), optional=each.optional, handed_over=each.handed_over)
        if isinstance(each, PathDestination)
        else Destination(blob=each.address(pool), optional=each.optional)
        for each in domain.destinations
    ]


def make_account(settings: Settings, deployer: Deployer) -> Sequence[pulumi.Resource]:
    """Declares the program's own storage account, where the configuration names one."""
    own = settings.storage
    if own is None:
        return []
    from dynamic.custody_account import CustodyAccount, CustodyAccountArgs

    containers = {each.container: None for each in _blobs(settings) if each.account_name == own.name}
    if settings.backup is not None and settings.backup.account_name == own.name:
        containers[settings.backup.container_name] = None
    account = CustodyAccount(
        "custody-account",
        CustodyAccountArgs(
            subscription_id=deployer.subscription_id,
            resource_group=own.resource_group,
            location=own.location or settings.location,
            name=own.name,
            replication=own.replication,
            retention_days=own.retention_days,
            containers=list(containers),
            principal_id=deployer.object_id,
            public_network_access=own.firewall.public_network_access,
            default_action=own.firewall.default_action,
            bypass=own.firewall.bypass,
            ip_rules=list(own.firewall.ip_rules),
            tags=own.tags,
        ),
    )
    return [account]


def check_places(settings: Settings, pool: Any | None, who: Deployer, session: Session) -> None:
    """Looks at every storage account that is to keep the security domain or full backups, before anything is changed.

    Raises ConfigurationError for one that goes with the pool: that lies in its resource group, or is encrypted with a
    key of this very pool; and for one of the security domain's that is not there. Raises DataPlaneError.
    """
    if not _blobs(settings) and settings.backup is None:
        return
    problems = [*_problems(settings, pool, who, session), *_backup_problems(settings, who, session)]
    if problems:
        raise ConfigurationError(problems, "the places that keep the security domain and backups")


def _problems(settings: Settings, pool: Any | None, who: Deployer, session: Session) -> Iterator[Problem]:
    from data_plane import custody_account, storage_accounts

    domain, own = settings.security_domain, settings.storage
    for index, each in enumerate(domain.destinations if domain is not None else ()):
        if not isinstance(each, BlobDestination):
            continue
        key = f"{_DESTINATIONS}[{index}].blob"
        if own is not None and each.account_name == own.name:
            account = storage_accounts.read(session, _own_id(own, who))
            if account is None:
                custody_account.refuse_taken(session, who.subscription_id, own.name)
                continue
        else:
            account = _seen(session, who, each.account, each.account_name)
        if account is None:
            yield from _not_there(key, each, who, pool)
            continue
        container_key = storage_accounts.container_key_host(session, account, each.container)
        yield from _lost_with_the_pool(settings, key, each.blob, account, container_key, who)
        if container_key is None and not (own is not None and each.account_name == own.name):
            yield from _no_container(key, each, account, pool)


def _backup_problems(settings: Settings, who: Deployer, session: Session) -> Iterator[Problem]:
    """An account that nobody sees here may be another team's: the pool's identity will tell."""
    from data_plane import storage_accounts

    backup, own = settings.backup, settings.storage
    if backup is None:
        return
    is_own = own is not None and backup.account_name == own.name
    account = _seen(
        session, who, _own_id(own, who) if own is not None and is_own else backup.account, backup.account_name
    )
    if account is not None:
        container_key = storage_accounts.container_key_host(session, account, backup.container_name)
        key = "managed-hsm:backup.container"
        yield from _lost_with_the_pool(settings, key, backup.container, account, container_key, who)


def _seen(session: Session, who: Deployer, account_id: str | None, name: str) -> StorageAccount | None:
    """The account, as far as it may be seen."""
    from data_plane import storage_accounts
    from data_plane.errors import ForbiddenError

    if account_id is None:
        return storage_accounts.find(session, who.subscription_id, name)
    try:
        return storage_accounts.read(session, account_id)
    except ForbiddenError:
        return None


def _not_there(key: str, destination: BlobDestination, who: Deployer, pool: Any | None) -> Iterator[Problem]:
    """Nobody knows where it lies nor whose key it is behind; for an optional place of an active pool that may be."""
    line = (
        f"{destination.blob}: there is no storage account {destination.account_name} that this principal can see in"
        f" subscription {who.subscription_id}; one that is there, or its id (account) where it lies elsewhere"
    )
    if destination.optional and is_active(pool):
        pulumi.log.warn(f"{key}: {line}")
    else:
        yield Problem(key, line)


def _lost_with_the_pool(
    settings: Settings, key: str, address: str, account: StorageAccount, container_key: str | None, who: Deployer
) -> Iterator[Problem]:
    subscription = account.id.split("/")[2].lower()
    if subscription == who.subscription_id.lower() and _same(account.resource_group, settings.resource_group):
        accepted = f"an account outside of {settings.resource_group}, the pool's own resource group: {_BOTH_LOST}"
        yield not_accepted(key, address, accepted, ("managed-hsm:resourceGroup",))
        return
    host = f"{settings.hsm.name.lower()}.managedhsm."
    if any(str(each).startswith(host) for each in (account.key_host, container_key or "")):
        accepted = f"an account that is not encrypted with a key of {settings.hsm.name} itself: {_BOTH_LOST}"
        yield not_accepted(key, address, accepted, ("managed-hsm:hsm.name",))


def _no_container(
    key: str, destination: BlobDestination, account: StorageAccount, pool: Any | None
) -> Iterator[Problem]:
    line = f"{account.name} has no container {destination.container}; make it, or name one that is there"
    if destination.optional or is_active(pool):
        pulumi.log.warn(f"{key}: {line}")
    else:
        yield Problem(key, line)


def _blobs(settings: Settings) -> list[BlobDestination]:
    domain = settings.security_domain
    return [each for each in (domain.destinations if domain else ()) if isinstance(each, BlobDestination)]


def _own_id(own: Storage, who: Deployer) -> str:
    from data_plane import storage_accounts

    return storage_accounts.id_of(who.subscription_id, own.resource_group, own.name)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
