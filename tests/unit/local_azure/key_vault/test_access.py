"""Who gets in: tokens, access policies, Azure RBAC, the firewall."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from local_azure.core.http import Origin
from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID, World
from local_azure.entra import directory
from tests.unit.local_azure.key_vault.support import (
    ARM,
    HOST,
    SECRET_MANAGEMENT,
    VAULT_ID,
    Client,
    make_vault,
    policy,
    token,
    vault_body,
)

USER, GROUP_ID, DEPLOYER = directory.USER_OBJECT_ID, directory.GROUP_OBJECT_ID, directory.DEPLOYER_OBJECT_ID
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
READER = "21090545-7ca7-4776-b22c-e363652d74d2"
CHALLENGE = f'Bearer authorization="https://login.microsoftonline.com/{TENANT_ID}", resource="https://vault.azure.net"'


def identity(world: World) -> str:
    """The object id of a machine's identity."""
    made = directory.create_managed_identity(world, display_name="testvmmhsm", resource_id="/subscriptions/s/vm")
    return made.object_id


def assign(client: Client, role: str, principal_id: str, scope: str = VAULT_ID) -> None:
    body = {
        "properties": {
            "roleDefinitionId": f"/subscriptions/{SUBSCRIPTION_ID}/providers/Microsoft.Authorization"
            f"/roleDefinitions/{role}",
            "principalId": principal_id,
        }
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    answer = client.arm("PUT", path, body, "2022-04-01")
    assert answer.status == 201, answer


def test_without_a_token_the_challenge_names_tenant_and_resource(client: Client) -> None:
    refused = client.send("GET", "/secrets/a", headers={})
    assert (refused.status, refused.code) == (401, "Unauthorized")
    assert refused.message == "AKV10000: Request is missing a Bearer or PoP token."
    assert refused.headers["WWW-Authenticate"] == CHALLENGE


def test_a_token_for_another_resource_is_told_which_one_is_expected(client: Client) -> None:
    headers = {"authorization": f"Bearer {token(client.world, DEPLOYER, ARM + '/')}"}
    refused = client.send("GET", "/secrets/a", headers=headers)
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, CHALLENGE)
    assert refused.message == (
        "AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com/."
    )


def test_an_expired_token_and_a_made_up_one_are_refused(client: Client) -> None:
    good = token(client.world, DEPLOYER, lifetime_seconds=60)
    client.world.clock.move(timedelta(seconds=61))
    refused = client.send("GET", "/secrets/a", headers={"authorization": f"Bearer {good}"})
    assert (refused.status, refused.message) == (401, "[TokenExpired] Error validating token: 'S2S12086'.")
    refused = client.send("GET", "/secrets/a", headers={"authorization": "Bearer a.b.c"})
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, CHALLENGE)


