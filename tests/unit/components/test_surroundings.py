"""What the program finds out before it declares anything: who deploys, and where a new pool can be activated from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
from pulumi_azure_native import authorization, keyvault, network

from components.deployer import Deployer
from components.surroundings import check_pool_name, check_way_in, deployer, present_pool
from config import Settings, parse
from data_plane.credentials import identity
from data_plane.errors import ConflictError, DataPlaneError, ForbiddenError, NotFoundError
from data_plane.session import Session
from local_azure.stack import material
from tests.unit.components.recorder import dev

CLOSED = {"publicNetworkAccess": "Disabled", "defaultAction": "Deny", "bypass": "None"}
DENY = {**CLOSED, "publicNetworkAccess": "Enabled"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("program")
    material.make(made / ".local")
    return made


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


VNET = (
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoNetworks/providers/Microsoft.Network"
    "/virtualNetworks/hub"
)


def settings(directory: Path, firewall: dict[str, Any], *, private: bool, **changes: Any) -> Settings:
    values = dev()
    values["managed-hsm:hsm"] = {**values["managed-hsm:hsm"], "firewall": firewall}
    values["managed-hsm:network"].update(changes)
    if not private:
        del values["managed-hsm:network"], values["managed-hsm:identities"]
        values["managed-hsm:roleAssignments"] = values["managed-hsm:roleAssignments"][:2]
    return parse(values, directory)


def azure_says(monkeypatch: pytest.MonkeyPatch, status: str | None) -> None:
    def look_up(**_: Any) -> Any:
        if status is None:
            raise Exception(
                "invoke of azure-native:keyvault:getManagedHsm failed: Code=ResourceNotFound: it is not there"
            )
        domain = SimpleNamespace(activation_status=status)
        return SimpleNamespace(properties=SimpleNamespace(security_domain_properties=domain))

    monkeypatch.setattr(keyvault, "get_managed_hsm", look_up)


def see_way_in(of: Settings) -> None:
    check_way_in(of, present_pool(of))


@pytest.mark.parametrize("status", [None, "NotActivated"])
@pytest.mark.parametrize(("firewall", "rule"), [(CLOSED, "Access is Disabled"), (DENY, "there are no ipRules")])
def test_a_pool_that_nobody_could_activate_is_refused_before_it_is_made(
    directory: Path, monkeypatch: pytest.MonkeyPatch, firewall: dict[str, Any], rule: str, status: str | None
) -> None:
    azure_says(monkeypatch, status)
    with pytest.raises(pulumi.RunError, match=f"hsm.firewall: nobody could activate az400popMHSM: .*{rule}") as info:
        see_way_in(settings(directory, firewall, private=False))
    assert "declare this machine's public address in managed-hsm:hsm.firewall.ipRules" in str(info.value)
    assert "close it by a second up" in str(info.value)


def test_a_pool_for_trusted_services_alone_is_fine_once_it_is_active(
    directory: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    azure_says(monkeypatch, "Active")
    see_way_in(settings(directory, {**DENY, "bypass": "AzureServices"}, private=False))
    assert not warnings


def test_whoever_makes_a_private_pool_is_told_where_it_has_to_be_done(
    directory: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    private = settings(directory, CLOSED, private=True, vnet={"id": VNET})
    azure_says(monkeypatch, None)
    see_way_in(private)
    assert len(warnings) == 1
    assert "az400popMHSM can be activated only from inside the network of its private endpoint" in warnings[0]
    azure_says(monkeypatch, "Active")
    see_way_in(private)
    assert len(warnings) == 1


def network_is(monkeypatch: pytest.MonkeyPatch, *, there: bool) -> None:
    def look_up(**asked: Any) -> Any:
        assert asked == {"resource_group_name": "ContosoResourceGroup", "virtual_network_name": "vnetwest"}
        if not there:
            raise Exception("invoke of azure-native:network:getVirtualNetwork failed: Code=ResourceNotFound: no")
        return SimpleNamespace(id=VNET)

    monkeypatch.setattr(network, "get_virtual_network", look_up)


def test_nothing_runs_in_a_network_that_the_stack_is_only_about_to_make(
    directory: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    private = settings(directory, CLOSED, private=True)
    azure_says(monkeypatch, None)
    network_is(monkeypatch, there=False)
    with pytest.raises(
        pulumi.RunError, match=r"nobody could activate az400popMHSM: .* nothing can run in it yet"
    ) as info:
        see_way_in(private)
    assert "name a network that is there (managed-hsm:network.vnet.id) and run inside it" in str(info.value)
    network_is(monkeypatch, there=True)
    see_way_in(private)
    assert len(warnings) == 1


def test_an_endpoint_in_a_network_of_somebody_else_is_a_way_in(
    directory: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    branch = {"name": "branch", "subnet": f"{VNET}/subnets/hsm", "dns": "external"}
    azure_says(monkeypatch, None)
    see_way_in(settings(directory, CLOSED, private=True, privateEndpoints=[{"name": "main"}, branch]))
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "firewall", [{**DENY, "ipRules": ["203.0.113.10"]}, {**DENY, "defaultAction": "Allow", "bypass": "AzureServices"}]
)
def test_a_pool_with_a_public_way_in_needs_no_words(
    directory: Path, warnings: list[str], firewall: dict[str, Any]
) -> None:
    check_way_in(settings(directory, firewall, private=False), None)
    assert not warnings


def test_another_failure_of_the_look_up_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**_: Any) -> Any:
        raise Exception("invoke of getManagedHsm failed: AuthorizationFailed")

    monkeypatch.setattr(keyvault, "get_managed_hsm", refused)
    with pytest.raises(pulumi.RunError, match="looking for the pool: getManagedHsm failed: Auth"):
        see_way_in(settings(directory, CLOSED, private=True))


def signed_in_as(monkeypatch: pytest.MonkeyPatch, client_id: str) -> None:
    answer = SimpleNamespace(
        client_id=client_id, object_id="object", tenant_id="tenant", subscription_id="subscription"
    )
    monkeypatch.setattr(authorization, "get_client_config", lambda: answer)


def test_the_deployer_is_whom_azure_native_is_signed_in_as(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in_as(monkeypatch, "Robot")
    open_to_all = settings(directory, {"defaultAction": "Allow"}, private=True)
    same = {"ARM_CLIENT_ID": "robot", "ARM_TENANT_ID": "tenant", "ARM_CLIENT_SECRET": "secret"}
    for environment in (same, {}):
        assert deployer(open_to_all, identity({}, environment)).object_id == "object"


def test_two_principals_at_once_are_refused_before_anything_is_made(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in_as(monkeypatch, "azure-cli")
    only_the_sdks = {"AZURE_CLIENT_ID": "robot", "AZURE_TENANT_ID": "tenant", "AZURE_CLIENT_SECRET": "secret"}
    with pytest.raises(pulumi.RunError, match="AZURE_CLIENT_ID: names robot, but azure-native is signed in as azure-c"):
        deployer(settings(directory, {"defaultAction": "Allow"}, private=True), identity({}, only_the_sdks))


def test_of_the_engines_words_the_cause_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> Any:
        raise Exception(
            "invoke of azure-native:authorization:getClientConfig failed: invocation of"
            " azure-native:authorization:getClientConfig returned an error: Entra ID refused the secret\n"
        )

    monkeypatch.setattr(authorization, "get_client_config", refused)
    with pytest.raises(pulumi.RunError, match=r"^finding out who deploys: Entra ID refused the secret$"):
        deployer(settings(directory, {"defaultAction": "Allow"}, private=True), identity({}, {}))


@pytest.mark.parametrize(
    ("cause", "line"),
    [
        (
            "AADSTS7000215: Invalid client secret provided. Trace ID: 9388912f Correlation ID: 45c26086",
            "AADSTS7000215: Invalid client secret provided — sign in with az login, or check ARM_TENANT_ID,"
            " ARM_CLIENT_ID and the secret, certificate or token",
        ),
        (
            "proxyconnect tcp: dial tcp 127.0.0.1:8741: connect: connection refused",
            "proxyconnect tcp: dial tcp 127.0.0.1:8741: connect: connection refused — check HTTPS_PROXY, and that what"
            " listens there runs",
        ),
        ("Status=500 the service failed", "Status=500 the service failed"),
    ],
)
def test_the_way_out_of_a_refused_sign_in_is_told(
    directory: Path, monkeypatch: pytest.MonkeyPatch, cause: str, line: str
) -> None:
    def refused() -> Any:
        raise Exception(f"invocation of azure-native:authorization:getClientConfig returned an error: {cause}")

    monkeypatch.setattr(authorization, "get_client_config", refused)
    with pytest.raises(pulumi.RunError) as told:
        deployer(settings(directory, {"defaultAction": "Allow"}, private=True), identity({}, {}))
    assert str(told.value) == f"finding out who deploys: {line}"


class Names(Session):
    """ARM, which knows one name and one soft-deleted pool."""

    def __init__(self, answer: dict[str, Any] | DataPlaneError, deleted: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.answer, self.deleted = answer, deleted
        self.asked: list[str] = []

    def resource_manager_get(self, path: str, api_version: str) -> Any:
        del api_version
        if self.deleted is None:
            raise NotFoundError(f"{path}: 404", status=404)
        return self.deleted

    def resource_manager_ask(self, path: str, api_version: str, body: Mapping[str, Any]) -> Any:
        del api_version
        self.asked.append(f"{path} {body['name']}")
        if isinstance(self.answer, DataPlaneError):
            raise self.answer
        return self.answer


DEPLOYER = Deployer("tenant", "subscription", "object")
OPEN = {"defaultAction": "Allow"}


def check_name(of: Settings, names: Session) -> None:
    check_pool_name(of, present_pool(of), DEPLOYER, names)


def test_a_name_that_is_taken_is_refused_before_anything_is_made(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure_says(monkeypatch, None)
    names = Names({"nameAvailable": False, "reason": "AlreadyExists", "message": "It is in use."})
    with pytest.raises(ConflictError, match=r"^managed-hsm:hsm.name: az400popMHSM is taken: It is in use — choose"):
        check_name(settings(directory, OPEN, private=True), names)
    assert names.asked == [
        "/subscriptions/subscription/providers/Microsoft.KeyVault/checkMhsmNameAvailability az400popMHSM"
    ]


@pytest.mark.parametrize("protected", [True, False])
def test_a_soft_deleted_pool_that_holds_the_name_is_told_with_what_can_be_done(
    directory: Path, monkeypatch: pytest.MonkeyPatch, protected: bool
) -> None:
    azure_says(monkeypatch, None)
    properties = {"scheduledPurgeDate": "2026-12-24T10:00:00Z", "purgeProtectionEnabled": protected}
    with pytest.raises(ConflictError) as told:
        check_name(settings(directory, OPEN, private=True), Names({}, {"properties": properties}))
    line = str(told.value)
    assert "a soft-deleted pool az400popMHSM in eastus2 holds the name until 2026-12-24 — " in line
    assert "recover it (az keyvault recover --hsm-name az400popMHSM --location eastus2)" in line
    assert ("purge it" in line) is not protected


def test_a_pool_that_is_there_needs_no_free_name(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    azure_says(monkeypatch, "Active")
    names = Names({"nameAvailable": False})
    check_name(settings(directory, OPEN, private=True), names)
    assert names.asked == []


def test_who_may_not_ask_for_names_hears_of_a_taken_one_from_arm_itself(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure_says(monkeypatch, None)
    check_name(settings(directory, OPEN, private=True), Names(ForbiddenError("no", status=403)))


def test_a_subscription_that_cannot_be_read_is_told_with_the_way_out(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(**_: Any) -> Any:
        raise Exception('… returned an error: Status=404 Code="SubscriptionNotFound" Message="It is not there."')

    monkeypatch.setattr(keyvault, "get_managed_hsm", look_up)
    with pytest.raises(
        pulumi.RunError, match=r"^looking for the pool: .*SubscriptionNotFound.* — set ARM_SUBSCRIPTION_ID"
    ):
        check_name(settings(directory, OPEN, private=True), Names({}))


POOL_ID = "/subscriptions/subscription/resourceGroups/ContosoResourceGroup/providers/Microsoft.KeyVault/managedHSMs"
DELETED = {
    "properties": {
        "mhsmId": f"{POOL_ID}/az400popMHSM",
        "deletionDate": "2026-11-20T10:00:00Z",
        "scheduledPurgeDate": "2026-12-18T10:00:00Z",
        "purgeProtectionEnabled": False,
    }
}


def with_decision(directory: Path, action: str) -> Settings:
    values = dev()
    values["managed-hsm:hsm"]["onSoftDeleted"] = action
    return parse(values, directory)


@pytest.mark.parametrize(
    ("action", "warning"),
    [
        ("recover", "the soft-deleted pool az400popMHSM comes back with its keys, roles and security domain"),
        ("purge", "the soft-deleted pool az400popMHSM is purged, with every key that was in it, for good"),
    ],
)
def test_a_deleted_pool_that_is_to_be_dealt_with_is_told_of(
    directory: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str], action: str, warning: str
) -> None:
    azure_says(monkeypatch, None)
    found = check_pool_name(with_decision(directory, action), None, DEPLOYER, Names({"nameAvailable": False}, DELETED))
    assert found is not None
    assert found.deleted_at == "2026-11-20T10:00:00Z"
    assert warning in warnings[0]


@pytest.mark.parametrize(
    ("action", "changes", "line"),
    [
        ("purge", {"purgeProtectionEnabled": True}, "has purge protection, so nobody can purge it before 2026-12-18"),
        ("recover", {"mhsmId": "/subscriptions/s/resourceGroups/Other/x"}, "comes back there only; change"),
        ("purge", {"mhsmId": "/subscriptions/s/resourceGroups/Other/x"}, "is not for this stack to purge; change"),
    ],
)
def test_a_decision_that_cannot_be_carried_out_is_refused_beforehand(
    directory: Path, monkeypatch: pytest.MonkeyPatch, action: str, changes: dict[str, Any], line: str
) -> None:
    azure_says(monkeypatch, None)
    deleted = {"properties": {**DELETED["properties"], **changes}}
    with pytest.raises(ConflictError, match=line):
        check_pool_name(with_decision(directory, action), None, DEPLOYER, Names({"nameAvailable": False}, deleted))
