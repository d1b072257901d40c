"""Tokens bound to a key, in the machine as its user gets them there; what the control API does to them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.unit.local_azure.vm.allowed import needs_namespaces
from tests.unit.local_azure.vm.network import Network

pytestmark = [pytest.mark.daemon, needs_namespaces]


def bound_token(network: Network, *options: str) -> subprocess.CompletedProcess[str]:
    return network.vm("testvmmhsm", "python", "-m", "workload.managed_identity_v2", *options)


def test_a_machine_gets_a_bound_token_unless_its_key_must_be_attested(network: Network) -> None:
    done = bound_token(network, "-v")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert (report["tokenType"], report["boundToCertificate"]) == ("mtls_pop", True)
    assert "GET /metadata/identity/getplatformmetadata: 200" in done.stderr
    assert "POST /metadata/identity/issuecredential: 200" in done.stderr
    assert network.control.revoke_certificates("somebody-else") == 0
    assert network.control.revoke_certificates(report["clientId"]) == 1
    network.control.require_attestation(True)
    refused = bound_token(network)
    assert refused.returncode == 1
    assert refused.stderr.endswith("this machine's keys must be attested: give an attestation provider\n")
    network.control.require_attestation(False)
    assert bound_token(network).returncode == 0
