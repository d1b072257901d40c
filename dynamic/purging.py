"""What the resources that purge after a destroy have in common: they make nothing, and nothing of them can drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pulumi.dynamic import CheckFailure, ReadResult

from dynamic.base import HsmProvider, Props, inputs_of, missing


@dataclass(frozen=True)
class PurgeArgs:
    """What is purged once it is soft-deleted."""

    subscription_id: str
    location: str
    name: str
    resource_id: str | None = None
    """ARM id that it has while it lives, where that tells it from another one of the name."""


class PurgingProvider(HsmProvider):
    """Does nothing but purge, when it is deleted; what and how is the subclass's."""

    REPLACE: ClassVar = ("subscription_id", "location", "name")
    PASSED_ON: ClassVar = ("resource_id",)

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """All three that tell it are needed."""
        del olds
        return news, missing(news, *self.REPLACE)

    def read(self, id_: str, props: Props) -> ReadResult:
        """There is nothing that could drift."""
        return ReadResult(id_, inputs_of(props), inputs_of(props))
