"""Signed in as whom, and on which subscription.

Source: Microsoft.Resources subscriptions, api-version 2022-12-01.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from data_plane.credentials import Identity, identity
from data_plane.errors import DataPlaneError
from data_plane.session import Session
from preflight.line import Line, failed, passed

SIGNED_IN: Final = "signed in"
SUBSCRIPTION: Final = "subscription"
_API_VERSION: Final = "2022-12-01"
_CHOOSE: Final = "set ARM_SUBSCRIPTION_ID or azure-native:subscriptionId"


def sign_in(azure_native: Mapping[str, str]) -> tuple[Session | None, Line]:
    """A session, and whom it speaks for; no session where nobody can sign in."""
    try:
        chosen = identity(azure_native)
        session = Session(chosen)
        who = session.principal()
    except DataPlaneError as error:
        return None, failed(
            SIGNED_IN, str(error), "az login, or set ARM_TENANT_ID, ARM_CLIENT_ID and a secret or token"
        )
    return session, passed(SIGNED_IN, f"{who}, {_means(chosen)}")


def subscription(session: Session, azure_native: Mapping[str, str], allowed: str | None) -> tuple[str | None, Line]:
    """The subscription that azure-native would use, and whether the configuration lets it."""
    wanted = azure_native.get("subscriptionId") or os.environ.get("ARM_SUBSCRIPTION_ID", "")
    if not wanted and session.identity.kind != "az login":
        found = f"azure-native needs it said, where it signs in by {session.identity.kind}"
        return None, failed(SUBSCRIPTION, found, f"{_CHOOSE}, which must be {allowed}" if allowed else _CHOOSE)
    wanted = wanted or allowed or ""
    try:
        if not wanted:
            return _only(session)
        found = session.resource_manager_get(f"/subscriptions/{wanted}", _API_VERSION)
    except DataPlaneError as error:
        return None, failed(
            SUBSCRIPTION, f"{wanted or 'the list of them'}: {error}", f"{_CHOOSE} to one of this tenant"
        )
    name, state = found.get("displayName", wanted), found.get("state", "Enabled")
    if allowed is not None and allowed.lower() != wanted.lower():
        way_out = "set ARM_SUBSCRIPTION_ID (or az account set) to it, or change managed-hsm:subscriptionId"
        return None, failed(SUBSCRIPTION, f"{name} ({wanted}), but the stack is for {allowed}", way_out)
    if state != "Enabled":
        return None, failed(SUBSCRIPTION, f"{name} ({wanted}) is {state}", "have it enabled, or take another one")
    return wanted, passed(SUBSCRIPTION, f"{name} ({wanted})")


def _only(session: Session) -> tuple[str | None, Line]:
    """The one that there is, as the Azure CLI would take it."""
    found = session.resource_manager_list("/subscriptions", _API_VERSION)
    if len(found) != 1:
        said = (
            f"{len(found)} that whoever is signed in may read" if found else "none that whoever is signed in may read"
        )
        return None, failed(SUBSCRIPTION, said, _CHOOSE)
    one = found[0]
    return str(one["subscriptionId"]), passed(SUBSCRIPTION, f"{one.get('displayName')} ({one['subscriptionId']})")


def _means(chosen: Identity) -> str:
    return f"by {chosen.kind}, as {chosen.source} says" if chosen.kind != "az login" else "by az login"
