"""A line of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from config import Settings
from config.hsm import ExistingHsm
from data_plane.credentials import Identity, Principal
from data_plane.session import Session

Result = Literal["passed", "failed", "notice", "not looked at"]


@dataclass(frozen=True)
class Line:
    """What was looked at, and what came of it."""

    what: str
    result: Result
    found: str
    way_out: str = ""
    """What to do where it failed."""

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def passed(what: str, found: str) -> Line:
    """Nothing to do."""
    return Line(what, "passed", found)


def failed(what: str, found: str, way_out: str) -> Line:
    """The ``up`` would fail, or do what nobody means."""
    return Line(what, "failed", found, way_out)


def notice(what: str, found: str, way_out: str = "") -> Line:
    """Nothing wrong, but good to know."""
    return Line(what, "notice", found, way_out)


def unseen(what: str, why: str) -> Line:
    """Nobody could look."""
    return Line(what, "not looked at", why)


@dataclass(frozen=True)
class Deployment:
    """What is about to be deployed, by whom and where."""

    settings: Settings
    session: Session
    identity: Identity
    principal: Principal
    subscription_id: str
    register: bool = False
    """Whether resource providers that are missing may be registered."""

    @property
    def subscription(self) -> str:
        """ARM id of the subscription."""
        return f"/subscriptions/{self.subscription_id}"

    @property
    def group(self) -> str:
        """ARM id of the resource group."""
        return f"{self.subscription}/resourceGroups/{self.settings.resource_group}"

    @property
    def pool(self) -> str:
        """ARM id of the pool, there or not."""
        if isinstance(self.settings.hsm, ExistingHsm):
            return self.settings.hsm.existing
        return f"{self.group}/providers/Microsoft.KeyVault/managedHSMs/{self.settings.hsm.name}"


Check = Callable[[Deployment], Iterator[Line]]
