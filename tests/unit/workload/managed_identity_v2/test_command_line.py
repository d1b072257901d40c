"""``python -m workload.managed_identity_v2`` (W4.6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local_azure.entra import binding_certificates
from local_azure.vm.imds import attestation
from tests.unit.workload.managed_identity_v2.serving import PLATFORM, SECRET, VAULT, Serving
from workload.managed_identity_v2.command_line import main

URL = f"{VAULT}{SECRET}?api-version=7.4"


def test_it_shows_the_token_and_never_its_text(azure: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (report["scope"], report["tokenType"]) == ("https://vault.azure.net/.default", "mtls_pop")
    assert report["boundToCertificate"] is True
    assert set(report["certificate"]) == {"x5t#S256", "validUntil"}
    assert azure.asked(SECRET) == []
    assert "eyJ" not in json.dumps(report)


@pytest.mark.usefixtures("azure")
def test_w4_6_it_calls_a_resource_of_ones_own_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scope", "https://vault.azure.net", "--resource-url", URL]) == 0
    out = capsys.readouterr().out
    assert json.loads(out)["resource"]["status"] == 200
    assert "from the vault" not in out
    assert main(["--resource-url", URL, "--body"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == "from the vault"


@pytest.mark.usefixtures("azure")
def test_each_step_is_said_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-v", "--resource-url", URL]) == 0
    said = capsys.readouterr().err
    assert "Attestation skipped: there is no provider" in said
    assert "issued to client" in said
    assert "mtlsauth.microsoft.com" in said
    assert "eyJ" not in said
    assert main([]) == 0
    assert capsys.readouterr().err == ""


def test_w4_6_a_403_says_that_the_identity_lacks_permission(azure: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    azure.fail("status", SECRET, status=403, body={"error": {"code": "Forbidden", "message": "No."}})
    assert main(["--resource-url", URL]) == 2
    captured = capsys.readouterr()
    client_id = json.loads(captured.out)["clientId"]
    assert captured.err == (
        "error: contosomivault.vault.azure.net answered 403: token and binding are good, but the identity with client "
        f"id {client_id} may not do this; give it a role or an access policy\n"
    )


def test_w4_6_an_old_metadata_service_says_what_to_do(azure: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    azure.fail("status", PLATFORM, status=404, count=None)
    assert main([]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: This machine's metadata service has no version 2")
    assert said.count("\n") == 1
    assert main(["--allow-version-1", "--resource-url", URL]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["tokenType"] == "Bearer"
    assert "Falling back" not in captured.out


def test_what_goes_wrong_is_one_line(azure: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    attestation.require(azure.world, True)
    assert main([]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    attestation.require(azure.world, False)
    assert main(["--scope", "https://managedhsm.azure.net"]) == 1
    assert "this resource takes bearer tokens only" in capsys.readouterr().err
    assert main(["--resource-url", "http://contoso.example"]) == 1
    assert "must be an https URL" in capsys.readouterr().err
    assert main(["--client-id", "nobody"]) == 1
    assert "name one that it has" in capsys.readouterr().err
    assert binding_certificates.revoke(azure.world) >= 0


def test_a_401_says_what_to_look_at(azure: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    azure.fail("status", SECRET, status=401, count=None)
    assert main(["--resource-url", URL]) == 2
    assert "check that the scope is this resource's" in capsys.readouterr().err


def test_two_identities_at_once_are_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--client-id", "a", "--object-id", "b"])
    assert "not allowed with argument" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--pkcs11-module", "/usr/lib/libtpm2_pkcs11.so"])
    assert "go together" in capsys.readouterr().err
