"""The keys of the pool.

Types, sizes, curves and operations are those of the Managed HSM data plane (key types RSA-HSM, EC-HSM, oct-HSM).
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.backup import FOLDER_ACCEPTED, FolderUrl
from config.fields import Boolean, Integer, ProjectPath, Section, TagName, TagValue, matching, refusal, setting
from config.key_life import ReleasePolicy, Rotation
from config.key_use import KeyUse

KeyType = Literal["RSA-HSM", "EC-HSM", "oct-HSM"]
Curve = Literal["P-256", "P-384", "P-521", "P-256K"]
Operation = Literal["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey", "deriveKey", "import"]

OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "RSA-HSM": ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"),
    "EC-HSM": ("sign", "verify"),
    "oct-HSM": ("encrypt", "decrypt", "wrapKey", "unwrapKey"),
}
"""What each key type can do. `import` (a key exchange key) stands alone and is for RSA only."""

FURTHER_OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "RSA-HSM": (),
    "EC-HSM": ("deriveKey",),
    "oct-HSM": ("sign", "verify", "deriveKey"),
}
"""What the service permits besides, and gives a key of which nothing is said (recordings of azure-sdk-for-net)."""

KeyName = Annotated[str, BeforeValidator(matching(r"[0-9A-Za-z-]{1,127}", "1 to 127 letters, digits and hyphens"))]

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_FIRST_YEAR = 1970
_MOST_TAGS = 15
KeyTags = Annotated[dict[TagName, TagValue], Field(max_length=_MOST_TAGS)]
"""Names and values that mark a key, which can have fewer of them than a resource ("About keys", key tags)."""

_ENGINE_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}) ([+-][0-9]{4}) \w+")
"""How the engine hands over (and writes back) a date that YAML has without quotes: in Go's format."""


def _instant(value: object) -> object:
    if isinstance(value, datetime):
        text = value.isoformat()
    elif isinstance(value, str):
        text = _ENGINE_TIME.sub(r"\1\2", value)
    else:
        raise refusal()
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise refusal() from None
    if instant.tzinfo is None and re.fullmatch(_DATE, text):
        instant = instant.replace(tzinfo=UTC)
    if instant.tzinfo is None or instant.microsecond or instant.year < _FIRST_YEAR:
        raise refusal()
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise refusal() from None


Instant = Annotated[datetime, BeforeValidator(_instant)]
"""A moment in ISO 8601 with its time zone, in whole seconds (the service counts seconds); a date begins at 0:00 UTC."""


