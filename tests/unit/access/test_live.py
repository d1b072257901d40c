"""The commands on a pool: what it has, with the directory and without, and giving one's rights up."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
import requests
from azure.core.exceptions import HttpResponseError

from access.command_line import main
from access.live import live
from data_plane import directory, propagation, role_assignments, session
from data_plane.activation import Activation, Wanted
from data_plane.built_in_roles import BUILT_IN_ROLES, role_definition_id
from data_plane.data_actions import full
from data_plane.errors import ForbiddenError
from data_plane.pool import Pool
from data_plane.role_definitions import Definition, put
from data_plane.security_domain_file import Destination
from local_azure.entra.directory import DEPLOYER_OBJECT_ID, GROUP_OBJECT_ID, USER_OBJECT_ID
from tests.support import Azure
from tests.unit.data_plane.support import certificates, make_pool

pytestmark = pytest.mark.daemon

POOL = ["--hsm-name", "az400popMHSM"]
MANAGER = "c1d2e3f4-0000-4000-8000-000000000001"
READS = ("roleAssignments/read/action", "roleDefinitions/read/action")


@pytest.fixture
def signed_in(azure: Azure) -> Iterator[Azure]:
    session.forget()
    propagation.forget()
    yield azure
    session.forget()
    propagation.forget()


@pytest.fixture
def pool(signed_in: Azure, tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """An active pool whose only Administrator is the deployer."""
    del signed_in
    made = make_pool()
    places = (Destination(tmp_path_factory.mktemp("custody") / "sd.json"),)
    Activation(session.current(), Wanted(made.id, made.uri, certificates(1, 2, 3), 2, places)).run()
    return made


def give(pool: Pool, role: str, who: str, scope: str) -> None:
    guid = BUILT_IN_ROLES.get(f"Managed HSM {role}", MANAGER)
    access = session.current().access(pool.uri)
    access.create_role_assignment(scope, role_definition_id(guid), who, name=str(uuid.uuid4()))


def make_manager(pool: Pool) -> None:
    actions = tuple(map(full, (*READS, "keys/read/action", "keys/deletedKeys/read/action", "keys/create")))
    put(session.current(), pool.uri, Definition(MANAGER, "Key Manager", "Manages.", actions))


def own(pool: Pool) -> list[str]:
    found = role_assignments.at_scope(session.current(), pool.uri, "/")
    return [each.role_guid for each in found if each.principal_id == DEPLOYER_OBJECT_ID]


def test_a_pool_is_read_with_names_and_members_of_groups(pool: Pool) -> None:
    give(pool, "Crypto User", GROUP_OBJECT_ID, "/keys")
    give(pool, "Crypto User", "9f9f9f9f-0000-4000-8000-000000000001", "/keys")
    found = live(session.current(), pool.uri, deployer_id=DEPLOYER_OBJECT_ID)
    told = {each.name: (each.kind, each.members) for each in found.principals.values()}
    assert told == {
        "contoso-deployer": ("deployer", None),
        "HSM Operators": ("group", (USER_OBJECT_ID,)),
        "kim.akers@contoso.com": ("user", None),
        "9f9f9f9f-0000-4000-8000-000000000001": ("gone", None),
    }
    assert {each.origin for each in found.grants} == {"pool"}
    assert [each.split(":")[0] for each in found.gaps] == [
        "whoever deploys may not list keys",
        "whoever deploys may not list deleted keys",
    ]


def test_without_the_directory_there_are_ids_and_the_gap_is_said(
    pool: Pool, signed_in: Azure, capsys: pytest.CaptureFixture[str]
) -> None:
    give(pool, "Crypto User", GROUP_OBJECT_ID, "/keys")
    signed_in.control.add_fault("status", path="/v1.0/directoryObjects", status=403, count=None)
    assert main(["lint", *POOL]) == 0
    assert "not looked at: the directory could not be read" in capsys.readouterr().out
    assert main(["matrix", *POOL, "--format", "json"]) == 0
    assert GROUP_OBJECT_ID in json.loads(capsys.readouterr().out)["matrix"]


def test_resigning_is_refused_while_nobody_else_administers_the_pool(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resign", *POOL, "--yes"]) == 1
    assert "nobody else is Administrator" in capsys.readouterr().err
    assert own(pool) == [BUILT_IN_ROLES["Managed HSM Administrator"]]


def test_resigning_is_refused_for_an_empty_group_and_for_whoever_could_not_read_roles_any_more(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    token = session.current().credential.get_token("https://graph.microsoft.com/.default").token
    made = requests.post(
        "https://graph.microsoft.com/v1.0/groups",
        json={"displayName": "Nobody", "mailEnabled": False, "mailNickname": "nobody", "securityEnabled": True},
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
    )
    give(pool, "Administrator", made.json()["id"], "/")
    assert main(["resign", *POOL, "--yes"]) == 1
    assert "would not let it read roles" in capsys.readouterr().err
    make_manager(pool)
    give(pool, "Key Manager", DEPLOYER_OBJECT_ID, "/")
    assert main(["resign", *POOL, "--yes"]) == 1
    assert "groups without members — put somebody into the group first" in capsys.readouterr().err
    assert len(own(pool)) == 2


def test_resigning_takes_what_is_too_much_and_keeps_the_rest_once(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    make_manager(pool)
    give(pool, "Administrator", GROUP_OBJECT_ID, "/")
    give(pool, "Key Manager", DEPLOYER_OBJECT_ID, "/")
    for role in ("Crypto User", "Crypto Officer"):
        give(pool, role, DEPLOYER_OBJECT_ID, "/keys")
    assert main(["resign", *POOL]) == 0
    assert len(own(pool)) == 4
    assert capsys.readouterr().out.splitlines() == [
        "stays: Key Manager at /",
        "would be given up: Managed HSM Crypto User at /keys",
        "would be given up: Managed HSM Crypto Officer at /keys",
        "would be given up: Managed HSM Administrator at /",
        "--yes gives it up; only another Administrator can give it back",
    ]
    assert main(["resign", *POOL, "--yes"]) == 0
    assert own(pool) == [MANAGER]
    capsys.readouterr()
    assert main(["resign", *POOL, "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("has nothing to give up")
    with pytest.raises(HttpResponseError, match="AccessDenied"):
        give(pool, "Administrator", DEPLOYER_OBJECT_ID, "/")


def test_members_come_page_by_page_with_names_that_can_be_shown_and_a_refusal_says_what_it_takes(
    signed_in: Azure,
) -> None:
    more = f"https://graph.microsoft.com/v1.0/groups/{GROUP_OBJECT_ID}/transitiveMembers"
    first = {"@odata.type": "#microsoft.graph.servicePrincipal", "id": "A", "displayName": "m"}
    signed_in.control.add_fault(
        "status",
        path="transitiveMembers",
        status=200,
        body={"value": [{**first, "servicePrincipalType": "ManagedIdentity"}], "@odata.nextLink": more},
    )
    assert [(each.object_id, each.kind) for each in directory.members(session.current(), GROUP_OBJECT_ID)] == [
        ("a", "identity"),
        (USER_OBJECT_ID, "user"),
    ]
    evil = {"value": [{**first, "displayName": "m\x1b[2J\n\u202e"}]}
    signed_in.control.add_fault("status", path="transitiveMembers", status=200, body=evil)
    assert [each.name for each in directory.members(session.current(), GROUP_OBJECT_ID)] == ["m\ufffd[2J\ufffd\ufffd"]
    signed_in.control.add_fault("status", path="transitiveMembers", status=403)
    with pytest.raises(ForbiddenError, match=r"may not read the directory; grant Directory\.Read\.All"):
        directory.members(session.current(), GROUP_OBJECT_ID)
