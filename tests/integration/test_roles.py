"""Roles through their life, by the real engine: made, drifted by hand, put right, narrowed, and the bootstrap's end."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from data_plane.built_in_roles import BUILT_IN_ROLES, role_definition_id
from data_plane.data_actions import full
from local_azure.entra.directory import DEPLOYER_OBJECT_ID, GROUP_OBJECT_ID, USER_OBJECT_ID
from tests.by_hand import ByHand
from tests.integration.project import Project

pytestmark = pytest.mark.engine

URI = "https://az400popmhsm.managedhsm.azure.net"
VERSION = "?api-version=7.5"
RESOURCE = "https://managedhsm.azure.net"
PROVIDERS = "providers/Microsoft.Authorization"
AUDITOR = "3f7a1c52-8e64-4b0d-9a2f-c6e5d1b80947"
SIGNER = {"name": "Signer", "description": "Signs.", "dataActions": ["keys/read/action", "keys/sign/action"]}
ASSIGNMENTS = [
    {"role": "Administrator", "principal": {"group": "HSM Operators"}, "scope": "/"},
    {"role": "Key Manager", "principal": "deployer", "scope": "/"},
    {"role": "Crypto Auditor", "principal": {"objectId": AUDITOR}, "scope": "/"},
]
OF_KIM = {"role": "Signer", "principal": {"user": "kim.akers@contoso.com"}, "scope": "/keys/mine"}


def test_roles_from_the_bootstrap_to_a_deployer_that_only_manages_keys(project: Project, tmp_path: Path) -> None:
    project.configure(
        keys={"mine": {"type": "RSA-HSM", "size": 2048, "operations": ["sign", "verify"]}},
        network=None,
        identities=None,
        vault=None,
        diagnostics=None,
        proof=None,
        roleDefinitions=[{"preset": "keyManager"}, SIGNER],
        roleAssignments=[*ASSIGNMENTS, OF_KIM],
        access={"exclusive": True},
    )
    azure = ByHand(project.instance)
    first = project.up()
    assert "warning: access: user kim.akers@contoso.com has Signer at /keys/mine" in first.output
    outputs = project.outputs()
    signer = outputs["roleDefinitions"]["Signer"]
    assert outputs["access"]["matrix"]["user kim.akers@contoso.com"]["/keys/mine"] == [
        "keys/read/action",
        "keys/sign/action",
    ]
    assert held(azure, "/keys/mine", USER_OBJECT_ID) == {signer}
    assert held(azure, "/", GROUP_OBJECT_ID) == {BUILT_IN_ROLES["Managed HSM Administrator"]}
    assert_the_key_manager_cannot_use_keys(azure)

    # A role goes after its assignment, another is narrowed in place, and what was done by hand is put right.
    stray = by_hand_three_things_move(azure, outputs)
    project.configure(
        roleDefinitions=[{"preset": "keyManager", "notDataActions": ["keys/restore/action"]}],
        roleAssignments=ASSIGNMENTS,
    )
    refreshed = project.pulumi("refresh", "--yes").output
    shown = project.pulumi("preview", "--diff").output
    for words in (
        "not in the configuration: Managed HSM Crypto User of user kim.akers@contoso.com at /keys/mine",
        "role 'Key Manager': changed outside of this stack: also permits keys/verify/action",
        f"Managed HSM Crypto Auditor of {AUDITOR} at / is no longer in the pool: up gives it",
    ):
        assert words in refreshed
    for words in (
        "not in the configuration, up takes it away: Managed HSM Crypto User of user kim.akers@contoso.com",
        stray,
        full("keys/verify/action"),
        f"Managed HSM Crypto Auditor: {AUDITOR} at /",
    ):
        assert words in shown
    mended = project.up()
    assert "revoked: Managed HSM Crypto User of" in mended.output
    assert "- 2 deleted" in mended.changes()
    assert held(azure, "/keys/mine", USER_OBJECT_ID) == set()
    assert held(azure, "/", AUDITOR) == {BUILT_IN_ROLES["Managed HSM Crypto Auditor"]}
    assert ask(azure, "GET", f"{PROVIDERS}/roleDefinitions/{signer}").status_code == 404
    permitted = data_actions(azure, outputs["roleDefinitions"]["Key Manager"])
    assert not {full("keys/verify/action"), full("keys/restore/action")} & permitted

    assert "given up: Managed HSM Administrator at /" in access(
        project, "resign", "--hsm-name", "az400popMHSM", "--yes"
    )
    assert held(azure, "/", DEPLOYER_OBJECT_ID) == {outputs["roleDefinitions"]["Key Manager"]}
    project.configure(access={"exclusive": True, "bootstrapOver": True})
    keys = {
        "mine": {**project.configured("keys")["mine"], "tags": {"owner": "kim"}},
        "second": {"type": "EC-HSM", "curve": "P-256"},
    }
    project.configure(keys=keys)
    project.up()
    assert ask(azure, "GET", "keys/second").status_code == 200
    assert_the_key_manager_cannot_use_keys(azure)
    assert assign(azure, "Managed HSM Crypto User", DEPLOYER_OBJECT_ID, "/keys").status_code == 403
    project.pulumi("preview", "--refresh", "--expect-no-changes")

    page = tmp_path / "access.html"
    access(project, "matrix", "--hsm-name", "az400popMHSM", "--format", "html", "--output", str(page))
    assert "HSM Operators" in page.read_text()


def by_hand_three_things_move(azure: ByHand, outputs: dict[str, Any]) -> str:
    """A role too many, one that is missing, one that permits more. Answers the GUID of the first."""
    made = assign(azure, "Managed HSM Crypto User", USER_OBJECT_ID, "/keys/mine")
    assert made.status_code == 201
    gone = outputs["roleAssignments"][f"Managed HSM Crypto Auditor: {AUDITOR} at /"]
    assert ask(azure, "DELETE", f"{PROVIDERS}/roleAssignments/{gone}").ok
    manager = outputs["roleDefinitions"]["Key Manager"]
    properties = ask(azure, "GET", f"{PROVIDERS}/roleDefinitions/{manager}").json()["properties"]
    properties["permissions"][0]["dataActions"].append(full("keys/verify/action"))
    assert ask(azure, "PUT", f"{PROVIDERS}/roleDefinitions/{manager}", {"properties": properties}).status_code == 201
    return str(made.json()["name"])


def ask(azure: ByHand, method: str, path: str, body: Any = None) -> Any:
    return azure.ask(method, f"{URI}/{path}{VERSION}", RESOURCE, body)


def assign(azure: ByHand, role: str, who: str, scope: str) -> Any:
    properties = {"roleDefinitionId": role_definition_id(BUILT_IN_ROLES[role]), "principalId": who}
    path = f"{scope.strip('/')}/{PROVIDERS}/roleAssignments/{uuid.uuid4()}".lstrip("/")
    return ask(azure, "PUT", path, {"properties": properties})


def held(azure: ByHand, scope: str, who: str) -> set[str]:
    """GUIDs of the roles that somebody has at this very scope."""
    found = ask(azure, "GET", f"{scope.strip('/')}/{PROVIDERS}/roleAssignments".lstrip("/")).json()["value"]
    return {
        each["properties"]["roleDefinitionId"].rsplit("/", 1)[-1]
        for each in found
        if (each["properties"]["principalId"], each["properties"]["scope"]) == (who, scope)
    }


def data_actions(azure: ByHand, role: str) -> set[str]:
    """What a role permits."""
    [permission] = ask(azure, "GET", f"{PROVIDERS}/roleDefinitions/{role}").json()["properties"]["permissions"]
    return set(permission["dataActions"]) - set(permission["notDataActions"])


def assert_the_key_manager_cannot_use_keys(azure: ByHand) -> None:
    refused = ask(azure, "POST", "keys/mine/sign", {"alg": "RS256", "value": "A" * 43})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AccessDenied")


def access(project: Project, *arguments: str) -> str:
    """``python -m access`` as a person runs it."""
    command = [sys.executable, "-m", "access", *arguments]
    done = subprocess.run(
        command, cwd=project.directory, env=project.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
