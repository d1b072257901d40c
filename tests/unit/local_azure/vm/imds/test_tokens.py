"""Tokens of a machine's identities (W0.18, W1.7)."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from local_azure.core.world import TENANT_ID, World
from local_azure.entra import tokens
from tests.unit.local_azure.arm.support import COMPUTE, ArmClient
from tests.unit.local_azure.vm.imds.support import MHSM, TOKEN, Answer, Metadata
from tests.unit.local_azure.vm.support import (
    IDENTITIES,
    IDENTITY,
    MACHINE,
    MACHINES,
    make_identity,
    make_machine,
    user_assigned,
)

NOT_FOUND = (400, "invalid_request", "Identity not found")
SEVERAL = (
    "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token"
    " request"
)


def claims(answer: Answer) -> dict[str, Any]:
    assert answer.status == 200, answer
    found: dict[str, Any] = jwt.decode(answer.body["access_token"], options={"verify_signature": False})
    return found


def test_the_answer_has_the_walkthroughs_members_with_numbers_as_strings(metadata: Metadata) -> None:
    answer = metadata.token()
    assert set(answer.body) == {
        "access_token",
        "client_id",
        "expires_in",
        "expires_on",
        "ext_expires_in",
        "not_before",
        "resource",
        "token_type",
    }
    assert all(isinstance(value, str) for value in answer.body.values())
    assert (answer.body["resource"], answer.body["token_type"]) == (MHSM, "Bearer")
    assert 80000 < int(answer.body["expires_on"]) - int(answer.body["not_before"]) <= 86400
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "IMDS" in answer.headers["Server"]


def test_the_token_says_who_the_machine_is(metadata: Metadata, machine: Any) -> None:
    answer = metadata.token()
    found = claims(answer)
    assert jwt.get_unverified_header(answer.body["access_token"])["alg"] == "RS256"
    assert (found["aud"], found["tid"], found["oid"]) == (MHSM, TENANT_ID, machine["identity"]["principalId"])
    assert (found["appid"], found["xms_mirid"]) == (answer.body["client_id"], MACHINE)
    assert found["iss"].endswith(f"/{TENANT_ID}/")


def test_the_services_believe_it(world: World, metadata: Metadata, machine: Any) -> None:
    verified = tokens.verify(world, metadata.token().body["access_token"], [MHSM])
    assert verified.object_id == machine["identity"]["principalId"]


@pytest.mark.parametrize(
    "resource",
    [
        "https://management.azure.com/",
        "https://management.azure.com",
        "https://vault.azure.net",
        "https://graph.microsoft.com/",
        "https://storage.azure.com/",
    ],
)
def test_the_resource_is_the_audience_as_it_was_asked_for(metadata: Metadata, resource: str) -> None:
    answer = metadata.token(resource=resource)
    assert claims(answer)["aud"] == answer.body["resource"] == resource


def test_an_unknown_resource_is_refused_as_entra_does(metadata: Metadata) -> None:
    status, error, description = metadata.token(resource="https://nowhere.contoso.com").refusal
    assert (status, error) == (400, "invalid_resource")
    assert description.startswith("AADSTS500011: The resource principal named https://nowhere.contoso.com was not")


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        ("resource=https://managedhsm.azure.net", "api-version"),
        ("api-version=2018-02-01", "resource"),
        ("api-version=2018-02-01&resource=", "resource"),
    ],
)
def test_what_is_missing_is_named(metadata: Metadata, query: str, missing: str) -> None:
    refusal = (400, "invalid_request", f"Required query variable '{missing}' is missing")
    assert metadata.ask(f"{TOKEN}?{query}").refusal == refusal


@pytest.mark.parametrize("version", ["2017-01-01", "9999-01-01", "2018-02-02", "latest", "2018"])
def test_a_wrong_api_version_is_refused(metadata: Metadata, version: str) -> None:
    answer = metadata.ask(f"{TOKEN}?api-version={version}&resource={MHSM}")
    assert answer.refusal[:2] == (400, "invalid_request")


@pytest.mark.parametrize("header", ["", "false", "1", "yes"])
def test_a_request_without_the_metadata_header_gets_nothing(metadata: Metadata, header: str) -> None:
    refusal = (400, "invalid_request", "Required metadata header not specified")
    assert metadata.token(metadata=header).refusal == refusal


def test_a_forwarded_request_gets_nothing(metadata: Metadata) -> None:
    assert metadata.token(x_forwarded_for="10.0.1.9").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD"])
def test_tokens_are_only_got(metadata: Metadata, method: str) -> None:
    assert metadata.ask(f"{TOKEN}?api-version=2018-02-01&resource={MHSM}", method=method).status == 405


def test_a_machine_without_an_identity_gets_no_token(world: World, arm: ArmClient, machine: Any) -> None:
    del machine
    make_machine(arm, "batch-1")
    assert Metadata(world, f"{MACHINES}/batch-1").token().refusal == NOT_FOUND


def test_an_identity_that_is_switched_on_later_answers_and_one_that_is_switched_off_does_not(
    world: World, arm: ArmClient, machine: Any
) -> None:
    del machine
    make_machine(arm, "batch-1")
    batch = Metadata(world, f"{MACHINES}/batch-1")
    arm.finish(arm.patch(batch.machine, COMPUTE, {"identity": {"type": "SystemAssigned"}}))
    assert batch.token().status == 200
    arm.finish(arm.patch(batch.machine, COMPUTE, {"identity": {"type": "None"}}))
    assert batch.token().refusal == NOT_FOUND


class TestSeveralIdentities:
    @pytest.fixture
    def one(self, arm: ArmClient, machine: Any) -> Any:
        del machine
        return make_identity(arm, "one")["properties"]

    @pytest.fixture
    def two(self, arm: ArmClient, machine: Any) -> Any:
        del machine
        return make_identity(arm, "two")["properties"]

    @pytest.fixture
    def batch(self, world: World, arm: ArmClient, one: Any, two: Any) -> Metadata:
        del one, two
        make_machine(arm, "batch-1", user_assigned("one", "two"))
        return Metadata(world, f"{MACHINES}/batch-1")

    def test_without_a_name_the_machine_is_asked_which(self, batch: Metadata) -> None:
        assert batch.token().refusal == (400, "invalid_request", SEVERAL)

    def test_the_client_id_chooses(self, batch: Metadata, one: Any, two: Any) -> None:
        for each in (one, two):
            found = claims(batch.token(f"client_id={each['clientId']}"))
            assert (found["oid"], found["appid"]) == (each["principalId"], each["clientId"])

    def test_the_object_id_chooses(self, batch: Metadata, two: Any) -> None:
        assert claims(batch.token(f"object_id={two['principalId'].upper()}"))["oid"] == two["principalId"]

    @pytest.mark.parametrize("name", ["msi_res_id", "mi_res_id"])
    def test_the_resource_id_chooses(self, batch: Metadata, one: Any, name: str) -> None:
        found = claims(batch.token(f"{name}={IDENTITIES.lower()}/ONE"))
        assert (found["oid"], found["xms_mirid"]) == (one["principalId"], f"{IDENTITIES}/one")

    def test_only_one_name_may_be_given(self, batch: Metadata, one: Any) -> None:
        answer = batch.token(f"client_id={one['clientId']}&object_id={one['principalId']}")
        assert answer.refusal[:2] == (400, "invalid_request")

    @pytest.mark.parametrize("name", ["client_id", "object_id", "msi_res_id"])
    def test_an_identity_that_the_machine_has_not_got_is_not_found(self, batch: Metadata, name: str) -> None:
        assert batch.token(f"{name}=5f0c6f1e-6f3e-4d52-9a42-3d8f5ad0c001").refusal == NOT_FOUND

    def test_one_that_others_have_is_not_found(self, metadata: Metadata, one: Any) -> None:
        assert metadata.token(f"client_id={one['clientId']}").refusal == NOT_FOUND

    def test_the_only_one_needs_no_name(self, world: World, arm: ArmClient, one: Any) -> None:
        make_machine(arm, "batch-2", user_assigned("one"))
        assert claims(Metadata(world, f"{MACHINES}/batch-2").token())["oid"] == one["principalId"]

    def test_the_system_assigned_one_counts_where_nobody_is_named(self, world: World, arm: ArmClient, one: Any) -> None:
        made = make_machine(arm, "batch-2", user_assigned("one", system=True))
        batch = Metadata(world, f"{MACHINES}/batch-2")
        assert claims(batch.token())["oid"] == made["identity"]["principalId"]
        assert claims(batch.token(f"client_id={one['clientId']}"))["oid"] == one["principalId"]

    def test_one_identity_serves_many_machines(self, world: World, arm: ArmClient, one: Any) -> None:
        for name in ("batch-2", "batch-3"):
            make_machine(arm, name, user_assigned("one"))
            assert claims(Metadata(world, f"{MACHINES}/{name}").token())["oid"] == one["principalId"]

    def test_one_that_was_deleted_is_not_found(self, batch: Metadata, arm: ArmClient, one: Any, two: Any) -> None:
        arm.finish(arm.delete(f"{IDENTITIES}/one", IDENTITY))
        assert batch.token(f"client_id={one['clientId']}").refusal == NOT_FOUND
        assert claims(batch.token())["oid"] == two["principalId"]
