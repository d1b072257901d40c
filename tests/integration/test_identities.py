"""Identities of machines, through the life of a stack (W1.7): each sentence of it, by the real engine."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.by_hand import MACHINES, SUBSCRIPTION, ByHand
from tests.in_machine import InMachine
from tests.integration.project import Project

pytestmark = pytest.mark.engine

URI = "https://az400popmhsm.managedhsm.azure.net"
GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoResourceGroup/providers/Microsoft.Compute/virtualMachines"
OTHER_GROUP = f"{SUBSCRIPTION}/resourceGroups/ContosoIdentities"
SHARED = f"{OTHER_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
GROUPS, IDENTITIES = "2024-03-01", "2023-01-31"
USER, AUDITOR = "Managed HSM Crypto User", "Managed HSM Crypto Auditor"
APART = {"batch": {"userAssigned": True}, "reports": {"userAssigned": True}, "shared": {"id": SHARED}}
IMAGES = ("Canonical:ubuntu-24_04-lts:server:latest", "Debian:debian-12:12-gen2:latest")


def attached(image: str) -> dict[str, Any]:
    size = {"size": "Standard_D2s_v5"}
    return {
        "testvmmhsm": {"vm": {"image": image}},
        "batch": {"userAssigned": True, "vms": ["batch-1", "batch-2"], "vmSettings": {**size, "image": image}},
        "reports": {"userAssigned": True, "vms": ["batch-1"]},
        "shared": {"id": SHARED, "vms": ["batch-1"]},
    }


def role(name: str, identity: str, scope: str = "/") -> dict[str, Any]:
    return {"role": name, "principal": {"identity": identity}, "scope": scope}


def roles_in_the_pool(project: Project) -> set[tuple[str, str]]:
    """Principal and scope of every assignment."""
    url = f"{URI}/providers/Microsoft.Authorization/roleAssignments?api-version=7.5"
    found = ByHand(project.instance).ask("GET", url, "https://managedhsm.azure.net").json()["value"]
    return {(each["properties"]["principalId"], each["properties"]["scope"]) for each in found}


def is_in_the_directory(project: Project, principal: str) -> bool:
    url = f"https://graph.microsoft.com/v1.0/servicePrincipals/{principal}"
    return ByHand(project.instance).ask("GET", url, "https://graph.microsoft.com").ok


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def test_identities_are_made_attached_and_gone_as_their_kind_says(project: Project) -> None:
    azure = ByHand(project.instance)
    empty = project.control.status()["resources"]
    azure.arm("PUT", OTHER_GROUP, GROUPS, {"location": "westus"})
    azure.arm("PUT", SHARED, IDENTITIES, {"location": "westus"})
    somebody_elses = project.control.status()["resources"] - empty

    # Made apart, and authorised before any machine exists.
    deployers = [each for each in project.configured("roleAssignments") if each["principal"] == "deployer"]
    apart = [role(USER, "batch"), role(AUDITOR, "reports", "/keys"), role(USER, "shared", "/keys/myrsakey")]
    project.configure(
        identities=APART,
        roleAssignments=[*deployers, *apart],
        keys={"myrsakey": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]}},
        vault=None,
    )
    project.up()
    first = project.outputs()
    principals, client_ids = first["identities"], first["clientIds"]
    assert principals.keys() == client_ids.keys() == APART.keys()
    assert azure.arm("GET", f"{GROUP}/batch-1", MACHINES) is None
    granted = {(principals["batch"], "/"), (principals["reports"], "/keys")}
    assert granted <= roles_in_the_pool(project)

    # Attached to one machine and to many; nothing of it is a change to identities and roles that there are.
    project.configure(identities=attached(IMAGES[0]), roleAssignments=[*deployers, *apart, role(USER, "testvmmhsm")])
    project.up()
    second = project.outputs()
    own = second["identities"].pop("testvmmhsm")
    assert second["identities"] == principals
    assert second["clientIds"] == client_ids
    assert_each_speaks_for_itself(project, principals, client_ids)
    assert (
        azure.arm("GET", f"{GROUP}/batch-2", MACHINES)["properties"]["hardwareProfile"]["vmSize"] == "Standard_D2s_v5"
    )
    assert {name: found["passed"] for name, found in second["proof"].items()} == dict.fromkeys(
        ("testvmmhsm", "batch", "shared"), True
    )

    # Another image is another machine: the identities of their own go with the machines, the others stay.
    project.configure(identities=attached(IMAGES[1]))
    project.up()
    third = project.outputs()
    anew = third["identities"].pop("testvmmhsm")
    assert anew != own
    assert third["identities"] == principals
    assert third["clientIds"] == client_ids
    for machine in ("testvmmhsm", "batch-1", "batch-2"):
        found = azure.arm("GET", f"{GROUP}/{machine}", MACHINES)["properties"]
        assert found["storageProfile"]["imageReference"]["publisher"] == "Debian"
    standing = roles_in_the_pool(project)
    assert (anew, "/") in standing
    assert granted <= standing
    assert own not in {principal for principal, _ in standing}
    assert not is_in_the_directory(project, own)
    used = {name: found["steps"]["token"]["found"] for name, found in third["proof"].items()}
    whole = {"testvmmhsm": anew, "batch": principals["batch"], "shared": principals["shared"]}
    assert used == {name: f"principal {principal}" for name, principal in whole.items()}
    project.pulumi("preview", "--expect-no-changes")

    project.pulumi("destroy", "--yes", "--skip-preview")
    assert project.control.status()["resources"] == empty + somebody_elses
    assert azure.arm("GET", SHARED, IDENTITIES)["properties"]["principalId"] == principals["shared"]
    gone = (anew, principals["batch"], principals["reports"])
    assert not [each for each in gone if is_in_the_directory(project, each)]


def assert_each_speaks_for_itself(project: Project, principals: dict[str, str], client_ids: dict[str, str]) -> None:
    """The machine with several identities has to say which; the one with one need not; each has its own rights."""
    several, one = InMachine(project.instance, "batch-1"), InMachine(project.instance, "batch-2")
    unsaid = several.ask_for_token()
    assert unsaid.status == 400
    assert unsaid.json == {
        "error": "invalid_request",
        "error_description": "Multiple user assigned identities exist, please specify the clientId / resourceId of the"
        " identity in the token request",
    }
    for name in ("batch", "reports", "shared"):
        answer = several.ask_for_token(client_id=client_ids[name]).json
        assert answer["client_id"] == client_ids[name]
        assert claims(answer["access_token"])["oid"] == principals[name]
    assert claims(one.token())["oid"] == principals["batch"]
    not_here = one.ask_for_token(client_id=client_ids["reports"])
    assert (not_here.status, not_here.json["error_description"]) == (400, "Identity not found")

    url = f"{URI}/keys/myrsakey/wrapkey?api-version=7.4"
    body = {"alg": "RSA-OAEP-256", "value": "Y29udG9zbw"}
    assert several.ask("POST", url, several.token(client_id=client_ids["batch"]), body).status == 200
    assert one.ask("POST", url, one.token(), body).status == 200
    auditor = several.ask("POST", url, several.token(client_id=client_ids["reports"]), body)
    assert auditor.status == 403
    assert "Not authorized to access Microsoft.KeyVault/managedHsm/keys/wrap/action" in auditor.error["message"]
