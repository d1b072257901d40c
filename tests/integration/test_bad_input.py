"""Each mistake as its user meets it: the real engine, one clear line, exit status not 0, nothing changed in the cloud.

What the configuration's reader says of every single value is in ``tests/unit/config``.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from local_azure.instance import REPOSITORY, Instance
from local_azure.plugin.install import install
from local_azure.server.control import ControlClient
from local_azure.stack.project import copy_program
from local_azure.stack.pulumi import Pulumi
from tests.by_hand import POOLS, SUBSCRIPTION, ByHand
from tests.integration.project import STACK, Project, Run
from tests.unit.data_plane.support import certificate_pem

pytestmark = pytest.mark.engine

KEYS = {"myrsakey": {"type": "RSA-HSM", "size": 2048}}
DEPLOYERS = [{"role": "Managed HSM Crypto User", "principal": "deployer", "scope": "/keys"}]
NOBODY = "11111111-2222-4333-8444-555555555555"
SIGN_IN = " — sign in with az login, or check ARM_TENANT_ID, ARM_CLIENT_ID and the secret, certificate or token"


@pytest.fixture(scope="module")
def unharmed(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The stack dev without its network, never brought up: every test leaves it as it was."""
    ControlClient(instance.port).reset()
    shutil.rmtree(instance.pulumi_backend, ignore_errors=True)
    instance.pulumi_backend.mkdir(mode=0o700)
    made = Project(copy_program(tmp_path_factory.mktemp("bad") / "program"), instance)
    install(instance.pulumi_home)
    Pulumi(made.directory, made.environment).select()
    made.configure(keys=KEYS, roleAssignments=DEPLOYERS, network=None, identities=None, proof=None, vault=None)
    return made


@pytest.fixture
def stack(unharmed: Project) -> Iterator[Project]:
    """The same, with its configuration put back afterwards."""
    path = unharmed.directory / f"Pulumi.{STACK}.yaml"
    before = path.read_text()
    yield unharmed
    path.write_text(before)
    unharmed.control.clear_faults()


def test_every_mistake_in_the_configuration_is_told_at_once(stack: Project) -> None:
    files = stack.directory / ".local/custodians"
    (files / "empty.cer").touch()
    (files / "text.pem").write_text("no key")
    (files / "curve.cer").write_bytes(elliptic_certificate())
    given = ["nowhere.cer", "empty.cer", "cert_1.key", "curve.cer", "cert_2.cer", "cert_2.cer", "cert_3.cer"]
    custodians = [{"name": f"c{n}", "certificate": f".local/custodians/{name}"} for n, name in enumerate(given)]
    stack.configure(
        hsm={**stack.configured("hsm"), "name": "1_hsm", "retentionDays": 91},
        securityDomain={
            **stack.configured("securityDomain"),
            "quorum": 8,
            "custodians": custodians,
            "rehearsal": False,
        },
        roleAssignments=[
            {**DEPLOYERS[0], "role": "Managed HSM Crypto Usr"},
            {**DEPLOYERS[0], "principal": {"objectId": "kim"}},
            {**DEPLOYERS[0], "scope": "keys/"},
        ],
        keys={
            "kind": {"type": "DES"},
            "size": {"type": "RSA-HSM", "size": 1024},
            "curve": {"type": "EC-HSM", "curve": "P-257"},
            "both": {"type": "EC-HSM", "curve": "P-256", "size": 256},
            "operation": {"type": "EC-HSM", "curve": "P-256", "operations": ["encrypt"]},
            "text": {"type": "RSA-HSM", "importFrom": ".local/custodians/text.pem"},
        },
        network={
            "location": "westus",
            "vnet": {"name": "vnetwest", "addressSpace": "10.0.0.0/16"},
            "subnet": {"name": "mainsubnet", "addressPrefix": "192.168.1.0/24"},
        },
        netwrk={},
    )
    told = mistakes(stack)
    for start in (
        "hsm.name: 1_hsm is not accepted; 3 to 24 letters",
        "hsm.retentionDays: 91 is not accepted; 7 to 90 days",
        "securityDomain.quorum: 8 is not accepted; 2 to 7, as there are 7 custodians",
        "securityDomain.custodians[0].certificate: .local/custodians/nowhere.cer does not exist",
        "securityDomain.custodians[1].certificate: .local/custodians/empty.cer is empty",
        "securityDomain.custodians[2].certificate: .local/custodians/cert_1.key has a private key in it",
        "securityDomain.custodians[3].certificate: .local/custodians/curve.cer has a key that is not RSA",
        "securityDomain.custodians[5].certificate: .local/custodians/cert_2.cer is not accepted; each custodian a key",
        "securityDomain.custodians[6].certificate: .local/custodians/cert_3.cer is not accepted; a certificate without"
        " its private key at hand (.local/custodians/cert_3.key)",
        "roleAssignments[0].role: Managed HSM Crypto Usr is not accepted; the name or GUID of a local role; did you",
        'roleAssignments[1].principal: {"objectId": "kim"} is not accepted; an object id (a GUID)',
        "roleAssignments[2].scope: keys/ is not accepted; /, /keys or /keys/<name>",
        "keys.kind.type: DES is not accepted",
        "keys.size.size: 1024 is not accepted",
        "keys.curve.curve: P-257 is not accepted",
        "keys.both.size: 256 is not accepted; none for an EC-HSM key",
        "keys.operation.operations[0]: encrypt is not accepted",
        "keys.text.importFrom: .local/custodians/text.pem has no private key",
        "network.subnet.addressPrefix: 192.168.1.0/24 is not accepted; a network within",
        "netwrk: there is no such key; did you mean network?",
    ):
        assert len([line for line in told if line.startswith(start)]) == 1, (start, told)