class Key(Section):
    """A key of the pool; its name is the key of the mapping."""

    type: KeyType = setting(what="The kind of key.", accepted="RSA-HSM, EC-HSM or oct-HSM", example="RSA-HSM")
    size: Integer | None = setting(
        None,
        what="The length in bits. Required for RSA-HSM and oct-HSM unless the material is imported; none for EC-HSM.",
        accepted="2048, 3072 or 4096 for RSA-HSM; 128, 192 or 256 for oct-HSM",
        example=3072,
    )
    curve: Curve | None = setting(
        None,
        what="The curve. Required for EC-HSM unless the material is imported; none for the others.",
        accepted="P-256, P-384, P-521 or P-256K",
        example="P-256",
    )
    operations: tuple[Operation, ...] = setting(
        (),
        what="What the key may be used for; all that its type can do if left out.",
        accepted="what the type can do of encrypt, decrypt, sign, verify, wrapKey, unwrapKey; import alone for RSA",
        example=["wrapKey", "unwrapKey"],
    )
    import_from: ProjectPath | None = setting(
        None,
        what="The key to import: an RSA or EC private key in PEM or DER (PKCS #8, PKCS #1, SEC 1), the bytes of a "
        "symmetric key, or a key transfer blob (`.byok`), which needs size or curve beside it.",
        accepted="the path of a file with one private key, or of a .byok file",
        example=".local/keys/mycert2.pem",
    )
    passphrase_variable: Annotated[str, BeforeValidator(matching(r"[A-Za-z_][A-Za-z0-9_]*"))] | None = setting(
        None,
        what="The environment variable with the passphrase of the file to import; the other way to say it is "
        "`importPassphrases`.",
        accepted="the name of an environment variable",
        example="MYPEMRSAKEY_PASSPHRASE",
    )
    enabled: Boolean = setting(
        True,
        what="Whether the key can be used.",
        accepted="true or false",
        example=True,
    )
    expires: Instant | None = setting(
        None,
        what="When the current version ceases to work. Versions that a rotation makes have their own date "
        "(rotation.expiresAfter).",
        accepted="a date or moment in ISO 8601 with time zone, such as 2031-01-01T00:00:00Z",
        example="2031-01-01T00:00:00Z",
    )
    not_before: Instant | None = setting(
        None,
        what="When the current version begins to work.",
        accepted="a date or moment in ISO 8601 with time zone, such as 2027-01-01T00:00:00Z",
        example="2027-01-01T00:00:00Z",
    )
    tags: KeyTags = setting(
        {},
        what="Tags of the key.",
        accepted=f"at most {_MOST_TAGS} names with text values (256 characters)",
        example={"owner": "pay"},
    )
    exportable: Boolean = setting(
        False,
        what="Whether the key can be released; needs a release policy.",
        accepted="true or false",
        example=False,
    )
    release_policy: ReleasePolicy | None = setting(
        None,
        what="Under which attestation the key is released.",
        accepted="file or claims, and immutable",
        example={"file": "policies/release.json"},
    )
    rotation: Rotation | None = setting(
        None,
        what="When new versions are made: by the service, or now.",
        accepted="afterCreation or beforeExpiry, expiresAfter, rotateNow",
        example={"afterCreation": "P90D", "expiresAfter": "P1Y"},
    )
    restore_from: ProjectPath | None = setting(
        None,
        what="A backup of the key, made in a pool with the same security domain, that it is restored from if it is not "
        "there. Type and size or curve say which key is expected.",
        accepted="the path of a key backup",
        example=".local/backups/myrsakey.keybackup",
    )
    restore_from_backup: FolderUrl | None = setting(
        None,
        what="A full backup that the key is brought back from, with all its versions, if it is not there. Type and "
        "size or curve say which key is expected. A soft-deleted key is recovered instead: only a purged one is "
        "restored.",
        accepted=FOLDER_ACCEPTED,
        example="https://contosobackups.blob.core.windows.net/contoso-hsm/mhsm-contoso-hsm-2026112117301572",
    )
    backup_to: ProjectPath | None = setting(
        None,
        what="A file that a backup of the key is kept in; a refresh sees when it is missing or of an earlier version.",
        accepted="the path of a file below .local or outside of the project that no other key has",
        example=".local/backups/myrsakey.keybackup",
    )
    attest_to: ProjectPath | None = setting(
        None,
        what="A file that the HSM's attestation of the key's current version is kept in, as "
        "`az keyvault key get-attestation` writes it.",
        accepted="the path of a file that no other key has",
        example=".local/attestations/myrsakey.json",
    )
    used_by: tuple[KeyUse, ...] = setting(
        (),
        what="Azure services that encrypt with the key: each gets the role Managed HSM Crypto Service Encryption User "
        "at it. As long as they are here, the key can be neither removed nor replaced.",
        accepted="a list of service and principal",
        example=[{"service": "storage", "principal": {"objectId": "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"}}],
    )
    on_remove: Literal["retain", "softDelete", "purge"] = setting(
        "softDelete",
        what="What happens to the key when it leaves the configuration.",
        accepted="retain, softDelete or purge",
        example="softDelete",
    )
    protect: Boolean = setting(
        False,
        what="Whether Pulumi refuses to delete or replace the key. True in prod if left out.",
        accepted="true or false",
        example=True,
    )

    @property
    def effective_operations(self) -> tuple[Operation, ...]:
        """What the key may be used for, spelled out."""
        return self.operations or OPERATIONS[self.type]
