from __future__ import annotations

from datetime import timedelta

import jwt
import pytest

from local_azure.core.world import TENANT_ID, World
from local_azure.entra import directory, tokens

HSM = "https://managedhsm.azure.net"


@pytest.fixture
def deployer(world: World) -> directory.Principal:
    directory.seed(world)
    found = directory.principal(world, directory.DEPLOYER_OBJECT_ID)
    assert found is not None
    return found


def test_a_token_says_who_bears_it(world: World, deployer: directory.Principal) -> None:
    claims = tokens.verify(world, tokens.issue(world, deployer, HSM), [HSM])
    assert claims.object_id == directory.DEPLOYER_OBJECT_ID
    assert claims.app_id == directory.DEPLOYER_CLIENT_ID
    assert claims.tenant_id == TENANT_ID


def test_a_slash_at_the_audiences_end_makes_no_difference(world: World, deployer: directory.Principal) -> None:
    assert tokens.verify(world, tokens.issue(world, deployer, HSM + "/"), [HSM]).audience == HSM + "/"


def test_a_token_for_another_resource_is_refused(world: World, deployer: directory.Principal) -> None:
    token = tokens.issue(world, deployer, "https://vault.azure.net")
    with pytest.raises(tokens.InvalidToken, match="not for this resource"):
        tokens.verify(world, token, [HSM])


def test_a_token_expires_by_the_clock_of_the_local_azure(world: World, deployer: directory.Principal) -> None:
    token = tokens.issue(world, deployer, HSM, lifetime_seconds=60)
    world.clock.move(timedelta(seconds=61))
    with pytest.raises(tokens.InvalidToken, match="expired"):
        tokens.verify(world, token, [HSM])


def test_a_token_signed_with_another_key_is_refused(world: World, deployer: directory.Principal) -> None:
    content = jwt.decode(tokens.issue(world, deployer, HSM), options={"verify_signature": False})
    forged = jwt.encode(content, tokens.signing_key(world, "somebody-else"), algorithm="RS256")
    with pytest.raises(tokens.InvalidToken, match="not one of this tenant's"):
        tokens.verify(world, forged, [HSM])


def test_a_token_without_a_signature_is_refused(world: World, deployer: directory.Principal) -> None:
    content = jwt.decode(tokens.issue(world, deployer, HSM), options={"verify_signature": False})
    unsigned = jwt.encode(content, "", algorithm="none")
    with pytest.raises(tokens.InvalidToken):
        tokens.verify(world, unsigned, [HSM])


def test_a_managed_identitys_token_names_its_resource(world: World) -> None:
    resource = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"
    identity = directory.create_managed_identity(world, display_name="vm", resource_id=resource)
    claims = tokens.verify(world, tokens.issue(world, identity, HSM), [HSM])
    assert claims.raw["xms_mirid"] == resource


def test_groups_reach_through_groups(world: World) -> None:
    directory.seed(world)
    outer = directory.Principal("11111111-0000-4000-8000-000000000001", "Group", "Everybody")
    directory.put_principal(world, outer)
    directory.add_member(world, outer.object_id, directory.GROUP_OBJECT_ID)
    assert directory.groups_of(world, directory.USER_OBJECT_ID) == {directory.GROUP_OBJECT_ID, outer.object_id}


def test_groups_that_contain_each_other_end(world: World) -> None:
    first, second = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
    directory.add_member(world, first, second)
    directory.add_member(world, second, first)
    assert directory.groups_of(world, first) == {first, second}


def test_the_deployers_secret_is_readable_by_its_owner_alone(world: World) -> None:
    directory.seed(world)
    assert (world.home / "deployer-secret").stat().st_mode & 0o777 == 0o600
