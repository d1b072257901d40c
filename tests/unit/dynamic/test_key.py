"""The provider's methods against a local Azure."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys import KeyClient
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from data_plane import key_material, propagation, session
from data_plane.errors import ConflictError, ForbiddenError, KeyMaterialError, NotFoundError
from data_plane.pool import Pool
from dynamic.base import Props
from dynamic.key import KeyProvider
from dynamic.role_assignment import RoleAssignmentProvider
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from tests.support import Azure
from tests.unit.data_plane.support import delete_pool, pool_props, recover_pool, rsa_key

pytestmark = pytest.mark.daemon

PROVIDER = KeyProvider()


def props(pool: Pool, olds: Props | None = None, **changes: Any) -> Props:
    given = {**pool_props(pool), "key_name": "mykey", "key_type": "EC-HSM", "curve": "P-256", **changes}
    checked = PROVIDER.check(olds or {}, {name: value for name, value in given.items() if value is not None})
    assert checked.failures == []
    return checked.inputs


def create(pool: Pool, **changes: Any) -> tuple[str, Props]:
    made = PROVIDER.create({**props(pool, **changes), "__provider": "x"})
    assert made.outs is not None
    return made.id, made.outs


def client(pool: Pool) -> KeyClient:
    return session.current().keys(pool.uri)


def versions(pool: Pool, name: str = "mykey") -> int:
    return len(list(client(pool).list_properties_of_key_versions(name)))


@pytest.mark.parametrize(
    "kind",
    [
        {"key_type": "RSA-HSM", "size": 2048, "curve": None, "operations": ["wrapKey", "unwrapKey"]},
        {"key_type": "EC-HSM", "curve": "P-384"},
        {"key_type": "EC-HSM", "curve": "P-256K"},
        {"key_type": "oct-HSM", "size": 256, "curve": None, "operations": ["encrypt", "decrypt"]},
    ],
)
def test_a_key_of_each_kind_is_made_and_then_shows_no_difference(usable_pool: Pool, kind: Props) -> None:
    id_, outs = create(usable_pool, **kind)
    assert id_ == f"{usable_pool.uri.rstrip('/')}/keys/mykey"
    assert outs["key_id"] == f"{id_}/{outs['version']}"
    read = PROVIDER.read(id_, {**outs, "__provider": "x"})
    assert read.outs is not None
    assert not PROVIDER.diff(id_, read.outs, props(usable_pool, outs, **kind)).changes
    assert outs["recovery_level"] == "CustomizedRecoverable+Purgeable"


def test_a_second_create_adopts_the_key_and_makes_no_version(usable_pool: Pool) -> None:
    first = create(usable_pool)[1]
    assert create(usable_pool)[1]["key_id"] == first["key_id"]
    assert versions(usable_pool) == 1


def test_a_create_whose_answer_was_lost_ends_well(usable_pool: Pool, signed_in: Azure) -> None:
    signed_in.control.add_fault("drop-after", method="POST", path="/keys/mykey/create")
    with pytest.raises(Exception, match="key mykey"):
        create(usable_pool)
    create(usable_pool)
    assert versions(usable_pool) == 1


def test_an_adopted_key_takes_the_configured_properties(usable_pool: Pool) -> None:
    create(usable_pool, tags={"a": "b"})
    _, outs = create(usable_pool, tags={"c": "d"}, enabled=False)
    found = client(usable_pool).get_key("mykey")
    assert found.properties.tags == {"c": "d"}
    assert found.properties.enabled is False
    assert versions(usable_pool) == 1
    assert outs["tags"] == {"c": "d"}


def test_another_key_of_that_name_is_not_touched(usable_pool: Pool) -> None:
    create(usable_pool)
    with pytest.raises(ConflictError, match=r"exists with curve P-256 instead of P-384 — give the new key"):
        create(usable_pool, curve="P-384")
    assert versions(usable_pool) == 1


def test_a_symmetric_key_of_another_size_is_not_adopted(usable_pool: Pool) -> None:
    create(usable_pool, key_type="oct-HSM", size=128, curve=None)
    with pytest.raises(ConflictError, match="size 128 instead of 256"):
        create(usable_pool, key_type="oct-HSM", size=256, curve=None)


def test_what_the_service_can_change_is_changed_in_place(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool, operations=["sign", "verify"], expires="2031-01-01T00:00:00Z")
    news = props(
        usable_pool,
        outs,
        operations=["sign"],
        enabled=False,
        expires="2032-01-01T01:00:00+01:00",
        not_before="2030-01-01T00:00:00Z",
        tags={"a": "b"},
    )
    difference = PROVIDER.diff(id_, outs, news)
    assert difference.changes
    assert difference.replaces == []
    changed = PROVIDER.update(id_, outs, news).outs
    assert changed is not None
    found = client(usable_pool).get_key("mykey")
    assert found.key_operations == ["sign"]
    assert found.properties.enabled is False
    assert found.properties.expires_on == datetime(2032, 1, 1, tzinfo=UTC)
    assert found.properties.not_before == datetime(2030, 1, 1, tzinfo=UTC)
    assert found.properties.tags == {"a": "b"}
    assert changed["version"] == outs["version"]
    cleared = PROVIDER.update(id_, changed, {**news, "tags": {}}).outs
    assert cleared is not None
    assert not client(usable_pool).get_key("mykey").properties.tags


def test_a_read_shows_what_was_done_by_hand(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool, tags={"a": "b"}, expires="2031-01-01T00:00:00Z")
    client(usable_pool).update_key_properties(
        "mykey", enabled=False, tags={"a": "x"}, expires_on=datetime(2033, 1, 1, tzinfo=UTC)
    )
    read = PROVIDER.read(id_, {**outs, "__provider": "x"})
    assert read.outs is not None
    assert read.inputs is not None
    assert (read.inputs["enabled"], read.inputs["tags"]) == (False, {"a": "x"})
    assert read.inputs["expires"] == "2033-01-01T00:00:00+00:00"
    news = props(usable_pool, read.inputs, tags={"a": "b"}, expires="2031-01-01T00:00:00Z")
    assert PROVIDER.diff(id_, read.outs, news).changes
    mended = PROVIDER.update(id_, read.outs, news).outs
    assert mended is not None
    again = PROVIDER.read(id_, mended)
    assert again.outs is not None
    assert not PROVIDER.diff(id_, again.outs, news).changes


def test_a_new_version_made_by_hand_shows(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool)
    client(usable_pool).create_key("mykey", "EC-HSM", curve="P-256")
    read = PROVIDER.read(id_, outs)
    assert read.outs is not None
    assert read.outs["version"] != outs["version"]
    assert read.outs["thumbprint"] != outs["thumbprint"]


def test_a_stale_not_found_is_not_believed(usable_pool: Pool, signed_in: Azure) -> None:
    id_, outs = create(usable_pool)
    signed_in.control.add_fault("status", status=404, code="KeyNotFound", method="GET", path="/keys/mykey", count=2)
    assert PROVIDER.read(id_, outs).id == id_


def test_a_key_deleted_by_hand_is_told_of_and_the_next_up_recovers_it(
    usable_pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    id_, outs = create(usable_pool)
    client(usable_pool).begin_delete_key("mykey")
    read = PROVIDER.read(id_, outs)
    assert read.outs is not None
    assert read.inputs is not None
    assert (read.id, read.inputs) == (id_, {**PROVIDER.declared(outs), "drift": read.outs["drift"]})
    news = props(usable_pool, read.inputs)
    assert PROVIDER.diff(id_, read.outs, news).changes
    assert "key mykey: changed outside of this stack: it was deleted; it can still be recovered, which up does" in (
        capsys.readouterr().out
    )
    recovered = PROVIDER.update(id_, read.outs, news).outs
    assert recovered is not None
    assert recovered["key_id"] == outs["key_id"]
    assert "recovering the identical key" in capsys.readouterr().out
    assert not PROVIDER.diff(id_, recovered, news).changes


def test_an_update_of_a_key_that_was_deleted_by_hand_names_the_way_out(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool)
    client(usable_pool).begin_delete_key("mykey")
    with pytest.raises(NotFoundError, match="run pulumi refresh, then up"):
        PROVIDER.update(id_, outs, props(usable_pool, outs, enabled=False))


def test_a_deleted_key_that_is_another_one_stops_with_the_ways_out(usable_pool: Pool) -> None:
    create(usable_pool)
    client(usable_pool).begin_delete_key("mykey")
    with pytest.raises(ConflictError, match=r"a deleted key holds the name, with curve P-256 instead of P-384 — give"):
        create(usable_pool, curve="P-384")


def test_deletion_is_soft_unless_a_purge_was_asked_for(usable_pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    id_, outs = create(usable_pool)
    PROVIDER.delete(id_, outs)
    assert client(usable_pool).get_deleted_key("mykey").name == "mykey"
    assert "can be recovered" in capsys.readouterr().out
    PROVIDER.delete(id_, outs)
    assert client(usable_pool).get_deleted_key("mykey").name == "mykey"


def test_a_purge_frees_the_name(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool, on_remove="purge")
    PROVIDER.delete(id_, outs)
    assert list(client(usable_pool).list_deleted_keys()) == []
    assert create(usable_pool, curve="P-384")[1]["curve"] == "P-384"


def test_a_purge_that_was_cut_off_is_finished(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool, on_remove="purge")
    client(usable_pool).begin_delete_key("mykey")
    PROVIDER.delete(id_, outs)
    assert list(client(usable_pool).list_deleted_keys()) == []


def test_a_key_that_somebody_made_anew_under_the_name_is_left_alone(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool, on_remove="purge")
    client(usable_pool).begin_delete_key("mykey")
    client(usable_pool).purge_deleted_key("mykey")
    client(usable_pool).create_key("mykey", "EC-HSM", curve="P-256")
    PROVIDER.delete(id_, outs)
    assert client(usable_pool).get_key("mykey").name == "mykey"


def test_a_key_to_retain_stays(usable_pool: Pool, capsys: pytest.CaptureFixture[str]) -> None:
    id_, outs = create(usable_pool, on_remove="retain")
    PROVIDER.delete(id_, outs)
    assert client(usable_pool).get_key("mykey").name == "mykey"
    assert "stays" in capsys.readouterr().out


def test_where_a_purge_is_not_possible_nothing_is_deleted(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool, on_remove="purge")
    with pytest.raises(ConflictError, match="the pool has purge protection"):
        PROVIDER.delete(id_, {**outs, "recovery_level": "CustomizedRecoverable"})
    assert client(usable_pool).get_key("mykey").name == "mykey"


def test_when_the_pool_is_gone_so_is_the_key(usable_pool: Pool) -> None:
    id_, outs = create(usable_pool)
    delete_pool()
    PROVIDER.delete(id_, outs)
    assert PROVIDER.read(id_, outs).outs == {}


@pytest.mark.parametrize("on_remove", ["softDelete", "purge"])
def test_a_key_of_a_recovered_pool_is_adopted_and_not_deleted_for_it(usable_pool: Pool, on_remove: str) -> None:
    id_, outs = create(usable_pool, on_remove=on_remove)
    recovered = recover_pool()
    assert PROVIDER.diff(id_, outs, props(recovered, outs, on_remove=on_remove)).replaces
    PROVIDER.delete(id_, outs)
    assert create(recovered, on_remove=on_remove)[1]["key_id"] == outs["key_id"]


def pem_of(key: Any, path: Path) -> Path:
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return path


@pytest.mark.parametrize("curve", [None, "P-256", "P-521", "P-256K"])
def test_an_imported_key_is_the_one_of_the_file_and_leaves_no_trace_of_it(
    usable_pool: Pool, tmp_path: Path, curve: str | None, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    curves = {"P-256": ec.SECP256R1(), "P-521": ec.SECP521R1(), "P-256K": ec.SECP256K1()}
    key: Any = rsa_key(9) if curve is None else ec.generate_private_key(curves[curve])
    path = pem_of(key, tmp_path / "key.pem")
    caplog.set_level("DEBUG")
    kind = "RSA-HSM" if curve is None else "EC-HSM"
    id_, outs = create(usable_pool, key_type=kind, curve=None, import_from=str(path))
    assert outs["thumbprint"] == outs["import_fingerprint"] == key_material.inspect(path).fingerprint
    again = PROVIDER.read(id_, outs)
    assert again.outs is not None
    assert not PROVIDER.diff(
        id_, again.outs, props(usable_pool, outs, key_type=kind, curve=None, import_from=str(path))
    ).changes
    number = key.private_numbers().d if curve is None else key.private_numbers().private_value
    captured = capsys.readouterr()
    everything = "\n".join([str(outs), str(again.outs), captured.out, captured.err, caplog.text])
    for line in path.read_text().splitlines()[1:-1]:
        assert line not in everything
    assert str(number) not in everything
    assert f"{number:x}" not in everything
    path.unlink()
    assert (
        create(usable_pool, key_type=kind, curve=outs.get("curve"), size=outs.get("size"))[1]["key_id"]
        == outs["key_id"]
    )


def test_a_file_that_changed_after_the_check_is_not_imported(usable_pool: Pool, tmp_path: Path) -> None:
    path = pem_of(ec.generate_private_key(ec.SECP256R1()), tmp_path / "key.pem")
    checked = props(usable_pool, import_from=str(path))
    pem_of(ec.generate_private_key(ec.SECP256R1()), path)
    with pytest.raises(KeyMaterialError, match="holds another key than when it was checked"):
        PROVIDER.create(checked)


def test_a_missing_role_is_named_at_once(active_pool: Pool) -> None:
    propagation.forget()
    with pytest.raises(ForbiddenError, match=r"key mykey .*managedHsm/keys/.* — give this principal a local role"):
        create(active_pool)


def test_a_role_that_is_still_spreading_is_waited_for(
    active_pool: Pool, signed_in: Azure, capsys: pytest.CaptureFixture[str]
) -> None:
    grant = {**pool_props(active_pool), "role": "Managed HSM Crypto User", "principal_id": DEPLOYER_OBJECT_ID}
    RoleAssignmentProvider().create({**grant, "scope": "/keys"})
    signed_in.control.add_fault("status", status=403, code="AccessDenied", path="/keys/mykey", count=3)
    create(active_pool)
    assert "may still be spreading: waiting" in capsys.readouterr().out


def test_a_busy_pool_is_waited_for(usable_pool: Pool, signed_in: Azure) -> None:
    signed_in.control.add_fault(
        "status", status=429, code="TooManyRequests", method="POST", path="/create", retry_after_seconds=1, count=2
    )
    create(usable_pool)
    assert versions(usable_pool) == 1