@pytest.mark.parametrize(("number", "quorum"), [(2, 1), (11, 12)])
def test_too_few_and_too_many_custodians_and_quorums_that_nobody_has(stack: Project, number: int, quorum: int) -> None:
    custodians = []
    for each in range(number):
        (stack.directory / f".local/{each}.cer").write_text(certificate_pem(each))
        custodians.append({"name": f"c{each}", "certificate": f".local/{each}.cer"})
    configured = stack.configured("securityDomain")
    stack.configure(
        hsm={**stack.configured("hsm"), "name": "ab", "retentionDays": 6},
        securityDomain={**configured, "quorum": quorum, "custodians": custodians},
    )
    told = mistakes(stack)
    assert f"securityDomain.custodians: {number} custodians are not accepted; 3 to 10 custodians" in told
    assert f"securityDomain.quorum: {quorum} is not accepted; 2 to 10" in told
    assert "hsm.retentionDays: 6 is not accepted; 7 to 90 days" in told
    assert [line for line in told if line.startswith("hsm.name: ab is not accepted; 3 to 24 letters")]


def test_a_missing_credential(stack: Project) -> None:
    refused(
        preview(stack, without=("ARM_CLIENT_ID", "ARM_CLIENT_SECRET", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")),
        r"finding out who deploys: no access token by the Azure CLI's sign-in .*" + re.escape(SIGN_IN),
    )


def test_a_secret_that_is_refused(stack: Project) -> None:
    line = r"finding out who deploys: Entra ID refused .* AADSTS7000215: Invalid client secret .*" + re.escape(SIGN_IN)
    refused(preview(stack, ARM_CLIENT_SECRET="not it", AZURE_CLIENT_SECRET="not it"), line)


def test_a_secret_that_has_expired(stack: Project) -> None:
    # Entra ID's own answer ("Microsoft Entra authentication and authorization error codes").
    body = {
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys for app 'robot' are expired. Trace ID: 1",
        "error_codes": [7000222],
    }
    stack.control.add_fault(
        "status", host="login.microsoftonline.com", path="/token$", status=401, body=body, count=None
    )
    line = r"finding out who deploys: .* AADSTS7000222: The provided client secret keys for app 'robot' are expired"
    refused(preview(stack), line + re.escape(SIGN_IN))


def test_a_tenant_that_is_another(stack: Project) -> None:
    line = rf"finding out who deploys: .* AADSTS90002: Tenant '{NOBODY}' not found.*" + re.escape(SIGN_IN)
    refused(preview(stack, ARM_TENANT_ID=NOBODY, AZURE_TENANT_ID=NOBODY), line)


def test_a_subscription_out_of_reach(stack: Project) -> None:
    line = rf'looking for the pool: .*"SubscriptionNotFound".*{NOBODY}.* — set ARM_SUBSCRIPTION_ID \(or .*'
    refused(preview(stack, ARM_SUBSCRIPTION_ID=NOBODY), line)


def test_another_subscription_than_the_stacks(stack: Project) -> None:
    stack.configure(subscriptionId=NOBODY)
    refused(
        preview(stack),
        rf"managed-hsm:subscriptionId: signed in on subscription .*, but the stack is for {NOBODY}; set .*",
    )


def test_principals_that_the_directory_does_not_know(stack: Project) -> None:
    named = [{**DEPLOYERS[0], "principal": each} for each in ({"user": "no@contoso.com"}, {"group": "Nobodies"})]
    stack.configure(roleAssignments=[*DEPLOYERS, *named])
    refused(
        preview(stack),
        r"managed-hsm:roleAssignments\[1\]\.principal: no user of this tenant has .*'no@contoso.com': check the name.*",
        r"managed-hsm:roleAssignments\[2\]\.principal: no group of this tenant has .*'Nobodies': check the name.*",
    )


def test_a_name_that_another_pool_has_alive_or_soft_deleted(stack: Project) -> None:
    by_hand = ByHand(stack.instance)
    pool = f"{SUBSCRIPTION}/resourceGroups/Others/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
    with others_pool(by_hand, pool, stack.environment["AZURE_TENANT_ID"]):
        with nothing_changed(stack):
            refused(preview(stack), r"managed-hsm:hsm\.name: az400popMHSM is taken: .* — choose another name, .*")
            # Not only where somebody looks first.
            refused(stack.up(check=False), r"managed-hsm:hsm\.name: az400popMHSM is taken: .*")
        by_hand.arm("DELETE", pool, POOLS)
        with nothing_changed(stack):
            refused(
                preview(stack),
                r"managed-hsm:hsm\.name: a soft-deleted pool az400popMHSM in eastus2 holds the name until .* — choose"
                r" another name, or purge it \(az keyvault purge .*\), or recover it .*",
            )


def test_a_local_azure_that_does_not_run(stack: Project) -> None:
    with unused_port() as port:
        proxy = f"http://127.0.0.1:{port}"
        run = preview(stack, HTTPS_PROXY=proxy, https_proxy=proxy)
    refused(
        run, r"finding out who deploys: no answer from .* the local Azure does not run; start it with: python -m .*"
    )


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = make_up({"LOCAL_AZURE_HOME": str(tmp_path / "azure"), "LOCAL_AZURE_PORT": str(port)})
    assert run == Run(
        1,
        f"local_azure: Port {port} of 127.0.0.1 is in use by another program; choose another one with --port or"
        " LOCAL_AZURE_PORT.\n",
    )


def test_a_cli_that_is_too_old_where_there_is_no_other(tmp_path: Path) -> None:
    old = tmp_path / "bin/pulumi"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho v3.100.0\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    environment = {
        "LOCAL_AZURE_HOME": str(tmp_path / "azure"),
        "PATH": f"{old.parent}{os.pathsep}{os.defpath}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    run = make_up(environment)
    assert run.status == 1
    assert run.output == (
        f"local_azure: no Pulumi engine: {old} is version 3.100.0, older than 3.200.0, the oldest that is supported"
        " (upgrade it, see https://www.pulumi.com/docs/install/, or take it off PATH); `make up`, or `python3 -m"
        " local_azure.engine`, provides one\n"
    )
    assert not (tmp_path / "azure/instance.json").exists()


def preview(project: Project, without: tuple[str, ...] = (), **variables: str) -> Run:
    """``pulumi preview`` with other variables; the cloud is the same afterwards."""
    environment = {**project.environment, **variables}
    with nothing_changed(project):
        done = subprocess.run(
            ["pulumi", "preview", "--stack", STACK, "--non-interactive", "--color=never"],
            cwd=project.directory,
            env={name: value for name, value in environment.items() if name not in without},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )
    return Run(done.returncode, done.stdout)


def elliptic_certificate() -> bytes:
    """What a custodian cannot open a share with: a certificate of an elliptic-curve key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.Contoso.com")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=30))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def make_up(variables: Mapping[str, str]) -> Run:
    """``make up``, as far as it gets."""
    done = subprocess.run(
        [sys.executable, "-m", "local_azure.stack", "up"],
        cwd=REPOSITORY,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def refused(run: Run, *expected: str) -> None:
    """Fails the test unless the run did, with these lines and no other."""
    assert run.status != 0, run.output
    told = diagnostics(run)
    assert len(told) == len(expected), run.output
    for line, pattern in zip(told, expected, strict=True):
        assert re.fullmatch(pattern, line), (line, pattern)


def diagnostics(run: Run) -> list[str]:
    """What the engine says at the end, line by line; its own ``update failed`` is nothing that a person reads for."""
    assert "Traceback" not in run.output
    said = run.output[run.output.index("Diagnostics:") :].partition("\n\n")[0].splitlines()[2:]
    lines = [line.strip().removeprefix("error: ") for line in said if line.strip()]
    # What every run says, whatever becomes of it.
    lines = [line for line in lines if not line.startswith(("access: ", "warning: access: ", "signed in by "))]
    end = next((number for number, line in enumerate(lines) if line in ("Resources:", "update failed")), len(lines))
    return lines[:end]


def mistakes(project: Project) -> list[str]:
    """What is wrong with the configuration, without the keys' namespace."""
    run = preview(project)
    assert run.status != 0
    header, *lines = diagnostics(run)
    assert header == f"{len(lines)} mistakes in Pulumi.{STACK}.yaml:"
    return [line.removeprefix("managed-hsm:") for line in lines]


@contextmanager
def nothing_changed(project: Project) -> Iterator[None]:
    """Fails the test where what is done inside writes anything to the cloud."""
    resources, requests = project.control.status()["resources"], len(project.control.log())
    yield
    asked = [
        f"{each['method']} {each['path']}"
        for each in project.control.log()[requests:]
        if each["method"] not in ("GET", "HEAD") and each["host"] != "login.microsoftonline.com"
    ]
    questions = ("/checkMhsmNameAvailability", "/checkNameAvailability")
    assert [each for each in asked if not each.endswith(questions)] == []
    assert project.control.status()["resources"] == resources


@contextmanager
def others_pool(by_hand: ByHand, pool: str, tenant: str) -> Iterator[None]:
    """A pool that another team has made; purged afterwards."""
    by_hand.arm("PUT", pool.partition("/providers/")[0], "2024-03-01", {"location": "eastus2"})
    properties: dict[str, Any] = {
        "tenantId": tenant,
        "initialAdminObjectIds": [NOBODY],
        "softDeleteRetentionInDays": 7,
        "enablePurgeProtection": False,
    }
    sku = {"family": "B", "name": "Standard_B1"}
    by_hand.arm("PUT", pool, POOLS, {"location": "eastus2", "sku": sku, "properties": properties})
    yield
    deleted = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/eastus2/deletedManagedHSMs/az400popMHSM"
    by_hand.arm("POST", f"{deleted}/purge", POOLS)


@contextmanager
def unused_port() -> Iterator[int]:
    """A port that nobody listens on, and nobody else takes meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
