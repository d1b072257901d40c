"""App registrations and their service principals, from the first request to the token that they are worth."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory, tokens
from local_azure.entra.errors import EntraError
from local_azure.entra.service import EntraService
from local_azure.graph.service import GraphService
from tests.unit.local_azure.managed_hsm.support import certificate_of, rsa_key

Call = Callable[..., Any]
APPLICATIONS = "/v1.0/applications"


@pytest.fixture
def graph(world: World) -> Call:
    deployer = directory.principal(world, directory.DEPLOYER_OBJECT_ID)
    assert deployer is not None
    bearer = "Bearer " + tokens.issue(world, deployer, "https://graph.microsoft.com")
    service = GraphService(world)

    def call(method: str, path: str, body: object = None, **query: str) -> Any:
        asked = {f"${name}": value for name, value in query.items()}
        content = b"" if body is None else json.dumps(body).encode()
        answer = service.handle(Request(method, "graph.microsoft.com", path, asked, {"authorization": bearer}, content))
        return json.loads(answer.body) if answer.body else None

    return call


@pytest.fixture
def application(graph: Call) -> Any:
    """A registration with a service principal."""
    made = graph("POST", APPLICATIONS, {"displayName": "contoso-ci"})
    graph("POST", "/v1.0/servicePrincipals", {"appId": made["appId"], "accountEnabled": True})
    return made


def sign_in(world: World, app_id: str, secret: str) -> Any:
    form = {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": secret,
        "scope": "https://managedhsm.azure.net/.default",
    }
    request = Request(
        "POST", "login.microsoftonline.com", f"/{TENANT_ID}/oauth2/v2.0/token", body=urlencode(form).encode()
    )
    return json.loads(EntraService(world).handle(request).body)


def test_a_secret_is_shown_once_and_is_worth_a_token(world: World, graph: Call, application: Any) -> None:
    given = {"passwordCredential": {"displayName": "rbac"}}
    added = graph("POST", f"{APPLICATIONS}/{application['id']}/addPassword", given)
    token = sign_in(world, application["appId"], added["secretText"])["access_token"]
    principal = directory.service_principal_of(world, application["appId"])
    assert principal is not None
    claims = tokens.verify(world, token, ["https://managedhsm.azure.net"])
    assert (claims.object_id, claims.app_id) == (principal.object_id, application["appId"])
    [shown] = graph("GET", f"{APPLICATIONS}/{application['id']}")["passwordCredentials"]
    assert shown == {name: value for name, value in added.items() if name != "secretText"}
    assert added["secretText"] not in str(list(world.store.scan("entra.applications")))


def test_a_secret_that_was_taken_away_or_has_expired_is_worth_nothing(
    world: World, graph: Call, application: Any
) -> None:
    path = f"{APPLICATIONS}(appId='{application['appId']}')"
    one, other = (graph("POST", f"{path}/addPassword", {}) for _ in range(2))
    graph("POST", f"{path}/removePassword", {"keyId": one["keyId"]})
    with pytest.raises(EntraError, match="7000215"):
        sign_in(world, application["appId"], one["secretText"])
    assert sign_in(world, application["appId"], other["secretText"])["token_type"] == "Bearer"
    world.clock.move(datetime.timedelta(days=731))
    with pytest.raises(EntraError, match="7000222"):
        sign_in(world, application["appId"], other["secretText"])


def test_a_certificate_is_shown_by_its_thumbprint_and_kept_where_it_is_named_again(graph: Call) -> None:
    certificates = [base64.encodebytes(certificate_of(rsa_key(number))).decode() for number in (0, 1)]
    first = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificates[0]}
    made = graph("POST", APPLICATIONS, {"displayName": "contoso-ci", "keyCredentials": [first]})
    [shown] = made["keyCredentials"]
    assert (shown["key"], shown["type"]) == (None, "AsymmetricX509Cert")
    path = f"{APPLICATIONS}/{made['id']}"
    graph("PATCH", path, {"keyCredentials": [shown, {"key": certificates[1]}]})
    assert len(graph("GET", path)["keyCredentials"]) == 2
    with pytest.raises(ServiceError, match="Key credential must have a valid certificate"):
        graph("PATCH", path, {"keyCredentials": [{"key": "AAAA"}]})
    assert len(graph("GET", path)["keyCredentials"]) == 2


def test_an_application_is_found_by_name_and_by_either_id(graph: Call, application: Any) -> None:
    for condition in ("displayName eq 'contoso-ci'", f"appId eq '{application['appId']}'"):
        assert [each["id"] for each in graph("GET", APPLICATIONS, filter=condition)["value"]] == [application["id"]]
    assert graph("GET", f"{APPLICATIONS}(appId='{application['appId']}')")["id"] == application["id"]
    with pytest.raises(ServiceError, match="Request_ResourceNotFound"):
        graph("GET", f"{APPLICATIONS}/{application['appId']}")


def test_an_application_goes_with_its_service_principal_but_not_the_other_way_round(
    world: World, graph: Call, application: Any
) -> None:
    principal = directory.service_principal_of(world, application["appId"])
    assert principal is not None
    graph("DELETE", f"/v1.0/servicePrincipals/{principal.object_id}")
    assert graph("GET", f"{APPLICATIONS}/{application['id']}")["displayName"] == "contoso-ci"
    graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    graph("DELETE", f"{APPLICATIONS}/{application['id']}")
    assert directory.service_principal_of(world, application["appId"]) is None
    with pytest.raises(ServiceError, match="Request_ResourceNotFound"):
        graph("GET", f"{APPLICATIONS}/{application['id']}")


def test_a_service_principal_needs_an_application_and_has_it_alone(graph: Call, application: Any) -> None:
    with pytest.raises(ServiceError, match="already in use"):
        graph("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]})
    with pytest.raises(ServiceError, match="does not reference a valid application object"):
        graph("POST", "/v1.0/servicePrincipals", {"appId": "11111111-2222-4333-8444-555555555555"})


def test_a_managed_identity_goes_with_its_resource_only(world: World, graph: Call) -> None:
    identity = directory.create_managed_identity(world, display_name="vm", resource_id="/subscriptions/s")
    with pytest.raises(ServiceError, match="deleted with the Azure resource"):
        graph("DELETE", f"/v1.0/servicePrincipals/{identity.object_id}")


def test_federated_credentials_are_listed(graph: Call, application: Any) -> None:
    path = f"{APPLICATIONS}/{application['id']}/federatedIdentityCredentials"
    credential = {"name": "ci", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:contoso/hsm"}
    made = graph("POST", path, credential)
    assert graph("GET", path)["value"] == [made]
    with pytest.raises(ServiceError, match="already exists"):
        graph("POST", path, credential)


def test_what_is_not_kept_of_an_application_is_refused_by_name(graph: Call) -> None:
    with pytest.raises(ServiceError, match="'web'"):
        graph("POST", APPLICATIONS, {"displayName": "x", "web": {"homePageUrl": "https://contoso.com"}})
    with pytest.raises(ServiceError, match="signInAudience"):
        graph("POST", APPLICATIONS, {"displayName": "x", "signInAudience": "AzureADMultipleOrgs"})
