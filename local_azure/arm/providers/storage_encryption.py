"""Microsoft.Storage: with which key an account is encrypted.

Source: storage.json of the API description (2025-06-01); "Customer-managed keys for Azure Storage encryption". It is
kept and told; nothing here is encrypted with it, and nobody asks the key.
"""

from __future__ import annotations

from local_azure.arm import errors
from local_azure.arm.resource_type import Change
from local_azure.arm.schema import BOOLEAN, READ_ONLY, STRING, Field, choice, obj
from local_azure.arm.writing import milliseconds
from local_azure.core.http import JsonObject

INVALID = "InvalidRequestPropertyValue"
_KEY_SOURCES = ("Microsoft.Storage", "Microsoft.Keyvault")
_ENCRYPTED_SERVICE = obj(enabled=BOOLEAN, keyType=choice("Account", "Service"), lastEnabledTime=READ_ONLY)
ENCRYPTION = obj(
    services=obj(blob=_ENCRYPTED_SERVICE, file=_ENCRYPTED_SERVICE, queue=_ENCRYPTED_SERVICE, table=_ENCRYPTED_SERVICE),
    keySource=choice(*_KEY_SOURCES, default=_KEY_SOURCES[0]),
    keyvaultproperties=obj(
        keyname=STRING,
        keyversion=STRING,
        keyvaulturi=STRING,
        currentVersionedKeyIdentifier=READ_ONLY,
        lastKeyRotationTimestamp=READ_ONLY,
        currentVersionedKeyExpirationTimestamp=READ_ONLY,
    ),
    identity=obj(userAssignedIdentity=STRING, federatedIdentityClientId=STRING),
    requireInfrastructureEncryption=Field("boolean", immutable=True),
)


def prepare(change: Change) -> None:
    """A customer's key is named by its vault or pool, and used by an identity of the account."""
    encryption = change.properties.setdefault("encryption", {"keySource": _KEY_SOURCES[0]})
    key = encryption.get("keyvaultproperties") or {}
    if encryption["keySource"] == _KEY_SOURCES[0]:
        encryption.pop("keyvaultproperties", None)
        encryption.pop("identity", None)
    else:
        if not key.get("keyname") or not key.get("keyvaulturi"):
            raise errors.bad_request(
                INVALID,
                "The values for the properties 'keyname' and 'keyvaulturi' of keyvaultproperties are required.",
            )
        uri = key["keyvaulturi"].rstrip("/")
        if not uri.startswith("https://") or "/" in uri.removeprefix("https://"):
            raise errors.bad_request("InvalidKeyVaultUri", f"The key vault uri '{key['keyvaulturi']}' is invalid.")
        _require_identity(change, encryption.get("identity") or {})
        version = key.get("keyversion")
        if version:
            key["currentVersionedKeyIdentifier"] = f"{uri}/keys/{key['keyname']}/{version}"
        key["lastKeyRotationTimestamp"] = milliseconds(change.arm.world.clock.now())
    now = milliseconds(change.arm.world.clock.now())
    services = encryption.setdefault("services", {})
    for service in ("blob", "file"):
        services.setdefault(service, {"enabled": True, "keyType": "Account"})
        services[service].setdefault("lastEnabledTime", now)


def _require_identity(change: Change, used: JsonObject) -> None:
    own: JsonObject = change.stored.resource.get("identity") or {"type": "None"}
    named = used.get("userAssignedIdentity")
    assigned = {each.lower() for each in own.get("userAssignedIdentities") or {}}
    if named and named.lower() not in assigned:
        raise errors.bad_request(
            "InvalidIdentity", f"The identity '{named}' is not assigned to the storage account '{change.id.name}'."
        )
    if not named and "SystemAssigned" not in own["type"]:
        raise errors.bad_request(
            "KeyVaultAuthenticationFailure",
            "The operation failed because of authentication issue on the keyvault: the account has no identity.",
        )
