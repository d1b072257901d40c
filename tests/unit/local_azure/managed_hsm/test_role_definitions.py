from __future__ import annotations

from typing import Any

import pytest

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import built_in_roles as roles
from local_azure.managed_hsm.built_in_roles import ACTION_PREFIX
from local_azure.managed_hsm.pools import ACTIVE
from tests.unit.local_azure.managed_hsm.support import Client, make_pool

PATH = "/providers/Microsoft.Authorization/roleDefinitions"
NAME = "c1d2e3f4-0000-4000-8000-000000000001"
SIGN = f"{ACTION_PREFIX}/keys/sign/action"


@pytest.fixture
def client(world: World) -> Client:
    make_pool(world, activation_status=ACTIVE)
    return Client(world)


def custom(**changes: Any) -> dict[str, Any]:
    permission = {"actions": [], "notActions": [], "dataActions": [SIGN], "notDataActions": []}
    return {"properties": {"roleName": "Signer", "description": "Signs", "permissions": [permission], **changes}}


def test_built_in_roles_are_listed_as_recorded(client: Client) -> None:
    found = client.send("GET", PATH).json["value"]
    assert [each["properties"]["roleName"] for each in found] == [
        "Managed HSM EKM Administrator",
        "Managed HSM Restore User",
        "Managed HSM Backup User",
        "Managed HSM Crypto Service Encryption User",
        "Managed HSM Crypto Service Release User",
        "Managed HSM Crypto Auditor",
        "Managed HSM Policy Administrator",
        "Managed HSM Crypto User",
        "Managed HSM Crypto Officer",
        "Managed HSM Administrator",
    ]
    assert found[4] == {
        "id": f"Microsoft.KeyVault{PATH}/{roles.CRYPTO_SERVICE_RELEASE_USER}",
        "name": roles.CRYPTO_SERVICE_RELEASE_USER,
        "properties": {
            "assignableScopes": ["/"],
            "description": "",
            "permissions": [
                {
                    "actions": [],
                    "dataActions": [f"{ACTION_PREFIX}/keys/release/action"],
                    "notActions": [],
                    "notDataActions": [],
                }
            ],
            "roleName": "Managed HSM Crypto Service Release User",
            "type": "AKVBuiltInRole",
        },
        "type": "Microsoft.Authorization/roleDefinitions",
    }


def test_the_arm_user_is_there_though_not_listed(client: Client) -> None:
    assert client.send("GET", f"{PATH}/{roles.ARM_USER}").json["properties"]["roleName"] == "Managed HSM ARM User"


def test_a_custom_role_is_made_changed_listed_and_deleted(client: Client) -> None:
    made = client.send("PUT", f"{PATH}/{NAME}", custom())
    assert made.status == 201
    assert made.json["properties"]["type"] == "CustomRole"
    changed = client.send("PUT", f"{PATH}/{NAME}", custom(description="Signs and more", type="CustomRole"))
    assert (changed.status, changed.json["properties"]["description"]) == (201, "Signs and more")
    assert client.send("GET", f"/keys{PATH}").json["value"][-1] == changed.json
    assert client.send("DELETE", f"{PATH}/{NAME}").json == changed.json
    assert client.send("GET", f"{PATH}/{NAME}").status == 404


def test_a_role_of_nothing_but_a_name_permits_nothing(client: Client) -> None:
    made = client.send("PUT", f"{PATH}/{NAME}", {"properties": {}})
    assert made.json["properties"] == {
        "assignableScopes": ["/"],
        "description": "",
        "permissions": [],
        "roleName": "",
        "type": "CustomRole",
    }


def test_a_role_that_is_assigned_stays(client: Client) -> None:
    client.send("PUT", f"{PATH}/{NAME}", custom())
    client.assign(NAME, directory.USER_OBJECT_ID, "/keys/one")
    answer = client.send("DELETE", f"{PATH}/{NAME}")
    assert (answer.status, answer.code) == (409, "RoleDefinitionHasAssignments")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_built_in_roles_are_nobody_s_to_change(client: Client, method: str) -> None:
    answer = client.send(method, f"{PATH}/{roles.ADMINISTRATOR}", custom())
    assert (answer.status, answer.code) == (400, "BadParameter")
    assert answer.message.startswith("Cannot re-use the name/GUID matching that of a built-in role.")


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (f"{PATH}/no-guid", {}),
        (f"/keys{PATH}/{NAME}", {}),
        (f"{PATH}/{NAME}", {"assignableScopes": ["/keys"]}),
        (f"{PATH}/{NAME}", {"type": "AKVBuiltInRole"}),
        (f"{PATH}/{NAME}", {"roleName": "Managed HSM Crypto User"}),
        (f"{PATH}/{NAME}", {"roleName": 7}),
        (f"{PATH}/{NAME}", {"permissions": [{"dataActions": ["Microsoft.KeyVault/vaults/keys/read"]}]}),
        (f"{PATH}/{NAME}", {"permissions": [{"dataActions": [f"{ACTION_PREFIX}/keys/*"]}]}),
        (f"{PATH}/{NAME}", {"permissions": [{"dataActions": [["nested"]]}]}),
        (f"{PATH}/{NAME}", {"permissions": [{"dataActions": "text"}]}),
        (f"{PATH}/{NAME}", {"permissions": "text"}),
    ],
)
def test_bad_input_is_refused(client: Client, path: str, changes: dict[str, Any]) -> None:
    answer = client.send("PUT", path, custom(**changes))
    assert (answer.status, answer.code) == (400, "BadParameter")


def test_a_body_without_properties_is_refused(client: Client) -> None:
    assert client.send("PUT", f"{PATH}/{NAME}", {}).status == 400


def test_a_custom_role_of_one_pool_is_unknown_in_another(client: Client) -> None:
    make_pool(client.world, "contosohsm2", activation_status=ACTIVE)
    client.send("PUT", f"{PATH}/{NAME}", custom())
    other = Client(client.world, "contosohsm2.managedhsm.azure.net")
    assert other.send("GET", f"{PATH}/{NAME}").status == 404
