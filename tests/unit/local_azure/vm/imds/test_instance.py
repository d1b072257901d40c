"""What a machine is told of itself."""

from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import SUBSCRIPTION_ID
from tests.unit.local_azure.arm.support import COMPUTE, ArmClient
from tests.unit.local_azure.vm.imds.support import Metadata
from tests.unit.local_azure.vm.support import MACHINE

VERSION = "api-version=2021-02-01"


def test_the_document_describes_machine_and_network(metadata: Metadata, machine: Any) -> None:
    body = metadata.ask(f"/metadata/instance?{VERSION}").body
    compute = body["compute"]
    assert (compute["name"], compute["resourceId"]) == ("testvmmhsm", MACHINE)
    assert (compute["vmId"], compute["location"]) == (machine["properties"]["vmId"], "westus")
    assert (compute["subscriptionId"], compute["resourceGroupName"]) == (SUBSCRIPTION_ID, "ContosoResourceGroup")
    assert (compute["osType"], compute["vmSize"], compute["publisher"]) == ("Linux", "Standard_B1s", "Canonical")
    assert body["network"]["interface"] == [
        {
            "ipv4": {
                "ipAddress": [{"privateIpAddress": "10.0.1.4", "publicIpAddress": ""}],
                "subnet": [{"address": "10.0.1.0", "prefix": "24"}],
            },
            "ipv6": {"ipAddress": []},
            "macAddress": "000D3A000000",
        }
    ]


def test_tags_are_told_in_both_shapes(metadata: Metadata, arm: ArmClient) -> None:
    arm.finish(arm.patch(MACHINE, COMPUTE, {"tags": {"team": "payments", "cost": "42"}}))
    compute = metadata.ask(f"/metadata/instance/compute?{VERSION}").body
    assert compute["tags"] == "team:payments;cost:42"
    assert compute["tagsList"] == [{"name": "team", "value": "payments"}, {"name": "cost", "value": "42"}]


def test_a_leaf_is_text_and_must_be_asked_for_as_text(metadata: Metadata) -> None:
    leaf = "/metadata/instance/network/interface/0/ipv4/ipAddress/0/privateIpAddress"
    answer = metadata.ask(f"{leaf}?{VERSION}&format=text")
    assert (answer.status, answer.text) == (200, "10.0.1.4")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert metadata.ask(f"{leaf}?{VERSION}").status == 400


def test_a_branch_as_text_lists_what_is_in_it(metadata: Metadata) -> None:
    assert metadata.ask(f"/metadata/instance?{VERSION}&format=text").text == "compute/\nnetwork/"
    assert metadata.ask(f"/metadata/instance/network/interface?{VERSION}&format=text").text == "0/"


@pytest.mark.parametrize("path", ["nothing", "compute/nothing", "network/interface/1", "compute/name/further"])
def test_what_is_not_there_is_not_found(metadata: Metadata, path: str) -> None:
    assert metadata.ask(f"/metadata/instance/{path}?{VERSION}").status == 404


@pytest.mark.parametrize("query", ["", "?api-version=2016-01-01", "?api-version="])
def test_a_request_without_a_known_version_is_told_the_newest(metadata: Metadata, query: str) -> None:
    answer = metadata.ask(f"/metadata/instance{query}")
    assert answer.status == 400
    assert answer.body["error"].startswith("Bad request. api-version")
    assert len(answer.body["newest-versions"]) == 3


def test_the_versions_need_no_version(metadata: Metadata) -> None:
    assert "2021-02-01" in metadata.ask("/metadata/versions").body["apiVersions"]


def test_the_metadata_header_is_required_here_too(metadata: Metadata) -> None:
    answer = metadata.ask(f"/metadata/instance?{VERSION}", metadata="")
    assert (answer.status, answer.body) == (400, {"error": "Bad request. Required metadata header not specified"})
    assert metadata.ask(f"/metadata/instance?{VERSION}", method="POST").status == 405
