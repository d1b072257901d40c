"""What the providers say without asking anybody: checks, differences, the fate of every field, the pickle."""

from __future__ import annotations

import ast
import base64
import inspect
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.output import UNKNOWN

from data_plane import session
from data_plane.credentials import identity
from dynamic.base import HsmProvider, contains_unknown, inputs_of, plain
from dynamic.custody_account import CustodyAccountArgs, CustodyAccountProvider
from dynamic.endpoint_connection import EndpointConnectionArgs, EndpointConnectionProvider
from dynamic.exclusive_access import ExclusiveAccessArgs, ExclusiveAccessProvider
from dynamic.full_backup import FullBackupArgs, FullBackupProvider
from dynamic.full_restore import FullRestoreArgs, FullRestoreProvider
from dynamic.key import KeyArgs, KeyProvider
from dynamic.purge_on_destroy import PurgeOnDestroyProvider
from dynamic.purge_vault_on_destroy import PurgeVaultOnDestroyProvider
from dynamic.purging import PurgeArgs
from dynamic.role_assignment import RoleAssignmentArgs, RoleAssignmentProvider
from dynamic.role_definition import RoleDefinitionArgs, RoleDefinitionProvider
from dynamic.security_domain import SecurityDomainArgs, SecurityDomainProvider
from dynamic.target_instance import TargetInstanceArgs, TargetInstanceProvider
from tests.unit.data_plane.support import HSM_ID, certificate_pem, rsa_key

POOL = {
    "hsm_id": HSM_ID,
    "hsm_uri": "https://az400popmhsm.managedhsm.azure.net/",
    "hsm_created_at": "2026-01-01T00:00:00Z",
}
OTHER_POOL = {**POOL, "hsm_created_at": "2026-02-02T00:00:00Z"}
PRINCIPAL = "11111111-2222-3333-4444-555555555555"
ASSIGNMENT = {**POOL, "role": "Managed HSM Crypto User", "principal_id": PRINCIPAL, "scope": "/keys"}
KEY = {**POOL, "key_name": "myrsakey", "key_type": "RSA-HSM", "size": 3072.0, "operations": ["wrapKey", "unwrapKey"]}
PROVIDERS = (
    (SecurityDomainProvider, SecurityDomainArgs),
    (RoleAssignmentProvider, RoleAssignmentArgs),
    (RoleDefinitionProvider, RoleDefinitionArgs),
    (ExclusiveAccessProvider, ExclusiveAccessArgs),
    (KeyProvider, KeyArgs),
    (FullBackupProvider, FullBackupArgs),
    (FullRestoreProvider, FullRestoreArgs),
    (CustodyAccountProvider, CustodyAccountArgs),
    (EndpointConnectionProvider, EndpointConnectionArgs),
    (PurgeOnDestroyProvider, PurgeArgs),
    (PurgeVaultOnDestroyProvider, PurgeArgs),
    (TargetInstanceProvider, TargetInstanceArgs),
)


def custodians(*numbers: int) -> list[dict[str, str]]:
    return [{"name": f"custodian-{number}", "certificate": certificate_pem(number)} for number in numbers]


def security_domain(**changes: Any) -> dict[str, Any]:
    return {
        **POOL,
        "custodians": custodians(1, 2, 3),
        "quorum": 2.0,
        "destinations": [{"path": "/sd/one.json", "optional": False}],
        **changes,
    }


def reasons(provider: HsmProvider, olds: dict[str, Any], news: dict[str, Any]) -> list[str]:
    return [failure.reason for failure in provider.check(olds, {"__provider": "x", **news}).failures]


@pytest.mark.parametrize(("provider", "args"), PROVIDERS)
def test_every_field_has_exactly_one_fate(provider: type[HsmProvider], args: type) -> None:
    fates = [*provider.UPDATE, *provider.REPLACE, *provider.FORBID, *provider.PASSED_ON]
    assert len(fates) == len(set(fates))
    derived = {"import_fingerprint", "drift"} if provider is KeyProvider else set()
    assert set(fates) == set(inspect.get_annotations(args)) | derived


@pytest.mark.parametrize(("provider", "args"), PROVIDERS)
def test_the_pickle_is_module_and_class_and_no_more(provider: type[HsmProvider], args: type) -> None:
    del args
    pickled = base64.b64decode(serialize_provider(provider()))
    assert len(pickled) < 100
    assert provider.__module__.encode() in pickled
    assert not provider.serialize_as_secret_always


