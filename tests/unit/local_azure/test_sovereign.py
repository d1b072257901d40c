"""The other clouds: the same services under their names, and no way through with the public cloud's."""

from __future__ import annotations

import json

import pytest

from local_azure.core.http import Request
from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory
from local_azure.server.dispatch import Dispatcher
from local_azure.services import all_services

GOVERNMENT = ("login.microsoftonline.us", "management.usgovcloudapi.net")
CHINA = ("login.partner.microsoftonline.cn", "management.chinacloudapi.cn")
CHINA_FOR_GO = ("login.chinacloudapi.cn", "management.chinacloudapi.cn")


@pytest.fixture
def cloud(world: World) -> Dispatcher:
    return Dispatcher(world, all_services(world))


def token(cloud: Dispatcher, authority: str, resource: str) -> tuple[int, dict[str, str]]:
    form = (
        f"grant_type=client_credentials&client_id={directory.DEPLOYER_CLIENT_ID}"
        f"&client_secret={directory.deployer_secret(cloud.world)}&scope=https%3A%2F%2F{resource}%2F.default"
    )
    headers = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/{TENANT_ID}/oauth2/v2.0/token"
    answer = cloud.handle(Request("POST", authority, path, headers=headers, body=form.encode()))
    return answer.status, json.loads(answer.body)


@pytest.mark.parametrize(("authority", "resource_manager"), [GOVERNMENT, CHINA, CHINA_FOR_GO])
def test_a_token_of_its_entra_is_good_at_its_resource_manager(
    cloud: Dispatcher, authority: str, resource_manager: str
) -> None:
    status, body = token(cloud, authority, resource_manager)
    assert status == 200
    headers = {"authorization": f"Bearer {body['access_token']}"}
    answer = cloud.handle(Request("GET", resource_manager, "/subscriptions", {"api-version": "2022-12-01"}, headers))
    assert answer.status == 200
    assert json.loads(answer.body)["value"]


@pytest.mark.parametrize("authority", [GOVERNMENT[0], CHINA[0]])
def test_the_names_of_the_public_cloud_lead_nowhere(cloud: Dispatcher, authority: str) -> None:
    status, body = token(cloud, authority, "management.azure.com")
    assert status == 400
    assert "management.azure.com" in body["error_description"]
    assert "AADSTS500011" in body["error_description"]


def test_a_sovereign_name_leads_nowhere_in_the_public_cloud(cloud: Dispatcher) -> None:
    status, body = token(cloud, "login.microsoftonline.com", GOVERNMENT[1])
    assert status == 400
    assert GOVERNMENT[1] in body["error_description"]


@pytest.mark.parametrize(("authority", "resource_manager"), [GOVERNMENT, CHINA])
def test_a_refusal_speaks_of_its_own_names(cloud: Dispatcher, authority: str, resource_manager: str) -> None:
    answer = cloud.handle(Request("GET", resource_manager, "/subscriptions", {"api-version": "2022-12-01"}))
    assert answer.status == 401
    assert f"https://{authority}/{TENANT_ID}" in answer.headers["WWW-Authenticate"]
    assert "microsoftonline.com" not in answer.headers["WWW-Authenticate"]


def test_its_metadata_name_it(cloud: Dispatcher) -> None:
    answer = cloud.handle(Request("GET", GOVERNMENT[1], "/metadata/endpoints", {"api-version": "2022-09-01"}))
    described = json.loads(answer.body)
    assert described["name"] == "AzureUSGovernment"
    assert described["resourceManager"].rstrip("/") == f"https://{GOVERNMENT[1]}"
    assert described["suffixes"]["mhsmDns"] == "managedhsm.usgovcloudapi.net"


def test_a_host_that_nobody_plays_is_not_played_there_either(cloud: Dispatcher) -> None:
    assert cloud.service_for("nothing.managedhsm.usgovcloudapi.net") is None
    assert cloud.service_for("usgovcloudapi.net") is None
