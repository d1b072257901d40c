"""The security domain: who holds it, how many of them open it, and where it is kept.

The limits (3 to 10 custodians, a quorum of 2 to 10) are the service's.
"""

from typing import Annotated

from pydantic import BeforeValidator, Discriminator, Tag

from config.fields import ArmId, Boolean, Integer, ProjectPath, Section, Text, matching, setting
from data_plane.clouds import BLOB_CONTAINER

_BLOB = r"[0-9A-Za-z_-][0-9A-Za-z_.-]*(?:/[0-9A-Za-z_-][0-9A-Za-z_.-]*)*(?<!\.)"
"""A part of the names that blobs can have: one that needs no encoding, in an address or on paper."""


class Custodian(Section):
    """A person who holds a private key that opens the security domain together with others."""

    name: Text = setting(
        what="Who this is: the name in manifests and messages.",
        accepted="a name of letters, digits, blanks and ._@- that no other custodian has",
        example="custodian-1",
        pattern=r"^[\w.@-]([\w .@-]{0,62}[\w.@-])?$",
    )
    certificate: ProjectPath = setting(
        what="The custodian's public certificate, PEM or DER: RSA of 2048 bits or more. Expired ones are fine.",
        accepted="the path of a file with one RSA certificate, PEM or DER",
        example=".local/custodians/cert_1.cer",
    )


class PathDestination(Section):
    """A file on the machine that runs the program."""

    path: ProjectPath = setting(
        what="A file that the security domain is written to before the activation is waited for.",
        accepted="the path of a file, other than every other destination's",
        example=".local/security-domain/contoso-hsm-SD.json",
    )
    optional: Boolean = setting(
        False,
        what="Whether the activation goes on although this destination failed.",
        accepted="true or false",
        example=False,
    )
    handed_over: Boolean = setting(
        False,
        what="The file has been taken from here into custody: it is neither looked for nor written here any more. Set "
        "it when the pool is active.",
        accepted="true or false",
        example=True,
    )


class BlobDestination(Section):
    """A blob in a storage account: the program's own (storage), or one that is there."""

    blob: Annotated[str, BeforeValidator(matching(rf"{BLOB_CONTAINER}(?:/{_BLOB})?"))] = setting(
        what="A blob that the security domain is written to before the activation is waited for; named "
        "`<pool>-SD.json` where only the container is given. Not in the pool's own resource group, and not encrypted "
        "with a key of this pool.",
        accepted="https://<account>.blob.core.windows.net/<container>, and /<name> of letters, digits and ._-/",
        example="https://contosocustody.blob.core.windows.net/security-domains/contoso-hsm-SD.json",
    )
    account: ArmId | None = setting(
        None,
        what="The storage account's id, where it lies in another subscription.",
        accepted="the ARM id of the blob's storage account",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoCustody"
            "/providers/Microsoft.Storage/storageAccounts/contosocustody"
        ),
    )
    optional: Boolean = setting(
        False,
        what="Whether the activation goes on although this destination failed.",
        accepted="true or false",
        example=False,
    )

    @property
    def account_name(self) -> str:
        """The storage account's name."""
        return self.blob.removeprefix("https://").partition(".")[0]

    @property
    def container(self) -> str:
        """The container's name."""
        return self.blob.removeprefix("https://").split("/")[1]

    def address(self, pool: str) -> str:
        """The blob's address, with the name that it has where none is given."""
        return self.blob if self.blob.count("/") > 3 else f"{self.blob}/{pool}-SD.json"


def _destination_kind(value: object) -> str:
    blob = isinstance(value, BlobDestination) or (isinstance(value, dict) and "blob" in value)
    return "<blob>" if blob else "<path>"


Destination = Annotated[
    Annotated[PathDestination, Tag("<path>")] | Annotated[BlobDestination, Tag("<blob>")],
    Discriminator(_destination_kind),
]


def _place_kind(value: object) -> str:
    return "<blob>" if isinstance(value, str) and value.startswith("https://") else "<path>"


FileOrBlob = Annotated[
    Annotated[ProjectPath, Tag("<path>")]
    | Annotated[str, BeforeValidator(matching(rf"{BLOB_CONTAINER}/{_BLOB}")), Tag("<blob>")],
    Discriminator(_place_kind),
]


class SecurityDomain(Section):
    """The activation of the pool and the custody of its security domain."""

    quorum: Integer = setting(
        what="How many custodians together open the security domain.",
        accepted="2 to 10, and not more than there are custodians",
        example=2,
    )
    custodians: tuple[Custodian, ...] = setting(
        what="Who holds the security domain.",
        accepted="3 to 10 custodians, each with name and certificate",
        example=[
            {"name": f"custodian-{number}", "certificate": f".local/custodians/cert_{number}.cer"}
            for number in (1, 2, 3)
        ],
    )
    destinations: tuple[Destination, ...] = setting(
        what="Where the security domain is kept; at least one that is not optional.",
        accepted="one or more of {path: …} and {blob: …}",
        example=[{"path": ".local/security-domain/contoso-hsm-SD.json"}],
    )
    rehearsal: Boolean = setting(
        False,
        what="Dev only: the custodians' private keys may lie beside their certificates.",
        accepted="true or false",
        example=True,
    )
    reissue: Text | None = setting(
        None,
        what="The pool's name, which confirms that the security domain is downloaded again for changed custodians.",
        accepted="the pool's name",
        example="contoso-hsm",
    )
    recover_from: FileOrBlob | None = setting(
        None,
        what="What a quorum makes of another pool's security domain (ceremony recover), for a new pool to take in. "
        "While it is not there, up writes the pool's transfer key beside it and says what to do.",
        accepted="the path of a file, or the address of a blob, that is no destination and no certificate",
        example=".local/recovery/contoso-hsm-restore.json",
    )
