"""The unmodified azure-storage-blob against the daemon."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobServiceClient,
    ContentSettings,
)

from tests.unit.local_azure.storage.daemon import CONTRIBUTOR, READER, Storage, code

pytestmark = pytest.mark.daemon
SOON = timedelta(hours=1)


def test_containers_come_and_go(storage: Storage) -> None:
    service = storage.by_key()
    made = service.create_container("copies", metadata={"purpose": "custody"})
    with pytest.raises(ResourceExistsError) as twice:
        service.create_container("copies")
    assert code(twice) == "ContainerAlreadyExists"
    service.create_container("logs")
    assert [each.name for each in service.list_containers(include_metadata=True)] == ["copies", "logs"]
    assert [each.name for each in service.list_containers(name_starts_with="l")] == ["logs"]
    assert [len(list(page)) for page in service.list_containers(results_per_page=1).by_page()] == [1, 1]
    properties = made.get_container_properties()
    assert properties.metadata == {"purpose": "custody"}
    made.set_container_metadata({"a": "b"})
    assert made.get_container_properties().metadata == {"a": "b"}
    assert made.get_container_properties().etag != properties.etag
    made.delete_container()
    assert not made.exists()
    with pytest.raises(ResourceNotFoundError) as gone:
        made.get_container_properties()
    assert code(gone) == "ContainerNotFound"
    for name in ("Upper", "a--b", "-a"):
        with pytest.raises(HttpResponseError) as wrong:
            service.create_container(name + "xx")
        assert code(wrong) == "InvalidResourceName"


def test_a_blob_is_what_was_uploaded(storage: Storage) -> None:
    blob = storage.container().get_blob_client("a folder/größe+1 & more.json")
    settings = ContentSettings(content_type="application/json", cache_control="no-store", content_language="en")
    blob.upload_blob(b'{"a": 1}', metadata={"pool": "contoso"}, content_settings=settings, validate_content=True)
    properties = blob.get_blob_properties()
    assert (properties.size, properties.blob_type, properties.blob_tier) == (8, "BlockBlob", "Hot")
    assert properties.content_settings.content_type == "application/json"
    assert properties.content_settings.cache_control == "no-store"
    assert properties.content_settings.content_md5 is not None
    assert properties.metadata == {"pool": "contoso"}
    assert blob.download_blob(validate_content=True).readall() == b'{"a": 1}'
    assert blob.download_blob(offset=2, length=3).readall() == b'a":'
    blob.set_blob_metadata({"pool": "fabrikam"})
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    changed = blob.get_blob_properties()
    assert changed.metadata == {"pool": "fabrikam"}
    assert (changed.content_settings.content_type, changed.content_settings.cache_control) == ("text/plain", None)
    assert blob.url in f"{storage.url}/copies/a%20folder/gr%C3%B6%C3%9Fe%2B1%20%26%20more.json"


def test_an_empty_blob_is_a_blob(storage: Storage) -> None:
    blob = storage.container().get_blob_client("empty")
    blob.upload_blob(b"")
    assert blob.exists()
    assert blob.download_blob().readall() == b""


def test_a_large_blob_goes_and_comes_in_pieces(storage: Storage) -> None:
    content = os.urandom(5 * 1024 * 1024 + 17)
    service = BlobServiceClient(
        storage.url,
        credential=storage.key,
        max_single_put_size=1024 * 1024,
        max_block_size=1024 * 1024,
        max_single_get_size=1024 * 1024,
        max_chunk_get_size=1024 * 1024,
    )
    container = service.create_container("copies")
    container.upload_blob("large", content, max_concurrency=2, metadata={"a": "b"})
    assert container.download_blob("large", max_concurrency=2).readall() == content
    blocks, uncommitted = container.get_blob_client("large").get_block_list("all")
    assert [block.size for block in blocks] == [1024 * 1024] * 5 + [17]
    assert uncommitted == []


def test_blocks_count_once_they_are_listed(storage: Storage) -> None:
    blob = storage.container().get_blob_client("blocks")
    for name in ("one", "two"):
        blob.stage_block(name, name.encode())
    with pytest.raises(ResourceNotFoundError):
        blob.download_blob()
    assert [block.id for block in blob.get_block_list("uncommitted")[1]] == ["one", "two"]
    with pytest.raises(HttpResponseError) as unlike:
        blob.stage_block("longer", b"x")
    assert code(unlike) == "InvalidBlobOrBlock"
    blob.commit_block_list([BlobBlock("two"), BlobBlock("one")])
    assert blob.download_blob().readall() == b"twoone"
    blob.stage_block("six", b"six")
    blob.commit_block_list([BlobBlock("one"), BlobBlock("six")])
    assert blob.download_blob().readall() == b"onesix"
    with pytest.raises(HttpResponseError) as missing:
        blob.commit_block_list([BlobBlock("two")])
    assert code(missing) == "InvalidBlockList"


def test_a_log_is_appended_to(storage: Storage) -> None:
    blob = storage.container().get_blob_client("log")
    blob.create_append_blob()
    for line in (b"one\n", b"two\n"):
        blob.append_block(line)
    assert blob.download_blob().readall() == b"one\ntwo\n"
    assert blob.get_blob_properties().append_blob_committed_block_count == 2
    with pytest.raises(HttpResponseError) as elsewhere:
        blob.append_block(b"x", appendpos_condition=1)
    assert code(elsewhere) == "AppendPositionConditionNotMet"
    with pytest.raises(HttpResponseError) as large:
        blob.append_block(b"x", maxsize_condition=8)
    assert code(large) == "MaxBlobSizeConditionNotMet"
    blob.seal_append_blob()
    with pytest.raises(HttpResponseError) as closed:
        blob.append_block(b"x")
    assert code(closed) == "BlobIsSealed"
    with pytest.raises(HttpResponseError) as unlike:
        blob.stage_block("one", b"x")
    assert code(unlike) == "InvalidBlobType"


def test_nothing_is_overwritten_against_a_condition(storage: Storage) -> None:
    blob = storage.container().get_blob_client("guarded")
    first = blob.upload_blob(b"first", match_condition=MatchConditions.IfMissing)["etag"]
    with pytest.raises(ResourceExistsError) as there:
        blob.upload_blob(b"second")
    assert code(there) == "BlobAlreadyExists"
    second = blob.upload_blob(b"second", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError) as changed:
        blob.upload_blob(b"third", overwrite=True, etag=first, match_condition=MatchConditions.IfNotModified)
    assert code(changed) == "ConditionNotMet"
    with pytest.raises(ResourceModifiedError, match="Not Modified"):
        blob.download_blob(etag=second["etag"], match_condition=MatchConditions.IfModified)
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=first, match_condition=MatchConditions.IfNotModified)
    later = datetime.now(UTC) + SOON
    with pytest.raises(HttpResponseError):
        blob.get_blob_properties(if_modified_since=later)
    assert blob.get_blob_properties(if_unmodified_since=later).size == 6
    assert blob.download_blob().readall() == b"second"


def test_lists_are_in_order_by_pages_and_by_folders(storage: Storage) -> None:
    container = storage.container()
    names = ["a.json", "a/1", "a/2", "b/c/3", "z"]
    for name in reversed(names):
        container.upload_blob(name, name.encode(), metadata={"n": "1"})
    assert list(container.list_blob_names()) == names
    assert [len(list(page)) for page in container.list_blobs(results_per_page=2).by_page()] == [2, 2, 1]
    assert [each.name for each in container.walk_blobs()] == ["a/", "b/", "a.json", "z"]
    assert [each.name for each in container.walk_blobs("a/")] == ["a/1", "a/2"]
    assert [each.name for page in container.walk_blobs(results_per_page=1).by_page() for each in page] == [
        "a.json",
        "a/",
        "b/",
        "z",
    ]
    (found,) = container.list_blobs("z", include=["metadata"])
    assert (found.size, found.metadata, found.blob_type) == (1, {"n": "1"}, "BlockBlob")
    container.delete_blob("z")
    assert list(container.list_blob_names()) == names[:-1]


def test_versions_and_deleted_blobs_come_back(storage: Storage) -> None:
    storage.keep(isVersioningEnabled=True)
    container = storage.container()
    first = container.upload_blob("a", b"first").get_blob_properties().version_id
    container.upload_blob("a", b"second", overwrite=True)
    container.delete_blob("a")
    assert list(container.list_blob_names()) == []
    versions = list(container.list_blobs(include=["versions"]))
    assert [each.size for each in versions] == [5, 6]
    assert container.get_blob_client("a", version_id=first).download_blob().readall() == b"first"
    storage.keep(deleteRetentionPolicy={"enabled": True, "days": 7})
    blob = container.upload_blob("b", b"kept")
    blob.delete_blob()
    assert not blob.exists()
    (gone,) = container.list_blobs("b", include=["deleted"])
    assert (gone.deleted, gone.remaining_retention_days) == (True, 7)
    blob.undelete_blob()
    assert blob.download_blob().readall() == b"kept"


def test_a_blob_is_copied(storage: Storage) -> None:
    container = storage.container()
    source = container.upload_blob("a", b"content", metadata={"a": "b"})
    target = container.get_blob_client("b")
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    assert target.get_blob_properties().copy.status == "success"
    assert target.get_blob_properties().metadata == {"a": "b"}
    third = container.get_blob_client("c")
    third.upload_blob_from_url(source.url)
    assert third.download_blob().readall() == b"content"


def test_a_wrong_key_is_refused(storage: Storage) -> None:
    stranger = BlobServiceClient(storage.url, credential="d3Jvbmc=", retry_total=0)
    with pytest.raises(ClientAuthenticationError) as refused:
        list(stranger.list_containers())
    assert code(refused) == "AuthenticationFailed"
    old = storage.by_key()
    assert list(old.list_containers()) == []
    storage.hand.ask(
        "POST",
        f"https://management.azure.com{storage.account.id}/regenerateKey?api-version=2025-06-01",
        "https://management.azure.com",
        {"keyName": "key1"},
    )
    with pytest.raises(ClientAuthenticationError):
        list(old.list_containers())


def test_a_token_does_what_roles_allow(storage: Storage) -> None:
    storage.container().upload_blob("a", b"content")
    container = storage.by_token().get_container_client("copies")
    with pytest.raises(HttpResponseError) as nobody:
        container.download_blob("a")
    assert code(nobody) == "AuthorizationPermissionMismatch"
    storage.give(READER)
    assert container.download_blob("a").readall() == b"content"
    assert list(container.list_blob_names()) == ["a"]
    with pytest.raises(HttpResponseError) as reader:
        container.upload_blob("b", b"content")
    assert (reader.value.status_code, code(reader)) == (403, "AuthorizationPermissionMismatch")
    storage.give(CONTRIBUTOR, f"{storage.account.id}/blobServices/default/containers/copies")
    container.upload_blob("b", b"content")
    storage.by_token().create_container("owners-may")


def test_somebody_without_credentials_is_told_where_to_get_some(storage: Storage) -> None:
    container = storage.container()
    container.upload_blob("a", b"content")
    with pytest.raises(HttpResponseError) as nobody:
        BlobClient(storage.url, "copies", "a", retry_total=0).download_blob()
    assert (nobody.value.status_code, code(nobody)) == (409, "PublicAccessNotPermitted")
    storage.set(allowBlobPublicAccess=True)
    with pytest.raises(ClientAuthenticationError) as challenged:
        BlobClient(storage.url, "copies", "a", retry_total=0).download_blob()
    assert code(challenged) == "NoAuthenticationInformation"
    container.set_container_access_policy({}, public_access="blob")
    assert BlobClient(storage.url, "copies", "a").download_blob().readall() == b"content"


def test_the_firewall_lets_in_whom_it_names(storage: Storage) -> None:
    container = storage.container()
    storage.set(networkAcls={"defaultAction": "Deny"})
    with pytest.raises(HttpResponseError) as outside:
        container.get_container_properties()
    assert outside.value.status_code == 403
    rules = {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.10"}]}
    storage.set(networkAcls=rules)
    assert container.exists()
    storage.set(publicNetworkAccess="Disabled")
    with pytest.raises(HttpResponseError) as closed:
        container.upload_blob("a", b"x")
    assert code(closed) == "AuthorizationFailure"


def test_keys_are_of_no_use_where_the_account_says_so(storage: Storage) -> None:
    service = storage.by_key()
    storage.set(allowSharedKeyAccess=False)
    with pytest.raises(HttpResponseError) as refused:
        service.create_container("copies")
    assert code(refused) == "KeyBasedAuthenticationNotPermitted"


def test_what_is_not_played_says_so(storage: Storage) -> None:
    blob = storage.container().upload_blob("a", b"x")
    for ask in (blob.create_snapshot, blob.acquire_lease, lambda: blob.set_blob_tags({"a": "b"})):
        with pytest.raises(HttpResponseError, match="does not play") as refused:
            ask()
        assert refused.value.status_code == 501
    with pytest.raises(HttpResponseError, match="page blobs"):
        storage.by_key().get_blob_client("copies", str(uuid.uuid4())).create_page_blob(512)
