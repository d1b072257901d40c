"""What keeps a prod stack from being deleted, and when a person has lifted that."""

from __future__ import annotations

from config import Settings
from config.hsm import Hsm


def is_lifted(settings: Settings) -> bool:
    """Whether somebody has written the words that lift the protection."""
    return isinstance(settings.hsm, Hsm) and settings.hsm.protection_is_lifted


def is_protected(settings: Settings) -> bool:
    """Whether Pulumi refuses to delete or replace the pool and its activation."""
    return settings.environment == "prod" and not is_lifted(settings)
