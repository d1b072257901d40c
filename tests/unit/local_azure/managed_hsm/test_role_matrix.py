"""Every built-in role against every operation, at every kind of scope.

The two tables are written from "Local RBAC built-in roles for Managed HSM" and the recorded list of roles, apart from
the tables of the code under test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from local_azure.core.errors import ServiceError
from local_azure.core.http import Request
from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm.backups.routes import backup_routes
from local_azure.managed_hsm.built_in_roles import ACTION_PREFIX, BUILT_IN_ROLES, DATA_ACTIONS
from local_azure.managed_hsm.keys.routes import key_routes
from local_azure.managed_hsm.pools import ACTIVE
from local_azure.managed_hsm.role_assignments import role_assignment_routes
from local_azure.managed_hsm.role_definitions import role_definition_routes
from local_azure.managed_hsm.security_domain import transfer_key
from local_azure.managed_hsm.security_domain.routes import security_domain_routes
from local_azure.managed_hsm.service import ManagedHsmService
from tests.unit.local_azure.managed_hsm.support import API_VERSION, Client, make_pool, token

HOST = "az400popmhsm.managedhsm.azure.net"
_POLICIES = [
    f"role{what}/{how}/action" for what in ("Assignments", "Definitions") for how in ("read", "write", "delete")
]
_READ_POLICIES = ["roleAssignments/read/action", "roleDefinitions/read/action"]
_USES = ["encrypt", "decrypt", "wrap", "unwrap", "sign", "verify", "derive"]

MAY: dict[str, list[str]] = {
    "Managed HSM Administrator": [
        *_POLICIES,
        *(f"securitydomain/{each}" for each in ("download/action", "download/read", "upload/action", "upload/read")),
        "securitydomain/transferkey/read",
        *(f"{what}/{how}/action" for what in ("backup", "restore") for how in ("start", "status")),
        "settings/read/action",
        "settings/write/action",
    ],
    "Managed HSM Crypto Officer": [
        *_POLICIES,
        "keys/deletedKeys/read/action",
        "keys/deletedKeys/delete",
        "keys/deletedKeys/recover/action",
        "keys/export/action",
    ],
    "Managed HSM Crypto User": [
        *_READ_POLICIES,
        *(f"keys/{each}/action" for each in ("read", "write", "rotate", "import", "release", "backup", "restore")),
        "keys/delete",
        "keys/create",
        *(f"keys/{each}/action" for each in _USES),
        "rng/action",
    ],
    "Managed HSM Policy Administrator": _POLICIES,
    "Managed HSM Crypto Auditor": [*_READ_POLICIES, "keys/read/action", "keys/deletedKeys/read/action"],
    "Managed HSM Crypto Service Encryption User": [f"keys/{each}/action" for each in ("read", "wrap", "unwrap")],
    "Managed HSM Crypto Service Release User": ["keys/release/action"],
    "Managed HSM Backup User": ["backup/start/action", "backup/status/action", "keys/backup/action"],
    "Managed HSM Restore User": ["restore/start/action", "restore/status/action", "keys/restore/action"],
    "Managed HSM EKM Administrator": [f"ekm/{each}/action" for each in ("read", "write", "delete")],
    "Managed HSM ARM User": [],
}
"""Data actions of each role, without their prefix."""

SCOPES = ("/", "/keys", "/keys/one", "/keys/two")
REACH = {
    "/": {"/"},
    "/keys": {"/", "/keys"},
    "/keys/one": {"/", "/keys", "/keys/one"},
}
"""By the scope that an operation asks at: where an assignment lets one through."""


class Operation(NamedTuple):
    """One operation as a client asks for it: on key ``one``, without a body, so that nothing is ever changed."""

    method: str
    path: str
    data_action: str
    scope: str


_ROLES = "/providers/Microsoft.Authorization"
_NAME = "11111111-2222-4333-8444-555555555555"
_PATHS = {"/": "", "/keys": "/keys", "/keys/one": "/keys/one"}
_CRYPTOGRAPHY = {
    "encrypt": "encrypt",
    "decrypt": "decrypt",
    "wrapkey": "wrap",
    "unwrapkey": "unwrap",
    "sign": "sign",
    "verify": "verify",
    "release": "release",
}


def _policies(scope: str, prefix: str) -> Iterator[Operation]:
    for what in ("Assignments", "Definitions"):
        path = f"{prefix}{_ROLES}/role{what}"
        yield Operation("GET", path, f"role{what}/read/action", scope)
        yield Operation("GET", f"{path}/{_NAME}", f"role{what}/read/action", scope)
        yield Operation("PUT", f"{path}/{_NAME}", f"role{what}/write/action", scope)
        yield Operation("DELETE", f"{path}/{_NAME}", f"role{what}/delete/action", scope)


OPERATIONS = [
    *(each for scope, prefix in _PATHS.items() for each in _policies(scope, prefix)),
    Operation("POST", "/securitydomain/download", "securitydomain/download/action", "/"),
    Operation("GET", "/securitydomain/download/pending", "securitydomain/download/read", "/"),
    Operation("GET", "/securitydomain/upload", "securitydomain/transferkey/read", "/"),
    Operation("POST", "/securitydomain/upload", "securitydomain/upload/action", "/"),
    Operation("GET", "/securitydomain/upload/pending", "securitydomain/upload/read", "/"),
    Operation("GET", "/keys", "keys/read/action", "/keys"),
    Operation("POST", "/keys/restore", "keys/restore/action", "/keys"),
    Operation("POST", "/keys/one/create", "keys/create", "/keys"),
    Operation("PUT", "/keys/one", "keys/import/action", "/keys"),
    Operation("GET", "/keys/one/versions", "keys/read/action", "/keys/one"),
    Operation("POST", "/keys/one/backup", "keys/backup/action", "/keys/one"),
    Operation("POST", "/keys/one/rotate", "keys/rotate/action", "/keys/one"),
    Operation("GET", "/keys/one/rotationpolicy", "keys/read/action", "/keys/one"),
    Operation("PUT", "/keys/one/rotationpolicy", "keys/write/action", "/keys/one"),
    *(
        Operation(method, f"/keys/one{version}{path}", data_action, "/keys/one")
        for version in ("", "/0123456789abcdef0123456789abcdef")
        for method, path, data_action in [
            ("GET", "", "keys/read/action"),
            ("PATCH", "", "keys/write/action"),
            ("GET", "/attestation", "keys/read/action"),
            *(("POST", f"/{path}", f"keys/{action}/action") for path, action in _CRYPTOGRAPHY.items()),
        ]
    ),
    Operation("DELETE", "/keys/one", "keys/delete", "/keys/one"),
    Operation("GET", "/deletedkeys", "keys/deletedKeys/read/action", "/keys"),
    Operation("GET", "/deletedkeys/one", "keys/deletedKeys/read/action", "/keys/one"),
    Operation("DELETE", "/deletedkeys/one", "keys/deletedKeys/delete", "/keys/one"),
    Operation("POST", "/deletedkeys/one/recover", "keys/deletedKeys/recover/action", "/keys/one"),
    Operation("POST", "/rng", "rng/action", "/"),
    Operation("GET", "/settings", "settings/read/action", "/"),
    Operation("GET", "/settings/AllowKeyManagementOperationsThroughARM", "settings/read/action", "/"),
    Operation("PATCH", "/settings/AllowKeyManagementOperationsThroughARM", "settings/write/action", "/"),
    Operation("POST", "/backup", "backup/start/action", "/"),
    Operation("POST", "/prebackup", "backup/start/action", "/"),
    Operation("GET", "/backup/1/pending", "backup/status/action", "/"),
    Operation("PUT", "/restore", "restore/start/action", "/"),
    Operation("PUT", "/prerestore", "restore/start/action", "/"),
    Operation("GET", "/restore/1/pending", "restore/status/action", "/"),
    Operation("PUT", "/keys/one/restore", "restore/start/action", "/"),
]

WITHOUT_OPERATION = {"keys/derive/action", "keys/export/action", "ekm/read/action", "ekm/write/action"} | {
    "ekm/delete/action"
}
"""Data actions whose operations the local Azure does not play at all."""


@pytest.fixture(autouse=True)
def _small_transfer_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one of the real size takes longer than all the rest."""
    monkeypatch.setattr(transfer_key, "KEY_SIZE", 2048)


