from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.proof_plan import Plan, nothing_to_prove, plan
from config import parse
from local_azure.stack import material
from tests.unit.components.recorder import dev

BESIDE = ("privateendpointmainsubnet",)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    material.make(made / ".local")
    return made


def planned(directory: Path, **changes: Any) -> list[Plan]:
    values = dev()
    values.update({f"managed-hsm:{name}": value for name, value in changes.items()})
    return plan(parse(values, directory))


def assigned(role: str, scope: str, identity: str = "testvmmhsm") -> list[dict[str, Any]]:
    return [{"role": role, "principal": {"identity": identity}, "scope": scope}]


def test_the_machine_of_the_walkthrough_proves_with_the_first_key_it_may_use(directory: Path) -> None:
    assert planned(directory) == [Plan("testvmmhsm", "testvmmhsm", "myrsakey", lists=True, endpoints=BESIDE)]


def test_a_role_at_one_key_proves_with_that_key_and_lists_nothing(directory: Path) -> None:
    roles = assigned("Managed HSM Crypto User", "/keys/mypemrsakey")
    assert planned(directory, roleAssignments=roles) == [
        Plan("testvmmhsm", "testvmmhsm", "mypemrsakey", lists=False, endpoints=BESIDE)
    ]


def test_a_role_that_uses_no_key_proves_nothing(directory: Path) -> None:
    assert planned(directory, roleAssignments=assigned("Managed HSM Crypto Auditor", "/")) == []


def test_service_encryption_wraps_and_does_not_sign(directory: Path) -> None:
    keys = {
        "signing": {"type": "EC-HSM", "curve": "P-256"},
        "wrapping": {"type": "RSA-HSM", "size": 2048, "operations": ["wrapKey", "unwrapKey"]},
    }
    roles = assigned("Managed HSM Crypto Service Encryption User", "/keys")
    (found,) = planned(directory, keys=keys, roleAssignments=roles)
    assert found.key == "wrapping"


def test_a_key_that_only_encrypts_symmetrically_cannot_be_tried(directory: Path) -> None:
    keys = {"aes": {"type": "oct-HSM", "size": 256, "operations": ["encrypt", "decrypt"]}}
    assert planned(directory, keys=keys) == []


def test_a_disabled_key_is_not_tried(directory: Path) -> None:
    keys = {"rsa": {"type": "RSA-HSM", "size": 2048, "enabled": False}}
    assert planned(directory, keys=keys) == []


def test_without_an_endpoint_there_is_nothing_to_prove(directory: Path) -> None:
    network = {**dev()["managed-hsm:network"], "privateEndpoints": []}
    assert planned(directory, network=network) == []


def test_a_machine_in_another_subnet_proves_nothing(directory: Path) -> None:
    subnet = (
        "/subscriptions/9b2a7d44-63f0-4a18-9f5e-c0d1e2f3a4b5/resourceGroups/hub/providers/Microsoft.Network"
        "/virtualNetworks/hub/subnets/apps"
    )
    assert planned(directory, identities={"testvmmhsm": {"vm": {"subnet": subnet}}}) == []


def test_a_user_assigned_identity_proves_on_its_first_machine(directory: Path) -> None:
    found = planned(
        directory,
        identities={"batch": {"userAssigned": True, "vms": ["batch-1", "batch-2"]}},
        roleAssignments=assigned("Managed HSM Crypto User", "/", "batch"),
    )
    assert found == [Plan("batch", "batch-1", "myrsakey", lists=True, endpoints=BESIDE)]


def test_a_user_assigned_identity_proves_where_the_endpoint_is(directory: Path) -> None:
    subnet = (
        "/subscriptions/9b2a7d44-63f0-4a18-9f5e-c0d1e2f3a4b5/resourceGroups/hub/providers/Microsoft.Network"
        "/virtualNetworks/hub/subnets/apps"
    )
    found = planned(
        directory,
        identities={
            "elsewhere": {"vm": {"subnet": subnet}},
            "batch": {"userAssigned": True, "vms": ["elsewhere", "batch-1"]},
        },
        roleAssignments=assigned("Managed HSM Crypto User", "/", "batch"),
    )
    assert found == [Plan("batch", "batch-1", "myrsakey", lists=True, endpoints=BESIDE)]


def test_the_proof_can_be_switched_off(directory: Path) -> None:
    assert planned(directory, proof={"run": False}) == []


NO_ENDPOINT = {**dev()["managed-hsm:network"], "privateEndpoints": []}
ELSEWHERE = (
    "/subscriptions/9b2a7d44-63f0-4a18-9f5e-c0d1e2f3a4b5/resourceGroups/hub/providers/Microsoft.Network"
    "/virtualNetworks/hub/subnets/apps"
)


def unproved(directory: Path, **changes: Any) -> str | None:
    values = dev()
    values.update({f"managed-hsm:{name}": value for name, value in changes.items()})
    return nothing_to_prove(parse(values, directory))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"network": NO_ENDPOINT, "proof": {"run": True}}, "managed-hsm:network.privateEndpoints has none"),
        ({"identities": {"testvmmhsm": {"vm": {"subnet": ELSEWHERE}}}}, "no machine in the network of a private"),
        ({"roleAssignments": assigned("Managed HSM Crypto Auditor", "/")}, "no identity of such a machine has a role"),
        ({"keys": {"aes": {"type": "oct-HSM", "size": 256, "operations": ["encrypt", "decrypt"]}}}, "can be tried"),
    ],
)
def test_a_proof_with_nothing_to_prove_is_told_with_the_cause(
    directory: Path, changes: dict[str, Any], cause: str
) -> None:
    line = unproved(directory, **changes)
    assert line is not None
    assert line.startswith("managed-hsm:proof.run: nothing proves the private path: ")
    assert cause in line


@pytest.mark.parametrize(
    "changes",
    [{}, {"proof": {"run": False}, "network": NO_ENDPOINT}, {"network": NO_ENDPOINT}],
    ids=["proved", "switched off", "nobody asked"],
)
def test_a_proof_that_runs_or_is_not_meant_needs_no_words(directory: Path, changes: dict[str, Any]) -> None:
    assert unproved(directory, **changes) is None
