"""Signatures that the unmodified azure-storage-blob makes, against the daemon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.unit.local_azure.storage.daemon import ACCOUNT, READER, Storage, code

pytestmark = pytest.mark.daemon
SOON = timedelta(hours=1)


def test_signatures_open_what_they_name(storage: Storage) -> None:
    container = storage.container()
    container.upload_blob("a", b"content")
    until = datetime.now(UTC) + SOON
    of_account = generate_account_sas(
        ACCOUNT,
        storage.key,
        ResourceTypes(container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        until,
    )
    by_account = ContainerClient(storage.url, "copies", of_account, retry_total=0)
    assert by_account.download_blob("a").readall() == b"content"
    with pytest.raises(HttpResponseError) as writing:
        by_account.upload_blob("b", b"x")
    assert code(writing) == "AuthorizationPermissionMismatch"
    with pytest.raises(HttpResponseError) as listing:
        list(BlobServiceClient(storage.url, of_account, retry_total=0).list_containers())
    assert code(listing) == "AuthorizationResourceTypeMismatch"
    of_blob = generate_blob_sas(
        ACCOUNT, "copies", "a", account_key=storage.key, permission=BlobSasPermissions(read=True), expiry=until
    )
    assert BlobClient(storage.url, "copies", "a", credential=of_blob).download_blob().readall() == b"content"
    with pytest.raises(ClientAuthenticationError):
        BlobClient(storage.url, "copies", "b", credential=of_blob, retry_total=0).download_blob()
    of_container = generate_container_sas(
        ACCOUNT, "copies", account_key=storage.key, permission=ContainerSasPermissions(create=True), expiry=until
    )
    creator = ContainerClient(storage.url, "copies", of_container, retry_total=0)
    creator.upload_blob("new", b"x")
    with pytest.raises(HttpResponseError) as again:
        creator.upload_blob("new", b"y", overwrite=True)
    assert code(again) == "AuthorizationPermissionMismatch"


def test_a_signature_ends_when_it_says_so(storage: Storage) -> None:
    storage.container().upload_blob("a", b"content")
    until = datetime.now(UTC) + SOON
    sas = generate_blob_sas(
        ACCOUNT, "copies", "a", account_key=storage.key, permission=BlobSasPermissions(read=True), expiry=until
    )
    storage.azure.control.move_clock(3700)
    with pytest.raises(ClientAuthenticationError, match="AuthenticationFailed"):
        BlobClient(storage.url, "copies", "a", credential=sas, retry_total=0).download_blob()


def test_a_signature_that_stands_for_somebody_does_what_both_allow(storage: Storage) -> None:
    storage.container().upload_blob("a", b"content")
    storage.give(READER)
    now = datetime.now(UTC)
    key = storage.by_token().get_user_delegation_key(now - timedelta(minutes=1), now + SOON)
    sas = generate_blob_sas(
        ACCOUNT,
        "copies",
        "a",
        user_delegation_key=key,
        permission=BlobSasPermissions(read=True, write=True),
        expiry=now + SOON,
    )
    blob = BlobClient(storage.url, "copies", "a", credential=sas, retry_total=0)
    assert blob.download_blob().readall() == b"content"
    with pytest.raises(HttpResponseError) as writing:
        blob.upload_blob(b"other", overwrite=True)
    assert code(writing) == "AuthorizationPermissionMismatch"
