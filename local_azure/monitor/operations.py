"""What the audit log calls each operation of a pool and of a vault.

Names of operations on keys and secrets: the tables of "Azure Key Vault logging". Of a pool's own operations the
documentation shows one, ``BackupCreate`` ("Managed HSM logging"), and that names are made of an object and a verb; the
download of the security domain is known to appear as ``SecurityDomainBackup``. Every other name here is made by that
rule, so nothing that is to work on Azure may rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping

AUTHENTICATION = "Authentication"
"""A request that brings no token, or none that proves anything."""

_VERBS = {"GET": "Get", "PUT": "Set", "POST": "Create", "PATCH": "Update", "DELETE": "Delete"}
_KEY, _VERSION = "/keys/{key_name}", "/keys/{key_name}/{key_version}"
_SECRET, _SECRET_VERSION = "/secrets/{secret_name}", "/secrets/{secret_name}/{secret_version}"
_USES = {
    "encrypt": "KeyEncrypt",
    "decrypt": "KeyDecrypt",
    "wrapkey": "KeyWrap",
    "unwrapkey": "KeyUnwrap",
    "sign": "KeySign",
    "verify": "KeyVerify",
    "release": "KeyRelease",
}

_KEY_NAMES: Mapping[tuple[str, str], str] = {
    ("GET", "/keys"): "KeyList",
    ("POST", "/keys/restore"): "KeyRestore",
    ("POST", _KEY + "/create"): "KeyCreate",
    ("PUT", _KEY): "KeyImport",
    ("GET", _KEY + "/versions"): "KeyListVersions",
    ("POST", _KEY + "/backup"): "KeyBackup",
    ("POST", _KEY + "/rotate"): "KeyRotate",
    ("GET", _KEY + "/rotationpolicy"): "KeyRotationPolicyGet",
    ("PUT", _KEY + "/rotationpolicy"): "KeyRotationPolicySet",
    ("GET", _KEY): "KeyGet",
    ("GET", _VERSION): "KeyGet",
    ("PATCH", _KEY): "KeyUpdate",
    ("PATCH", _VERSION): "KeyUpdate",
    ("DELETE", _KEY): "KeyDelete",
    ("GET", "/deletedkeys"): "KeyListDeleted",
    ("GET", "/deletedkeys/{key_name}"): "KeyGetDeleted",
    ("DELETE", "/deletedkeys/{key_name}"): "KeyPurge",
    ("POST", "/deletedkeys/{key_name}/recover"): "KeyRecover",
    **{("GET", f"{path}/attestation"): "KeyAttestationGet" for path in (_KEY, _VERSION)},
    **{("POST", f"{path}/{use}"): name for path in (_KEY, _VERSION) for use, name in _USES.items()},
}
_POOL_NAMES: Mapping[tuple[str, str], str] = {
    ("POST", "/securitydomain/download"): "SecurityDomainBackup",
    ("GET", "/securitydomain/download/pending"): "SecurityDomainBackupStatusGet",
    ("GET", "/securitydomain/upload"): "SecurityDomainTransferKeyGet",
    ("POST", "/securitydomain/upload"): "SecurityDomainRestore",
    ("GET", "/securitydomain/upload/pending"): "SecurityDomainRestoreStatusGet",
    ("POST", "/backup"): "BackupCreate",
    ("GET", "/backup/{job_id}/pending"): "BackupStatusGet",
    ("PUT", "/restore"): "RestoreCreate",
    ("GET", "/restore/{job_id}/pending"): "RestoreStatusGet",
    ("PUT", _KEY + "/restore"): "KeySelectiveRestoreCreate",
    ("POST", "/rng"): "RandomBytesGet",
    ("GET", "/settings"): "SettingList",
    ("GET", "/settings/{setting_name}"): "SettingGet",
    ("PATCH", "/settings/{setting_name}"): "SettingUpdate",
}
_SECRET_NAMES: Mapping[tuple[str, str], str] = {
    ("GET", "/secrets"): "SecretList",
    ("POST", "/secrets/restore"): "SecretRestore",
    ("GET", _SECRET + "/versions"): "SecretListVersions",
    ("POST", _SECRET + "/backup"): "SecretBackup",
    ("GET", _SECRET): "SecretGet",
    ("GET", _SECRET_VERSION): "SecretGet",
    ("PUT", _SECRET): "SecretSet",
    ("PATCH", _SECRET): "SecretUpdate",
    ("PATCH", _SECRET_VERSION): "SecretUpdate",
    ("DELETE", _SECRET): "SecretDelete",
    ("GET", "/deletedsecrets"): "SecretListDeleted",
    ("GET", "/deletedsecrets/{secret_name}"): "SecretGetDeleted",
    ("DELETE", "/deletedsecrets/{secret_name}"): "SecretPurge",
    ("POST", "/deletedsecrets/{secret_name}/recover"): "SecretRecover",
}
_NAMES = {**_KEY_NAMES, **_POOL_NAMES, **_SECRET_NAMES}


def name_of(method: str, path: str) -> str:
    """The operation's name; ``path`` as its route writes it, with placeholders."""
    known = _NAMES.get((method, path))
    if known is not None:
        return known
    folded = path.lower()
    for object_name in ("roleAssignment", "roleDefinition"):
        if f"/{object_name.lower()}s" in folded:
            listing = method == "GET" and folded.endswith("s")
            verb = "List" if listing else "Create" if method == "PUT" else _VERBS[method]
            return object_name[0].upper() + object_name[1:] + verb
    word = next((word for word in path.split("/") if word.isalpha()), "resource")
    return word[0].upper() + word[1:] + _VERBS.get(method, method.capitalize())
