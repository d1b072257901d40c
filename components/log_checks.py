"""The places for logs, looked at before a pool is made whose activation would then have no log to be in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from components.deployer import Deployer
from components.present_pool import is_active
from config import ConfigurationError, Settings
from config.diagnostics import Diagnostics
from config.problems import Problem, not_accepted
from data_plane.errors import ForbiddenError, NotFoundError
from data_plane.session import Session

_DIAGNOSTICS: Final = "managed-hsm:diagnostics"
_API_VERSIONS: Final = {"storage": "2024-01-01", "eventHub": "2024-01-01", "logAnalytics": "2023-09-01"}
_SEND: Final = {"Send", "Manage"}


def check_log_places(settings: Settings, pool: Any | None, who: Deployer, session: Session) -> None:
    """Looks whether what is named by id is there and fits, and whether the account's name is free.

    Only while the pool is not active: later a place that does not fit fails by itself, and keeps nothing waiting.
    ``pool``: as azure-native found it. Raises ConfigurationError, ConflictError and other DataPlaneErrors. What the
    deployer may not read is left to ARM.
    """
    diagnostics = settings.diagnostics
    if diagnostics is None or is_active(pool):
        return
    problems = list(_problems(diagnostics, settings.location, session))
    if problems:
        raise ConfigurationError(problems, "the places for logs")
    if diagnostics.storage is not None and diagnostics.storage.name is not None:
        _refuse_taken(settings.resource_group, diagnostics.storage.name, who, session)


def _problems(diagnostics: Diagnostics, location: str, session: Session) -> Iterator[Problem]:
    for key, place in diagnostics.places.items():
        if place.id is None:
            continue
        path = f"{_DIAGNOSTICS}.{key}.id"
        found = _read(session, place.id, key)
        if found is None:
            yield Problem(
                path, f"there is no {place.id}, or the deployer cannot see it; correct it, or make one (name)"
            )
        elif key == "storage":
            yield from _misplaced(path, found, location)
        elif key == "eventHub":
            rights = set(found.get("properties", {}).get("rights", []))
            if found and not rights & _SEND:
                yield not_accepted(path, place.id, "a rule with the right to send")
            namespace = _read(session, place.id.rsplit("/", 2)[0], key)
            yield from _misplaced(path, namespace or {}, location)


def _misplaced(path: str, found: dict[str, Any], location: str) -> Iterator[Problem]:
    """Of an account or a namespace in another region than what logs to it."""
    lies_in = str(found.get("location") or location).replace(" ", "").lower()
    if lies_in != location:
        text = f"lies in {lies_in}; one in {location}, the region of what logs to it"
        yield Problem(path, text, ("azure-native:location",))


def _read(session: Session, arm_id: str, key: str) -> dict[str, Any] | None:
    """The resource, None where there is none, empty where the deployer may not read it."""
    try:
        found: dict[str, Any] = session.resource_manager_get(arm_id, _API_VERSIONS[key])
    except NotFoundError:
        return None
    except ForbiddenError:
        return {}
    return found


def _refuse_taken(resource_group: str, name: str, who: Deployer, session: Session) -> None:
    from data_plane import custody_account, storage_accounts

    account_id = storage_accounts.id_of(who.subscription_id, resource_group, name)
    with suppress(ForbiddenError):
        if storage_accounts.read(session, account_id) is None:
            custody_account.refuse_taken(session, who.subscription_id, name, f"{_DIAGNOSTICS}.storage.name")