@pytest.mark.parametrize("module", ["security_domain", "role_assignment", "key", "purge_vault_on_destroy"])
def test_a_program_that_imports_a_provider_imports_no_azure_sdk(module: str) -> None:
    program = f"import sys, dynamic.{module}; print([m for m in sys.modules if m.split('.')[0] in " + (
        "('azure', 'cryptography', 'msal', 'requests')])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("module", sorted(Path("data_plane").glob("*.py")) + sorted(Path("dynamic").glob("*.py")))
def test_no_module_imports_an_azure_sdk_at_its_top(module: Path) -> None:
    for node in ast.parse(module.read_text()).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] in ("azure", "cryptography", "requests")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=3), children, max_size=3),
)


def as_the_engine_sends(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict):
        return {name: as_the_engine_sends(each) for name, each in value.items() if each is not None}
    return [as_the_engine_sends(each) for each in value] if isinstance(value, list) else value


@given(value=JSON)
def test_numbers_come_back_as_they_were(value: Any) -> None:
    sent = as_the_engine_sends(value)
    assert plain(sent) == sent
    assert plain(plain(sent)) == plain(sent)
    assert not any(isinstance(each, float) for each in _leaves(plain(sent)))


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in _leaves(each)]
    return [leaf for each in value for leaf in _leaves(each)] if isinstance(value, list) else [value]


def test_unknowns_are_found_at_any_depth() -> None:
    assert contains_unknown({"a": [{"b": UNKNOWN}]})
    assert not contains_unknown({"a": [{"b": None}]})


@pytest.mark.parametrize(
    ("provider", "news"),
    [(SecurityDomainProvider(), security_domain()), (RoleAssignmentProvider(), ASSIGNMENT), (KeyProvider(), KEY)],
)
def test_a_preview_without_any_known_value_raises_nothing(provider: HsmProvider, news: dict[str, Any]) -> None:
    unknown = dict.fromkeys(news, UNKNOWN)
    assert provider.check({}, {"__provider": "x", **unknown}).failures == []
    assert provider.check(news, {"__provider": "x", **unknown}).failures == []
    nested = {name: [UNKNOWN] if isinstance(value, list) else value for name, value in news.items()}
    assert provider.check({}, {"__provider": "x", **nested}).failures == []
    assert provider.diff("id", news, unknown).changes


@pytest.mark.parametrize(
    ("provider", "news"),
    [(SecurityDomainProvider(), security_domain()), (RoleAssignmentProvider(), ASSIGNMENT), (KeyProvider(), KEY)],
)
def test_nothing_changed_is_no_difference_and_another_pool_replaces(
    provider: HsmProvider, news: dict[str, Any]
) -> None:
    checked = provider.check({}, {"__provider": "x", **news})
    assert checked.failures == []
    state = {**checked.inputs, "version": "something of the service's", "__provider": "y"}
    again = provider.check(checked.inputs, {"__provider": "x", **news}).inputs
    assert not provider.diff("id", state, again).changes
    shouted = {**again, "hsm_id": HSM_ID.upper(), "hsm_uri": str(again["hsm_uri"]).rstrip("/").upper()}
    assert not provider.diff("id", state, shouted).changes
    moved = provider.diff("id", state, {**again, **OTHER_POOL})
    assert moved.replaces == ["hsm_created_at"]


# Security domain


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"custodians": custodians(1, 2, 4)}, "custodians: changing it is a ceremony"),
        ({"quorum": 3}, "quorum: changing it is a ceremony"),
    ],
)
def test_another_custody_is_refused_at_preview_unless_confirmed(change: dict[str, Any], words: str) -> None:
    provider, olds = SecurityDomainProvider(), security_domain()
    assert any(words in reason for reason in reasons(provider, olds, {**olds, **change}))
    confirmed = {**olds, **change, "reissue": "AZ400popMHSM"}
    assert reasons(provider, olds, confirmed) == []
    difference = provider.diff("id", olds, confirmed)
    assert difference.changes
    assert difference.replaces == []


def test_another_custody_for_another_pool_is_a_new_activation() -> None:
    provider, olds = SecurityDomainProvider(), security_domain()
    assert reasons(provider, olds, security_domain(quorum=3, **OTHER_POOL)) == []
    assert reasons(provider, olds, security_domain(quorum=3, hsm_id=UNKNOWN, hsm_created_at=UNKNOWN)) == []


