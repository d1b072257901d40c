"""Retention policies and legal holds: what they let happen, and what they do not."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

from tests.unit.local_azure.arm.support import ArmClient
from tests.unit.local_azure.storage.support import ACCOUNT, CONTAINER, STORAGE, Client

POLICY = f"{CONTAINER}/immutabilityPolicies/default"
BLOCK = {"x_ms_blob_type": "BlockBlob"}


def put(client: Client, name: str = "a", content: bytes = b"x") -> str:
    return client.ask("PUT", f"/copies/{name}", content, x_ms_blob_type="BlockBlob").code


def with_policy(arm: ArmClient, days: int = 7, **more: bool) -> str:
    properties = {"immutabilityPeriodSinceCreationInDays": days, **more}
    return str(arm.put(POLICY, STORAGE, {"properties": properties}).body["etag"])


def test_a_blob_stays_as_it_is_until_its_time_has_passed(client: Client, arm: ArmClient) -> None:
    assert put(client) == ""
    with_policy(arm)
    assert put(client) == "BlobImmutableDueToPolicy"
    assert put(client, "b") == ""
    assert client.ask("DELETE", "/copies/a").code == "BlobImmutableDueToPolicy"
    assert client.ask("PUT", "/copies/a?comp=metadata", x_ms_meta_a="b").code == "BlobImmutableDueToPolicy"
    assert client.ask("DELETE", "/copies?restype=container").code == "ContainerImmutableDueToPolicy"
    assert arm.delete(CONTAINER, STORAGE).code == "ContainerHasImmutabilityPolicy"
    client.world.clock.move(timedelta(days=7, minutes=1))
    assert client.ask("DELETE", "/copies/a").status == 202


def test_a_log_grows_where_the_policy_lets_it(client: Client, arm: ArmClient) -> None:
    assert client.ask("PUT", "/copies/log", x_ms_blob_type="AppendBlob").status == 201
    with_policy(arm)
    assert client.ask("PUT", "/copies/log?comp=appendblock", b"x").code == "BlobImmutableDueToPolicy"
    with_policy(arm, allowProtectedAppendWrites=True)
    assert client.ask("PUT", "/copies/log?comp=appendblock", b"x").status == 201
    assert client.ask("DELETE", "/copies/log").code == "BlobImmutableDueToPolicy"


def test_a_locked_policy_is_only_made_longer(client: Client, arm: ArmClient) -> None:
    etag = with_policy(arm)
    assert put(client) == ""
    locked = arm.call("POST", f"{POLICY}/lock", STORAGE, if_match=etag)
    assert locked.body["properties"]["state"] == "Locked"
    etag = locked.body["etag"]
    assert arm.put(POLICY, STORAGE, {"properties": {"immutabilityPeriodSinceCreationInDays": 1}}).status == 409
    assert arm.call("DELETE", POLICY, STORAGE, if_match=etag).status == 409
    assert arm.call("POST", f"{POLICY}/extend", STORAGE, if_match="wrong").status == 412
    shorter = {"properties": {"immutabilityPeriodSinceCreationInDays": 6}}
    assert arm.call("POST", f"{POLICY}/extend", STORAGE, shorter, if_match=etag).status == 400
    longer = {"properties": {"immutabilityPeriodSinceCreationInDays": 70}}
    assert arm.call("POST", f"{POLICY}/extend", STORAGE, longer, if_match=etag).status == 200
    assert arm.delete(ACCOUNT, STORAGE).code == "StorageAccountCannotBeDeleted"
    shown = arm.get(CONTAINER, STORAGE).body["properties"]
    assert shown["hasImmutabilityPolicy"] is True
    assert shown["immutabilityPolicy"]["properties"]["immutabilityPeriodSinceCreationInDays"] == 70


def test_a_legal_hold_keeps_everything_until_it_is_cleared(client: Client, arm: ArmClient) -> None:
    assert put(client) == ""
    held = arm.post(f"{CONTAINER}/setLegalHold", STORAGE, {"tags": ["Case42", "audit"]})
    assert held.body == {"hasLegalHold": True, "tags": ["case42", "audit"]}
    assert put(client) == "BlobImmutableDueToLegalHold"
    assert client.ask("DELETE", "/copies/a").code == "BlobImmutableDueToLegalHold"
    assert arm.delete(CONTAINER, STORAGE).code == "ContainerHasLegalHold"
    assert arm.delete(ACCOUNT, STORAGE).code == "StorageAccountCannotBeDeleted"
    assert arm.post(f"{CONTAINER}/clearLegalHold", STORAGE, {"tags": ["case42", "audit"]}).body["tags"] == []
    assert put(client) == ""


def test_single_blobs_are_kept_in_containers_that_allow_it(client: Client, arm: ArmClient) -> None:
    until = format_datetime(client.world.clock.now() + timedelta(days=3), usegmt=True)
    assert put(client) == ""
    refused = client.ask("PUT", "/copies/a?comp=immutabilityPolicies", x_ms_immutability_policy_until_date=until)
    assert refused.code == "ImmutableStorageWithVersioningNotEnabled"
    worm = {"properties": {"immutableStorageWithVersioning": {"enabled": True}}}
    early = arm.put(f"{CONTAINER}2", STORAGE, worm)
    assert early.code == "ContainerImmutableStorageWithVersioningNotAllowed"
    arm.put(f"{ACCOUNT}/blobServices/default", STORAGE, {"properties": {"isVersioningEnabled": True}})
    assert arm.put(f"{CONTAINER}2", STORAGE, worm).status == 201
    client.ask("PUT", "/copies2/a", b"x", also=BLOCK)
    target = "/copies2/a?comp=immutabilityPolicies"
    mode = {"x_ms_immutability_policy_mode": "Locked"}
    assert client.ask("PUT", target, x_ms_immutability_policy_until_date=until, also=mode).status == 200
    assert client.ask("DELETE", "/copies2/a").code == "BlobImmutableDueToPolicy"
    assert client.ask("DELETE", target).code == "BlobImmutableDueToPolicy"
    sooner = format_datetime(client.world.clock.now() + timedelta(days=1), usegmt=True)
    again = client.ask("PUT", target, x_ms_immutability_policy_until_date=sooner, also=mode)
    assert again.code == "BlobImmutableDueToPolicy"
    client.world.clock.move(timedelta(days=4))
    assert client.ask("PUT", "/copies2/a?comp=legalhold", x_ms_legal_hold="true").status == 200
    assert client.ask("DELETE", "/copies2/a").code == "BlobImmutableDueToLegalHold"
    assert client.ask("PUT", "/copies2/a?comp=legalhold", x_ms_legal_hold="false").status == 200
    assert client.ask("DELETE", "/copies2/a").status == 202
