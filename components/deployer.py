"""Who runs the program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deployer:
    """Who runs the program, and where."""

    tenant_id: str
    subscription_id: str
    object_id: str
