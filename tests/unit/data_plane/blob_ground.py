"""A blob in a storage account of the local Azure, for a security domain to be kept in."""

from __future__ import annotations

import json
from pathlib import Path

from azure.storage.blob import ContainerClient

from data_plane import session
from data_plane.blobs import Blob
from data_plane.pool import Pool
from data_plane.security_domain_file import manifest_path
from tests.support import Azure
from tests.unit.ceremony.support import custodians_open
from tests.unit.local_azure.storage.daemon import ACCOUNT, CONTRIBUTOR, Storage

URL = f"https://{ACCOUNT}.blob.core.windows.net/custody/contoso/sd.json"
NAME, MANIFEST, ATTEMPT = "contoso/sd.json", "contoso/sd.json.manifest.json", "contoso/sd.json.attempt.json"


class Custody:
    """The account, and its container ``custody``, which the deployer may write to."""

    def __init__(self, azure: Azure) -> None:
        self.storage = Storage(azure)
        self.container: ContainerClient = self.storage.container("custody")
        self.storage.give(CONTRIBUTOR)

    @property
    def place(self) -> Blob:
        """Where the security domain goes."""
        return Blob(URL, session.current())

    def names(self) -> list[str]:
        """Everything in the container."""
        return list(self.container.list_blob_names())

    def content(self, name: str = NAME) -> bytes:
        """What is in a blob."""
        return bytes(self.container.download_blob(name).readall())

    def opens(self, directory: Path, *numbers: int) -> bool:
        """Whether every quorum of these custodians opens what is in the blob, as its manifest says."""
        path = directory / "fetched.json"
        path.write_bytes(self.content())
        manifest_path(path).write_bytes(self.content(MANIFEST))
        return custodians_open(path, *numbers)

    def manifest_is_of(self, pool: Pool) -> bool:
        """Whether the manifest beside the blob names this very pool."""
        manifest = json.loads(self.content(MANIFEST))
        return (manifest["hsm_id"], manifest["hsm_created_at"]) == (pool.id, pool.created_at)