@pytest.mark.parametrize(
    ("provider", "news"),
    [(SecurityDomainProvider(), security_domain()), (RoleAssignmentProvider(), ASSIGNMENT), (KeyProvider(), KEY)],
)
def test_an_update_of_the_pool_previews_no_replacement_of_what_is_in_it(
    provider: HsmProvider, news: dict[str, Any]
) -> None:
    olds = provider.check({}, {"__provider": "x", **news}).inputs
    update = {**news, "hsm_uri": UNKNOWN, "hsm_created_at": UNKNOWN}
    assert not provider.diff("id", olds, provider.check(olds, {"__provider": "x", **update}).inputs).changes
    replacement = {**update, "hsm_id": UNKNOWN}
    assert provider.diff("id", olds, provider.check(olds, {"__provider": "x", **replacement}).inputs).replaces


def test_an_update_of_the_pool_does_not_open_the_custody() -> None:
    provider, olds = SecurityDomainProvider(), security_domain()
    assert reasons(provider, olds, security_domain(quorum=3, hsm_created_at=UNKNOWN))


def test_the_order_of_custodians_and_the_wrapping_of_a_pem_do_not_matter() -> None:
    provider, olds = SecurityDomainProvider(), security_domain()
    shuffled = security_domain(custodians=custodians(3, 1, 2))
    shuffled["custodians"][0]["certificate"] = "\n" + shuffled["custodians"][0]["certificate"].replace("\n", "\r\n")
    assert reasons(provider, olds, shuffled) == []
    assert not provider.diff("id", olds, shuffled).changes


def test_a_custodian_may_be_renamed_in_place() -> None:
    provider, olds = SecurityDomainProvider(), security_domain()
    renamed = security_domain()
    renamed["custodians"][0]["name"] = "ada"
    assert reasons(provider, olds, renamed) == []
    assert provider.diff("id", olds, renamed).changes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"custodians": custodians(1, 2)}, "the service takes 3 to 10"),
        ({"custodians": [*custodians(1, 2), {"name": "x", "certificate": "no"}]}, "custodian x: not a PEM"),
        ({"quorum": 4}, "4 of 3 custodians"),
        ({"reissue": "another"}, "'another' is not the name of this pool: az400popMHSM confirms"),
        ({"destinations": [{"path": "sd.json"}]}, "an absolute path is needed"),
        ({"destinations": [{"path": "/a"}, {"path": "/a"}]}, "/a: given twice"),
        ({"destinations": [{"path": "/a", "optional": True}]}, "must not be optional"),
        ({"destinations": []}, "destinations is required"),
    ],
)
def test_a_mistake_in_the_security_domain_is_named(change: dict[str, Any], words: str) -> None:
    assert any(words in reason for reason in reasons(SecurityDomainProvider(), {}, security_domain(**change)))


def test_new_destinations_are_an_update() -> None:
    provider, olds = SecurityDomainProvider(), security_domain()
    news = security_domain(destinations=[{"path": "/sd/two.json"}])
    assert provider.diff("id", olds, news).changes
    assert provider.diff("id", olds, news).replaces == []


# Role assignment


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"role": "managed hsm crypto user"}, []),
        ({"role": "21dbd100-6940-42c2-9190-5d6cb909625b"}, []),
        ({"principal_id": PRINCIPAL.upper()}, []),
        ({"role": "Managed HSM Crypto Auditor"}, ["role"]),
        ({"scope": "/"}, ["scope"]),
        ({"principal_id": PRINCIPAL.replace("1", "2")}, ["principal_id"]),
    ],
)
def test_only_another_grant_replaces_an_assignment(change: dict[str, str], replaced: list[str]) -> None:
    difference = RoleAssignmentProvider().diff("id", ASSIGNMENT, {**ASSIGNMENT, **change})
    assert difference.replaces == replaced
    assert difference.changes == bool(replaced)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"principal_id": "ada"}, "'ada' is no object id"),
        ({"scope": "/secrets"}, "accepted are /, /keys and /keys/<name>"),
        ({"role": ""}, "role is required"),
    ],
)
def test_a_mistake_in_an_assignment_is_named(change: dict[str, str], words: str) -> None:
    assert any(words in reason for reason in reasons(RoleAssignmentProvider(), {}, {**ASSIGNMENT, **change}))