def ask(service: ManagedHsmService, bearer: str, operation: Operation) -> tuple[int, str]:
    """Status and error code."""
    request = Request(
        operation.method,
        HOST,
        operation.path,
        {"api-version": API_VERSION},
        {"host": HOST, "authorization": f"Bearer {bearer}"},
    )
    try:
        return service.handle(request).status, ""
    except ServiceError as error:
        return error.status, error.code


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("scope", SCOPES)
def test_a_role_lets_through_what_is_published_at_its_scope_and_below_and_nothing_else(
    world: World, role: str, scope: str
) -> None:
    make_pool(world, activation_status=ACTIVE)
    [name] = [each.name for each in BUILT_IN_ROLES if each.role_name == role]
    assert Client(world).assign(name, directory.USER_OBJECT_ID, scope).status == 201
    service, bearer = ManagedHsmService(world), token(world, directory.USER_OBJECT_ID)
    for operation in OPERATIONS:
        allowed = operation.data_action in MAY[role] and scope in REACH[operation.scope]
        status, code = ask(service, bearer, operation)
        assert (code == "AccessDenied") is not allowed, (operation, status, code)
        assert (status == 403) is not allowed, (operation, status, code)


def test_the_tables_know_every_role_operation_and_data_action() -> None:
    assert {each.role_name for each in BUILT_IN_ROLES} == set(MAY)
    used = {each.data_action for each in OPERATIONS}
    published = {action for actions in MAY.values() for action in actions}
    assert {each.removeprefix(f"{ACTION_PREFIX}/") for each in DATA_ACTIONS} == published
    assert published - used == WITHOUT_OPERATION
    routes = [
        *(*role_definition_routes(), *role_assignment_routes(), *security_domain_routes()),
        *(*backup_routes(), *key_routes()),
    ]
    assert len(routes) == len(OPERATIONS), "a route is missing in the table"


def test_before_activation_no_operation_but_those_of_the_security_domain_is_served(world: World) -> None:
    make_pool(world)
    service, bearer = ManagedHsmService(world), token(world)
    for operation in OPERATIONS:
        status, code = ask(service, bearer, operation)
        refused = (status, code) == (403, "Forbidden")
        assert refused is not operation.path.startswith("/securitydomain/"), (operation, status, code)
