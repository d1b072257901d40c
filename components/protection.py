"""What keeps a prod stack from being deleted, and when a person has lifted that."""

from __future__ import annotations

import pulumi

from config import Settings
from config.hsm import Hsm
from data_plane.customer_managed_keys import ROLE


def is_lifted(settings: Settings) -> bool:
    """Whether somebody has written the words that lift the protection."""
    return isinstance(settings.hsm, Hsm) and settings.hsm.protection_is_lifted


def tell_lifted(settings: Settings) -> None:
    """Says at every preview that the protection is lifted: words that stay in a configuration are forgotten."""
    if is_lifted(settings):
        pulumi.log.warn(
            f"managed-hsm:hsm.liftProtection: nothing keeps {settings.hsm.name} and its keys from being deleted; take"
            " it out again unless they shall be"
        )


def is_protected(settings: Settings) -> bool:
    """Whether Pulumi refuses to delete or replace the pool and its activation."""
    return settings.environment == "prod" and not is_lifted(settings)


def protected_keys(settings: Settings) -> frozenset[str]:
    """The keys that Pulumi refuses to delete or replace: those that say so, and those that a service encrypts with."""
    if is_lifted(settings):
        return frozenset()
    granted = {each.scope.removeprefix("/keys/") for each in settings.role_assignments if each.role == ROLE}
    return frozenset(name for name, key in settings.keys.items() if key.protect or name in granted)
