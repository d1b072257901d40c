"""What the deployer may do in ARM, and whether the pool will know it as an administrator.

Source: Microsoft.Authorization permissions, api-version 2022-04-01; "Understand Azure role definitions" (how actions
and notActions of one role combine, and how several roles add up).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from config.hsm import Hsm
from data_plane import directory
from data_plane import pool as pools
from data_plane.credentials import Principal
from data_plane.errors import DataPlaneError, NotFoundError
from preflight.line import Deployment, Line, failed, notice, passed, unseen
from preflight.needed_rights import GROUPS, LOCKS, ROLES, needed

_ARM: Final = "rights in ARM"
_POOL: Final = "rights in the pool"
_API_VERSION: Final = "2022-04-01"
_GROUPS: Final = "2024-03-01"


def check_arm(deployment: Deployment) -> Iterator[Line]:
    """Compares what the deployer has with what the stack takes, at each place or, before it is there, above it."""
    wanted: dict[str, list[str]] = {}
    for need in needed(deployment):
        wanted.setdefault(need.scope, []).append(need.action)
    sufficient = []
    for place, actions in wanted.items():
        try:
            scope, missing = _missing(deployment, place, actions)
        except DataPlaneError as error:
            yield unseen(_ARM, str(error))
            continue
        where = _words(scope)
        if missing:
            yield failed(
                _ARM, f"at {where} there is no {', '.join(missing)}", f"give the deployer {_role(missing)} at {where}"
            )
        else:
            sufficient.append(where)
    if sufficient:
        yield passed(_ARM, f"everything that the stack takes at {', '.join(dict.fromkeys(sufficient))}")
    if not wanted:
        yield passed(_ARM, "the stack makes nothing in ARM")


def _missing(deployment: Deployment, place: str, actions: list[str]) -> tuple[str, list[str]]:
    """Where the actions will be asked for, and those of them that the deployer may not do there."""
    scope = place
    if "/resourcegroups/" in place.lower() and "/providers/" not in place and not _is_there(deployment, place):
        scope, actions = deployment.subscription, [GROUPS, *actions]
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    permissions = deployment.session.resource_manager_list(path, _API_VERSION)
    return scope, [action for action in actions if not allowed(action, permissions)]


def _words(scope: str) -> str:
    parts = scope.strip("/").split("/")
    return "the subscription" if len(parts) == 2 else f"the resource group {parts[-1]}" if len(parts) == 4 else scope


def _role(missing: list[str]) -> str:
    """What Contributor must not do takes another role beside it."""
    roles = ["Contributor"] if set(missing) - {ROLES, LOCKS} else []
    if LOCKS in missing:
        return " and ".join([*roles, "User Access Administrator"])
    return " and ".join([*roles, "Role Based Access Control Administrator"] if ROLES in missing else roles)


def allowed(action: str, permissions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the permissions has the action and does not take it away again."""
    return any(
        _matches(action, each.get("actions") or ()) and not _matches(action, each.get("notActions") or ())
        for each in permissions
    )


def _matches(action: str, patterns: Iterable[str]) -> bool:
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), action, re.IGNORECASE) for pattern in patterns
    )


def check_administrator(deployment: Deployment) -> Iterator[Line]:
    """Whether the deployer can activate the pool and give roles in it: only its administrators can."""
    pool, who = deployment.settings.hsm, deployment.principal
    if not isinstance(pool, Hsm):
        yield unseen(_POOL, "the pool is somebody else's")
        return
    try:
        there = pools.read(deployment.session, deployment.pool)
        if there is not None and there.activation_status == pools.ACTIVE:
            yield notice(_POOL, "the pool is active: python -m access matrix shows who may do what in it")
            return
        # The service has read them when it made the pool, and never again.
        administrators = list(there.initial_administrators if there else pool.initial_administrators)
        yield _administers(deployment, who, administrators)
    except DataPlaneError as error:
        yield unseen(_POOL, str(error))


def _administers(deployment: Deployment, who: Principal, administrators: list[str]) -> Line:
    if "deployer" in administrators or who.object_id.lower() in map(str.lower, administrators):
        return passed(_POOL, "the deployer is an initial administrator")
    by_itself = f"{who} is no initial administrator by itself, and nobody else can activate the pool"
    way_out = "let it be a member of a group in managed-hsm:hsm.initialAdministrators, or name it there"
    try:
        groups = directory.groups_among(deployment.session, who.object_id, administrators)
    except DataPlaneError as error:
        return notice(_POOL, f"{by_itself}; whether it is a member of a group there was not seen: {error}", way_out)
    if groups:
        return passed(_POOL, f"the deployer is a member of {', '.join(groups)}, an initial administrator")
    return failed(_POOL, f"{by_itself}; it is a member of no group there either", way_out)


def _is_there(deployment: Deployment, group: str) -> bool:
    try:
        deployment.session.resource_manager_get(group, _GROUPS)
    except NotFoundError:
        return False
    return True
