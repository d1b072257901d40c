"""Which instance a resource's id means: another one under the same id is told by when it was made.

A preview of any change of a resource does not know what the service computes, its creation time among it, and
whatever is replaced by that value would preview as replaced. This keeps the value that was known while the id is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource

from dynamic.base import HsmProvider, Props, contains_unknown, inputs_of, missing


@dataclass
class TargetInstanceArgs:
    """What is told apart."""

    target_id: pulumi.Input[str]
    """ARM id."""
    created_at: pulumi.Input[str]
    """``systemData.createdAt``, or whatever else is new with each instance."""


class TargetInstanceProvider(HsmProvider):
    """Asks nobody; makes and deletes nothing."""

    REPLACE: ClassVar = ("target_id", "created_at")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Both are needed."""
        del olds
        return news, missing(news, *self.REPLACE)

    def same(self, name: str, old: Any, new: Any) -> bool:
        """ARM writes ids in the case that it likes."""
        if name == "target_id" and isinstance(old, str) and isinstance(new, str):
            return old.lower() == new.lower()
        return super().same(name, old, new)

    def _changed(self, name: str, olds: Props, news: Props) -> bool:
        if name == "created_at" and contains_unknown(news.get(name)) and not contains_unknown(news.get("target_id")):
            return False
        return super()._changed(name, olds, news)

    def create(self, props: Props) -> CreateResult:
        """Keeps what it is told."""
        inputs = inputs_of(props)
        return CreateResult(f"{inputs['target_id']}/{inputs['created_at']}", inputs)

    def read(self, id_: str, props: Props) -> ReadResult:
        """There is nothing that could drift: another instance shows at the resource itself."""
        return ReadResult(id_, inputs_of(props), inputs_of(props))


class TargetInstance(Resource, module="mhsm", name="TargetInstance"):
    """One instance of a resource."""

    created_at: pulumi.Output[str]
    """Changes with the instance, and is known in previews as long as the resource is not replaced."""

    def __init__(self, name: str, args: TargetInstanceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TargetInstanceProvider(), name, dict(vars(args)), opts)
