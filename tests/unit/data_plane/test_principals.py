"""Principals by name, from the local Azure's Microsoft Graph."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from azure.identity import ClientSecretCredential

from data_plane import principals, session
from data_plane.clouds import PUBLIC
from data_plane.errors import ForbiddenError
from data_plane.principals import PrincipalError
from local_azure.entra import directory
from tests.support import Azure

pytestmark = pytest.mark.daemon


def object_id(kind: str, name: str) -> str:
    return principals.object_id(session.current().credential, kind, name)


def test_users_groups_and_service_principals_are_found_by_name(signed_in: Azure) -> None:
    del signed_in
    assert object_id("user", "kim.akers@contoso.com") == directory.USER_OBJECT_ID
    assert object_id("group", "HSM Operators") == directory.GROUP_OBJECT_ID
    assert object_id("servicePrincipal", "contoso-deployer") == directory.DEPLOYER_OBJECT_ID


def test_a_name_that_nobody_has_is_told_with_the_way_out(signed_in: Azure) -> None:
    del signed_in
    with pytest.raises(
        PrincipalError, match=r"no service principal of this tenant .* 'HSM Operators': check .*objectId"
    ):
        object_id("servicePrincipal", "HSM Operators")


@pytest.mark.parametrize("name", ["O'Hara' or displayName ne '", "50% & more?$filter=#"])
def test_a_name_stays_a_name_whatever_is_in_it(signed_in: Azure, name: str) -> None:
    del signed_in
    with pytest.raises(PrincipalError, match="no group of this tenant has the displayName"):
        object_id("group", name)


def test_a_name_that_several_have_means_nobody(signed_in: Azure) -> None:
    both = {"value": [{"id": "one"}, {"id": "two"}]}
    signed_in.control.add_fault("status", path="/v1.0/groups", status=200, body=both)
    with pytest.raises(PrincipalError, match=r"2 groups have the displayName 'Twins' \(one, two\)"):
        object_id("group", "Twins")


def test_whoever_may_not_read_the_directory_is_told_what_it_takes(signed_in: Azure) -> None:
    signed_in.control.add_fault("status", path="/v1.0/groups", status=403, code="Authorization_RequestDenied")
    with pytest.raises(ForbiddenError, match=r"may not read the directory; give \{objectId: …\}"):
        object_id("group", "HSM Operators")


def by_hand(path: str, **body: Any) -> Any:
    """Something made in the directory, as a person with Graph does."""
    token = session.current().credential.get_token(f"{PUBLIC.graph}/.default").token
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.post(f"{PUBLIC.graph}/v1.0/{path}", json=body, headers=headers, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("kind", "collection", "words"),
    [("group", "groups", "groups"), ("servicePrincipal", "servicePrincipals", "service principals")],
)
def test_two_of_one_name_are_told_apart_by_nobody_but_their_ids(
    signed_in: Azure, kind: str, collection: str, words: str
) -> None:
    del signed_in
    made = []
    for _ in range(2):
        body = {"displayName": "Twins"}
        if kind == "servicePrincipal":
            body = {"appId": by_hand("applications", **body)["appId"]}
        made.append(by_hand(collection, **body)["id"])
    with pytest.raises(PrincipalError, match=f"2 {words} have the displayName 'Twins'") as told:
        object_id(kind, "Twins")
    assert all(each in str(told.value) for each in made)
    assert "give {objectId: …} of the one that is meant" in str(told.value)


def test_an_application_without_consent_may_not_look_anybody_up(signed_in: Azure) -> None:
    application = by_hand("applications", displayName="no-directory")
    by_hand("servicePrincipals", appId=application["appId"])
    secret = by_hand(f"applications/{application['id']}/addPassword", passwordCredential={})["secretText"]
    tenant = signed_in.instance.variables({})[0]["AZURE_TENANT_ID"]
    credential = ClientSecretCredential(tenant, application["appId"], secret)
    with pytest.raises(ForbiddenError, match=r"may not read the directory; give \{objectId: …\}"):
        principals.object_id(credential, "user", "kim.akers@contoso.com")
    credential.close()
