"""Who is behind object ids: kinds, names, groups and their members, from Microsoft Graph.

Source: "Microsoft Graph REST API v1.0 reference": directoryObject getByIds and checkMemberGroups, group
transitiveMembers. Reading takes the permission Directory.Read.All or the role Directory Readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from data_plane.errors import ForbiddenError, mapped
from data_plane.session import Session

_IDS_AT_ONCE: Final = 1000
_GROUPS_AT_ONCE: Final = 20
_TYPES: Final = {
    "#microsoft.graph.user": "user",
    "#microsoft.graph.group": "group",
    "#microsoft.graph.servicePrincipal": "servicePrincipal",
}


@dataclass(frozen=True)
class Described:
    """Somebody of the directory."""

    object_id: str
    """In lower case."""
    kind: str
    """``user``, ``group``, ``servicePrincipal`` or ``identity``, a managed one."""
    name: str
    """Sign-in name of a user, display name of the others."""


def described(session: Session, object_ids: Sequence[str]) -> dict[str, Described]:
    """Who is behind each of these object ids; those whom the directory does not know are left out.

    Raises DataPlaneError, ForbiddenError where the directory may not be read.
    """
    found = {}
    for ids in _pieces(sorted({each.lower() for each in object_ids}), _IDS_AT_ONCE):
        body = {"ids": ids, "types": ["user", "group", "servicePrincipal"]}
        for each in _ask(session, "POST", "/v1.0/directoryObjects/getByIds", body)["value"]:
            one = _described(each)
            found[one.object_id] = one
    return found


def groups_among(session: Session, member: str, object_ids: Sequence[str]) -> list[str]:
    """Those of the object ids that are groups with this member, directly or through groups. Raises DataPlaneError."""
    groups = [each.object_id for each in described(session, object_ids).values() if each.kind == "group"]
    found: list[str] = []
    for ids in _pieces(groups, _GROUPS_AT_ONCE):
        answer = _ask(session, "POST", f"/v1.0/directoryObjects/{member}/checkMemberGroups", {"groupIds": ids})
        found += [str(each) for each in answer["value"]]
    return found


def members(session: Session, group: str) -> list[Described]:
    """Everybody in a group, those in its groups among them. Raises DataPlaneError."""
    path = f"/v1.0/groups/{group}/transitiveMembers"
    found: list[Described] = []
    while path:
        answer = _ask(session, "GET", path)
        found += [_described(each) for each in answer["value"] if each.get("@odata.type") in _TYPES]
        path = str(answer.get("@odata.nextLink", "")).removeprefix(session.identity.cloud.graph)
    return found


def _described(found: Mapping[str, Any]) -> Described:
    kind = _TYPES.get(str(found.get("@odata.type")), "unknown")
    if kind == "servicePrincipal" and found.get("servicePrincipalType") == "ManagedIdentity":
        kind = "identity"
    name = found.get("userPrincipalName") or found.get("displayName") or found["id"]
    # Names are shown in terminals, where anybody's display name could move the cursor or turn the writing round.
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(name))
    return Described(str(found["id"]).lower(), kind, shown)


def _pieces(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _ask(session: Session, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
    from azure.core.rest import HttpRequest, HttpResponse

    graph = session.identity.cloud.graph
    policies = [RetryPolicy(), BearerTokenCredentialPolicy(session.credential, f"{graph}/.default")]
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(graph, policies=policies)
    with mapped("asking Microsoft Graph who is behind object ids"), client:
        response = client.send_request(HttpRequest(method, f"{graph}{path}", json=body))
        if response.status_code == 403:
            raise ForbiddenError(
                "asking Microsoft Graph who is behind object ids: 403: whoever is signed in may not read the directory;"
                " grant Directory.Read.All",
                status=403,
            )
        response.raise_for_status()
        return response.json()
