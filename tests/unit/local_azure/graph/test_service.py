from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.graph.filters import matches
from local_azure.graph.service import GraphService

Call = Callable[..., dict[str, Any]]


@pytest.fixture
def graph(world: World) -> Call:
    directory.seed(world)
    service = GraphService(world)
    deployer = directory.principal(world, directory.DEPLOYER_OBJECT_ID)
    assert deployer is not None
    bearer = "Bearer " + tokens.issue(world, deployer, "https://graph.microsoft.com")

    def call(path: str, body: object = None, method: str = "GET", **query: str) -> dict[str, Any]:
        request = Request(
            "POST" if body is not None and method == "GET" else method,
            "graph.microsoft.com",
            path,
            {f"${name}": value for name, value in query.items()},
            {"authorization": bearer},
            b"" if body is None else json.dumps(body).encode(),
        )
        content: dict[str, Any] = json.loads(service.handle(request).body or b"{}")
        return content

    return call


def test_a_user_is_found_by_name(graph: Call) -> None:
    assert graph("/v1.0/users/kim.akers@contoso.com")["id"] == directory.USER_OBJECT_ID


def test_a_group_is_found_by_its_display_name(graph: Call) -> None:
    found = graph("/v1.0/groups", filter="displayName eq 'HSM Operators'")["value"]
    assert [each["id"] for each in found] == [directory.GROUP_OBJECT_ID]


def test_a_service_principal_is_found_by_its_client_id(graph: Call) -> None:
    path = f"/v1.0/servicePrincipals(appId='{directory.DEPLOYER_CLIENT_ID}')"
    assert graph(path)["id"] == directory.DEPLOYER_OBJECT_ID
    by_name = f"servicePrincipalNames/any(c:c eq '{directory.DEPLOYER_CLIENT_ID}')"
    assert len(graph("/v1.0/servicePrincipals", filter=by_name)["value"]) == 1


def test_ids_are_looked_up_together_and_unknown_ones_left_out(graph: Call) -> None:
    ids = [directory.GROUP_OBJECT_ID, "00000000-0000-4000-8000-000000000000"]
    found = graph("/v1.0/directoryObjects/getByIds", {"ids": ids})["value"]
    assert [each["@odata.type"] for each in found] == ["#microsoft.graph.group"]


def test_a_group_is_no_user(graph: Call) -> None:
    with pytest.raises(ServiceError, match="Request_ResourceNotFound"):
        graph(f"/v1.0/users/{directory.GROUP_OBJECT_ID}")


def test_a_member_added_here_counts_everywhere(world: World, graph: Call) -> None:
    user = graph("/v1.0/users", {"displayName": "Ann Beebe", "userPrincipalName": "ann.beebe@contoso.com"})
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{user['id']}"}
    graph(f"/v1.0/groups/{directory.GROUP_OBJECT_ID}/members/$ref", reference)
    assert directory.groups_of(world, user["id"]) == {directory.GROUP_OBJECT_ID}


def test_the_members_of_a_group_are_listed(graph: Call) -> None:
    members = graph(f"/v1.0/groups/{directory.GROUP_OBJECT_ID}/members")["value"]
    assert [(each["id"], each["@odata.type"]) for each in members] == [
        (directory.USER_OBJECT_ID, "#microsoft.graph.user")
    ]
    with pytest.raises(ServiceError, match="Request_ResourceNotFound"):
        graph(f"/v1.0/groups/{directory.USER_OBJECT_ID}/members")


def test_of_the_groups_asked_for_those_come_back_that_one_is_in(graph: Call) -> None:
    path = f"/v1.0/directoryObjects/{directory.USER_OBJECT_ID}/checkMemberGroups"
    asked = [directory.GROUP_OBJECT_ID, "00000000-0000-4000-8000-000000000000"]
    assert graph(path, {"groupIds": asked})["value"] == [directory.GROUP_OBJECT_ID]


def test_reading_takes_a_permission(world: World) -> None:
    directory.seed(world)
    stranger = directory.create_managed_identity(world, display_name="vm", resource_id="/subscriptions/s")
    token = tokens.issue(world, stranger, "https://graph.microsoft.com")
    request = Request("GET", "graph.microsoft.com", "/v1.0/users", headers={"authorization": f"Bearer {token}"})
    with pytest.raises(ServiceError, match="Authorization_RequestDenied"):
        GraphService(world).handle(request)


def test_a_quoted_and_is_no_operator() -> None:
    assert matches("displayName eq 'Research and Development'", {"displayName": "Research and Development"})


def test_a_filter_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ServiceError, match="Request_UnsupportedQuery"):
        matches("length(displayName) gt 3", {})
