"""Signing in without a secret, by the whole program: azure-native and the program itself, as the same principal.

By secret every other whole run signs in; every way and its refusals: ``tests/unit/data_plane/test_sign_in.py``.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest

from tests.by_hand import SUBSCRIPTION, ByHand
from tests.integration.project import STACK, Project
from tests.support import Azure
from tests.unit.data_plane.test_sign_in import PASSPHRASE, SUBJECT, Application, certificate, pfx

pytestmark = pytest.mark.engine

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
OTHERS = ("ARM_CLIENT", "AZURE_CLIENT", "AZURE_TENANT_ID")


@pytest.fixture
def slim(project: Project) -> Project:
    """A pool and its activation alone."""
    project.configure(
        keys=None, roleAssignments=None, network=None, identities=None, proof=None, vault=None, diagnostics=None
    )
    return project


@pytest.fixture
def deployer(slim: Project) -> Application:
    """An owner of the subscription who has no secret."""
    made = Application(Azure(slim.instance, slim.control))
    ByHand(slim.instance).arm(
        "PUT",
        f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}",
        "2022-04-01",
        {
            "properties": {
                "roleDefinitionId": f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
                "principalId": made.object_id,
                "principalType": "ServicePrincipal",
            }
        },
    )
    return made


def preview(project: Project, deployer: Application, **variables: str | None) -> str:
    """What a preview says, of a deployer who has nothing but these variables; None takes one away."""
    environment = {name: value for name, value in project.environment.items() if not name.startswith(OTHERS)}
    environment |= {"ARM_CLIENT_ID": deployer.client_id}
    for name, value in variables.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    command = ["pulumi", "preview", "--stack", STACK, "--non-interactive", "--color=never"]
    done = subprocess.run(
        command, cwd=project.directory, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_federated_token_signs_in_everybody(slim: Project, deployer: Application) -> None:
    deployer.trust_workflow(SUBJECT)
    token = slim.control.workflow_token(SUBJECT)
    said = preview(slim, deployer, ARM_USE_OIDC="true", ARM_OIDC_TOKEN=token)
    assert f"signed in by oidc (ARM_CLIENT_ID) as {deployer.client_id}" in said
    assert token not in said


def test_a_certificate_and_one_setting_sign_everybody_in_to_azure_government(
    slim: Project, deployer: Application, tmp_path: Path
) -> None:
    made = certificate()
    deployer.add_certificate(made[0])
    path = tmp_path / "deployer.pfx"
    path.touch(mode=0o600)
    path.write_bytes(pfx(made, PASSPHRASE))
    stack = slim.directory / f"Pulumi.{STACK}.yaml"
    stack.write_text(stack.read_text().replace("config:\n", "config:\n  azure-native:environment: usgovernment\n", 1))
    before = len(slim.control.log())
    said = preview(
        slim,
        deployer,
        ARM_CLIENT_CERTIFICATE_PATH=os.fspath(path),
        ARM_CLIENT_CERTIFICATE_PASSWORD=PASSPHRASE,
        # Each names the public cloud's, whatever the setting says.
        ARM_METADATA_HOSTNAME=None,
        AZURE_AUTHORITY_HOST=None,
    )
    assert f"signed in by certificate (ARM_CLIENT_ID) as {deployer.client_id}" in said
    assert PASSPHRASE not in said
    asked = {each["host"] for each in slim.control.log()[before:]}
    assert {"login.microsoftonline.us", "management.usgovcloudapi.net"} <= asked
    assert not {"login.microsoftonline.com", "management.azure.com"} & asked