def test_without_a_policy_the_refusal_names_caller_permission_and_vault(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "hunter2"})
    stranger = identity(client.world)
    principal = directory.principal(client.world, stranger)
    assert principal is not None
    refused = client.acting_as(stranger).send("GET", "/secrets/a?api-version=2016-10-01")
    assert (refused.status, refused.code, refused.reason) == (403, "Forbidden", "AccessDenied")
    assert refused.message == (
        f"The user, group or application 'appid={principal.app_id};oid={stranger};"
        f"iss=https://sts.windows.net/{TENANT_ID}/' does not have secrets get permission on key vault "
        "'ContosoMiVault;location=eastus2'. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    assert b"hunter2" not in refused.body


def test_each_permission_lets_do_what_it_says_and_no_more(deployer: Client) -> None:
    make_vault(deployer, policy(DEPLOYER, "get"))
    assert deployer.send("GET", "/secrets/a").status == 404
    assert "does not have secrets set permission" in deployer.send("PUT", "/secrets/a", {"value": "v"}).message
    assert "does not have secrets list permission" in deployer.send("GET", "/secrets").message
    assert "does not have secrets delete permission" in deployer.send("DELETE", "/secrets/a").message
    assert "does not have secrets purge permission" in deployer.send("DELETE", "/deletedsecrets/a").message


def test_the_permission_all_has_everything_but_purge(deployer: Client) -> None:
    make_vault(deployer, policy(DEPLOYER, "all"))
    assert deployer.send("PUT", "/secrets/a", {"value": "v"}).status == 200
    assert deployer.send("DELETE", "/secrets/a").status == 200
    assert deployer.send("DELETE", "/deletedsecrets/a").reason == "AccessDenied"


def test_a_policy_of_a_group_is_its_members(deployer: Client) -> None:
    make_vault(deployer, policy(GROUP_ID, "list"))
    assert deployer.acting_as(USER).send("GET", "/secrets").status == 200
    refused = deployer.acting_as(USER).send("GET", "/secrets/a")
    assert ";numgroups=1;iss=" in refused.message


def test_a_policy_for_an_application_on_behalf_of_a_user_is_not_the_users_alone(deployer: Client) -> None:
    make_vault(deployer, policy(USER, "list", applicationId=str(uuid.uuid4())))
    assert deployer.acting_as(USER).send("GET", "/secrets").status == 403


def test_a_policy_that_is_taken_away_counts_no_more(client: Client) -> None:
    assert client.send("GET", "/secrets").status == 200
    client.arm("PUT", VAULT_ID, vault_body())
    assert client.send("GET", "/secrets").status == 403


def test_with_rbac_the_role_decides_and_not_the_policy(deployer: Client) -> None:
    make_vault(deployer, policy(DEPLOYER, *SECRET_MANAGEMENT), enableRbacAuthorization=True)
    refused = deployer.send("PUT", "/secrets/a", {"value": "v"})
    assert (refused.status, refused.reason) == (403, "ForbiddenByRbac")
    assert "Action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action'\r\n" in refused.message
    assert "/resourcegroups/ContosoResourceGroup/providers/microsoft.keyvault/vaults/ContosoMiVault/secrets/a'" in (
        refused.message
    )
    assert refused.message.endswith("Vault: ContosoMiVault;location=eastus2\r\n")
    assign(deployer, SECRETS_OFFICER, DEPLOYER)
    assert deployer.send("PUT", "/secrets/a", {"value": "v"}).status == 200


def test_each_role_has_its_data_actions(deployer: Client) -> None:
    make_vault(deployer, enableRbacAuthorization=True)
    assign(deployer, SECRETS_OFFICER, DEPLOYER)
    deployer.send("PUT", "/secrets/a", {"value": "v"})
    reader, user = deployer.acting_as(identity(deployer.world)), deployer.acting_as(identity(deployer.world))
    assign(deployer, READER, reader.object_id)
    assign(deployer, SECRETS_USER, user.object_id)
    assert [each.send("GET", "/secrets").status for each in (reader, user)] == [200, 200]
    assert [each.send("GET", "/secrets/a").status for each in (reader, user)] == [403, 200]
    assert [each.send("DELETE", "/secrets/a").status for each in (reader, user)] == [403, 403]


def test_a_role_at_one_secret_is_no_role_at_another(deployer: Client) -> None:
    make_vault(deployer, enableRbacAuthorization=True)
    assign(deployer, SECRETS_OFFICER, DEPLOYER)
    for name in ("a", "b"):
        deployer.send("PUT", f"/secrets/{name}", {"value": name})
    user = deployer.acting_as(identity(deployer.world))
    assign(deployer, SECRETS_USER, user.object_id, f"{VAULT_ID}/secrets/a")
    assert user.send("GET", "/secrets/a").status == 200
    assert user.send("GET", "/secrets/b").status == 403
    assert user.send("GET", "/secrets").status == 403


def test_a_role_takes_its_time_to_propagate(deployer: Client) -> None:
    make_vault(deployer, enableRbacAuthorization=True)
    deployer.world.latency.set_scale(1.0)
    assign(deployer, SECRETS_OFFICER, DEPLOYER)
    assert deployer.send("GET", "/secrets").status == 403
    deployer.world.clock.move(timedelta(minutes=5))
    assert deployer.send("GET", "/secrets").status == 200


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ({"defaultAction": "Allow"}, 200),
        ({"defaultAction": "Deny"}, 403),
        ({"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}, 200),
        ({"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24"}]}, 200),
        ({"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.7"}]}, 403),
    ],
)
def test_the_firewall_lets_in_whom_its_rules_name(deployer: Client, rules: dict[str, object], status: int) -> None:
    make_vault(deployer, policy(DEPLOYER, "list"), networkAcls=rules)
    answer = deployer.send("GET", "/secrets")
    assert answer.status == status
    if status == 403:
        assert answer.reason == "ForbiddenByFirewall"
        assert "\r\nClient address: 203.0.113.10\r\nCaller: appid=" in answer.message


def test_the_firewall_does_not_keep_anybody_from_the_challenge(deployer: Client) -> None:
    make_vault(deployer, networkAcls={"defaultAction": "Deny"})
    assert deployer.send("GET", "/secrets", headers={}).status == 401


def test_with_public_access_off_only_an_approved_endpoint_leads_in(deployer: Client) -> None:
    make_vault(deployer, policy(DEPLOYER, "list"), publicNetworkAccess="Disabled")
    refused = deployer.send("GET", "/secrets")
    assert (refused.status, refused.reason) == (403, "ForbiddenByConnection")
    unknown = Origin("vm", None, private_endpoint_id="/subscriptions/s/endpoint")
    assert deployer.coming_from(unknown).send("GET", "/secrets").status == 403


def test_a_vault_that_is_not_there_is_not_played(deployer: Client) -> None:
    assert deployer.send("GET", "/secrets").status >= 500


def test_the_vaults_alias_behind_a_private_zone_is_the_same_vault(client: Client) -> None:
    alias = HOST.replace("vault.azure.net", "privatelink.vaultcore.azure.net")
    assert client.send("GET", "/secrets", host=alias).status == 200