# Key


@pytest.mark.parametrize(
    ("change", "replaced"),
    [
        ({"operations": ["unwrapKey", "wrapKey"]}, None),
        ({"operations": ["sign"]}, []),
        ({"operations": []}, None),
        ({"enabled": False}, []),
        ({"tags": {"a": "b"}}, []),
        ({"expires": "2031-01-01T00:00:00Z"}, []),
        ({"on_remove": "purge"}, []),
        ({"size": 4096}, ["size"]),
        ({"key_name": "other"}, ["key_name"]),
    ],
)
def test_a_key_changes_in_place_where_the_service_can(change: dict[str, Any], replaced: list[str] | None) -> None:
    provider = KeyProvider()
    olds = provider.check({}, KEY).inputs
    difference = provider.diff("id", olds, provider.check(olds, {**KEY, **change}).inputs)
    assert difference.changes == (replaced is not None)
    assert difference.replaces == (replaced or [])
    assert difference.delete_before_replace == (replaced == ["size"])


def test_the_same_moment_in_another_zone_is_no_difference() -> None:
    provider = KeyProvider()
    olds = {**KEY, "expires": "2031-01-01T01:00:00+01:00"}
    assert provider.same("expires", olds["expires"], "2031-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("old", "refused"),
    [({"on_remove": "softDelete"}, True), ({"on_remove": "retain"}, True), ({"on_remove": "purge"}, False)],
)
def test_another_key_under_a_name_that_would_stay_taken_is_refused_at_preview(
    old: dict[str, str], refused: bool
) -> None:
    provider = KeyProvider()
    olds = provider.check({}, {**KEY, **old}).inputs
    found = reasons(provider, olds, {**KEY, **old, "size": 4096})
    assert bool(found) == refused
    assert all("size 3072 → 4096 means another key" in each for each in found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key_type": "RSA"}, "'RSA': accepted are RSA-HSM, EC-HSM, oct-HSM"),
        ({"size": 1024}, "1024: accepted for RSA-HSM are 2048, 3072, 4096"),
        ({"size": None}, "None: accepted for RSA-HSM"),
        ({"curve": "P-256"}, "RSA-HSM has a size, no curve"),
        ({"key_type": "EC-HSM"}, "an EC-HSM key has a curve, no size"),
        ({"key_type": "EC-HSM", "size": None, "curve": "P-1"}, "'P-1': accepted for EC-HSM"),
        ({"expires": "tomorrow"}, "'tomorrow' is no ISO 8601 time with a time zone"),
        ({"not_before": "2030-01-01T00:00:00"}, "is no ISO 8601 time with a time zone"),
        ({"on_remove": "burn"}, "accepted are softDelete, purge, retain"),
        ({"import_from": "/nowhere.pem"}, "/nowhere.pem: cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_in_a_key_is_named(change: dict[str, Any], words: str) -> None:
    assert any(words in reason for reason in reasons(KeyProvider(), {}, {**KEY, **change}))


def test_a_date_that_the_service_cannot_take_away_is_refused() -> None:
    olds = KeyProvider().check({}, {**KEY, "expires": "2031-01-01T00:00:00Z"}).inputs
    (reason,) = reasons(KeyProvider(), olds, KEY)
    assert reason.startswith("key myrsakey: the service cannot take a date from a version away again — set another, or")
    assert reasons(KeyProvider(), olds, {**KEY, "rotate_now": "today"}) == []


def test_an_immutable_release_policy_is_not_changed() -> None:
    exportable = {**KEY, "exportable": True, "release_policy": {"policy": "{}", "immutable": True}}
    olds = KeyProvider().check({}, exportable).inputs
    other = {**exportable, "release_policy": {"policy": '{"version":"1.0.0"}', "immutable": True}}
    assert reasons(KeyProvider(), olds, exportable) == []
    (reason,) = reasons(KeyProvider(), olds, other)
    assert reason.startswith("key myrsakey: its release policy is immutable")
    # Taking the mark away is a change, too.
    loosened = {**exportable, "release_policy": {"policy": "{}", "immutable": False}}
    assert len(reasons(KeyProvider(), olds, loosened)) == 1


def test_a_key_cannot_become_exportable_under_its_name() -> None:
    olds = KeyProvider().check({}, KEY).inputs
    exportable = {**KEY, "exportable": True, "release_policy": {"policy": "{}", "immutable": False}}
    (reason,) = reasons(KeyProvider(), olds, exportable)
    assert reason.startswith("key myrsakey: exportable none → yes means another key")


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def test_of_imported_material_the_inputs_have_a_thumbprint_only(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem(rsa_key(7)))
    news = {**POOL, "key_name": "k", "key_type": "RSA-HSM", "import_from": str(path)}
    checked = KeyProvider().check({}, news)
    assert checked.failures == []
    assert checked.inputs["size"] == 2048
    assert len(checked.inputs["import_fingerprint"]) == 43
    assert not any(line in str(checked.inputs) for line in path.read_text().splitlines())


def test_other_material_is_another_key_and_a_file_taken_away_is_not(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem(rsa_key(7)))
    provider = KeyProvider()
    news = {**POOL, "key_name": "k", "key_type": "RSA-HSM", "import_from": str(path), "on_remove": "purge"}
    olds = provider.check({}, news).inputs
    path.write_text(pem(rsa_key(8)))
    assert provider.diff("id", olds, provider.check(olds, news).inputs).replaces == ["import_fingerprint"]
    path.unlink()
    assert provider.check(olds, news).failures == []
    assert not provider.diff("id", olds, provider.check(olds, news).inputs).changes
    without = {name: value for name, value in news.items() if name != "import_from"}
    assert provider.diff("id", olds, provider.check(olds, without).inputs).replaces == []


def test_an_imported_key_must_be_what_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem(ec.generate_private_key(ec.SECP256R1())))
    found = reasons(KeyProvider(), {}, {**POOL, "key_name": "k", "key_type": "RSA-HSM", "import_from": str(path)})
    assert f"{path} holds a key of key_type EC-HSM, not RSA-HSM" in found


# Set-up


def test_configure_takes_azure_natives_identity_and_cuts_tracebacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    session.forget()
    given_settings = {"azure-native:clientId": "c", "azure-native:tenantId": "t", "azure-native:clientSecret": "s"}
    KeyProvider().configure(ConfigureRequest(Config(given_settings, "managed-hsm")))
    assert session.current().identity == identity({"clientId": "c", "tenantId": "t", "clientSecret": "s"}, {})
    assert sys.tracebacklimit == 0
    session.forget()


def test_an_error_reaches_the_user_as_one_line() -> None:
    program = textwrap.dedent(
        """
        import sys, traceback
        from dynamic.base import one_line
        from data_plane.errors import NotFoundError, mapped
        from azure.core.exceptions import ServiceRequestError
        sys.tracebacklimit = 0
        @one_line
        def create():
            try:
                with mapped("key k"):
                    try:
                        raise OSError("inner")
                    except OSError as error:
                        raise ServiceRequestError("Connection refused", error=error)
            finally:
                pass
        try:
            create()
        except Exception:
            print(traceback.format_exc(), end="")
        """
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.count("\n") == 1
    assert answer.stdout.startswith("data_plane.errors.UnreachableError: key k: the connection was refused")


def test_a_provider_whose_engine_is_gone_goes_on() -> None:
    program = "import os, sys; from dynamic.base import tell; tell('one'); sys.stdin.read(); tell('two'); os._exit(7)"
    provider = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert provider.stdin is not None
    assert provider.stdout is not None
    assert provider.stderr is not None
    assert provider.stdout.readline() == b"one\n"
    provider.stdout.close()
    provider.stdin.close()
    assert provider.wait() == 7, provider.stderr.read()
    provider.stderr.close()


def test_inputs_are_the_properties_without_the_engines_own() -> None:
    assert inputs_of({"__provider": "x", "size": 3072.0, "none": None}) == {"size": 3072}


def test_a_target_is_another_one_only_where_its_id_or_its_creation_time_is_known_to_be() -> None:
    provider = TargetInstanceProvider()
    known = {"target_id": HSM_ID, "created_at": "2026-01-01T00:00:00Z"}
    assert not provider.diff("id", known, {**known, "target_id": HSM_ID.upper()}).changes
    assert not provider.diff("id", known, {**known, "created_at": UNKNOWN}).changes
    assert provider.diff("id", known, {**known, "created_at": "2026-02-02T00:00:00Z"}).replaces == ["created_at"]
    assert provider.diff("id", known, {"target_id": UNKNOWN, "created_at": UNKNOWN}).replaces
