"""That a private endpoint's connection to the pool is approved, waited for where somebody else approves it.

It makes nothing: it looks, says what is missing, and keeps the status. Until the connection is approved every ``up``
looks again; a refresh sees it lost later on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from dynamic.base import HsmProvider, Props, inputs_of, missing, one_line, tell

_STATUS = "status"
_APPROVED = "Approved"
_HOW = ("endpoint_urn", "approval_minutes", "needed")


@dataclass
class EndpointConnectionArgs:
    """Which connection, and for how long its approval is waited for."""

    hsm_id: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    endpoint_id: pulumi.Input[str]
    endpoint_urn: pulumi.Input[str]
    """What the engine calls the endpoint, to name the command that makes it anew."""
    approval_minutes: int
    needed: bool
    """Whether something else in the stack goes through it, so that an approval that is missing is an error."""


class EndpointConnectionProvider(HsmProvider):
    """Looks; makes and deletes nothing."""

    UPDATE: ClassVar = ("hsm_id", "hsm_created_at", "endpoint_id", "endpoint_urn", "approval_minutes", "needed")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Pool and endpoint are needed."""
        del olds
        return news, missing(news, "hsm_id", "endpoint_id")

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """What is not approved is looked at again."""
        changed = super().diff(_id, _olds, _news)
        return changed if inputs_of(_olds).get(_STATUS) == _APPROVED else DiffResult(changes=True)

    def same(self, name: str, old: Any, new: Any) -> bool:
        """How to wait is no difference where nothing has to be waited for."""
        return name in _HOW or super().same(name, old, new)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Waits for the approval. Raises DataPlaneError where it is needed and not given, or the connection is lost."""
        inputs = inputs_of(props)
        return CreateResult(f"{inputs['endpoint_id']}/connection", {**inputs, _STATUS: _settled(inputs)})

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Waits again."""
        inputs = inputs_of(_news)
        return UpdateResult({**inputs, _STATUS: _settled(inputs)})

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """The status as it is now; nothing where the pool has gone."""
        from data_plane import endpoint_connections, session

        known = inputs_of(props)
        status = endpoint_connections.status(session.current(), known["hsm_id"], known["endpoint_id"])
        if status is None:
            return ReadResult(None, {})
        return ReadResult(id_, {**known, _STATUS: status}, self.declared(known))


def _settled(inputs: Props) -> str:
    from data_plane import endpoint_connections, session

    awaited = endpoint_connections.Awaited(
        inputs["hsm_id"],
        inputs["endpoint_id"],
        approval_seconds=inputs["approval_minutes"] * 60.0,
        needed=inputs["needed"],
        anew=f"pulumi up --replace '{inputs['endpoint_urn']}'",
    )
    return endpoint_connections.settled(session.current(), awaited, say=tell)


class EndpointConnection(Resource, module="mhsm", name="EndpointConnection"):
    """The connection of a private endpoint, approved."""

    status: pulumi.Output[str]
    """``Approved``, or ``Pending`` where nothing in the stack needs it yet."""

    def __init__(self, name: str, args: EndpointConnectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs: dict[str, Any] = {**vars(args), _STATUS: None}
        super().__init__(EndpointConnectionProvider(), name, inputs, opts)
