"""Full backups of the pool, and a full restore from one.

Source: "Full backup and restore and selective key restore" (Managed HSM).
"""

from typing import Annotated

from pydantic import BeforeValidator

from config.fields import ArmId, Section, Text, matching, setting
from data_plane.clouds import BLOB_CONTAINER

_FOLDER = r"mhsm-[0-9A-Za-z-]+-[0-9]{14,17}"
FOLDER_ACCEPTED = (
    "https://<account>.blob.core.windows.net/<container>/mhsm-<pool>-<time>, as a backup's folderUrl has it"
)

ContainerUrl = Annotated[str, BeforeValidator(matching(BLOB_CONTAINER))]
FolderUrl = Annotated[str, BeforeValidator(matching(f"{BLOB_CONTAINER}/{_FOLDER}"))]
"""A full backup."""


class Backup(Section):
    """Full backups of the pool, made as the pool's own identity (hsm.identities): never by a signature."""

    container: ContainerUrl = setting(
        what="The container that backups are written to; each makes a folder in it. It keeps nothing immutable and "
        "lies in an account that outlives the pool's resource group. It exists, unless it is in the program's own "
        "account (section storage), which makes it and gives the right at it.",
        accepted="https://<account>.blob.core.windows.net/<container>",
        example="https://contosobackups.blob.core.windows.net/contoso-hsm",
    )
    trigger: Text = setting(
        what="Any text; another one makes another backup with the next up. Earlier backups stay.",
        accepted="text of one line",
        example="2026-11",
    )
    account: ArmId | None = setting(
        None,
        what="The storage account's id: with it the program itself gives the pool's identity the role Storage Blob "
        "Data Contributor at the container. Left out, whoever owns the account has given it.",
        accepted="the ARM id of the container's storage account",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoBackups"
            "/providers/Microsoft.Storage/storageAccounts/contosobackups"
        ),
    )

    @property
    def account_name(self) -> str:
        """The storage account's name."""
        return self.container.removeprefix("https://").partition(".")[0]

    @property
    def container_name(self) -> str:
        """The container's name."""
        return self.container.rpartition("/")[2]


class Restore(Section):
    """A full restore: everything in the pool gives way to what a backup holds, role assignments too. Done once."""

    folder: FolderUrl = setting(
        what="The backup: the folder's address. It was made by a pool with the same security domain. Where it lies in "
        "another container than that of section backup, the pool's identity has to have its role there too.",
        accepted=FOLDER_ACCEPTED,
        example="https://contosobackups.blob.core.windows.net/contoso-hsm/mhsm-contoso-hsm-2026112117301572",
    )
    overwrite: Text | None = setting(
        None,
        what="The pool's name, which confirms that everything in it is taken away. To be taken out when it is done.",
        accepted="the pool's name",
        example="contoso-hsm",
    )
    trigger: Text | None = setting(
        None,
        what="Any text; another one restores the same backup again.",
        accepted="text of one line",
        example="again",
    )
