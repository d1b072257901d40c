"""Microsoft.KeyVault/vaults/secrets: secrets written through ARM, whose values ARM never shows.

ARM shows every secret of the vault, whoever wrote it. Each PUT with a value makes a new version; deleting through ARM
is not possible ("secrets.json", REST description): secrets go with their vault or through the data plane.
"""

from __future__ import annotations

from dataclasses import replace

from local_azure.arm import api_versions
from local_azure.arm.errors import bad_request
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import BOOLEAN, INTEGER, READ_ONLY, STRING, STRING_MAP, Field, obj
from local_azure.core.http import JsonObject
from local_azure.key_vault.handlers import add_version, new_version, with_attributes
from local_azure.key_vault.state import SECRET_TYPE, SecretStore, describe
from local_azure.managed_hsm.keys.attributes import requested_attributes


def _prepare(change: Change) -> None:
    """The vault's own store takes the secret; of what ARM itself keeps, nothing but the id is left."""
    properties, store = change.properties, SecretStore(change.arm.world, str(change.id.parent))
    value = properties.get("value")
    content_type, tags = properties.get("contentType"), change.stored.resource.pop("tags", None)
    attributes = requested_attributes(properties)
    known = store.find(change.id.name)
    if value is not None:
        add_version(store, change.id.name, new_version(store, value, content_type, attributes, tags))
    elif known is None:
        raise bad_request("BadRequest", "The property 'value' is required.")
    else:
        latest = with_attributes(known.latest, attributes)
        changed = replace(
            latest,
            content_type=content_type or latest.content_type,
            tags=latest.tags if tags is None else tags,
            updated=store.now(),
        )
        store.put(known.with_changed(changed))
    change.stored.resource["properties"] = {}


def _present(arm: Arm, stored: Stored, api_version: str) -> JsonObject:
    del api_version
    vault_id = stored.id.rpartition("/secrets/")[0]
    secret, vault = SecretStore(arm.world, vault_id).find(stored.name), arm.find(vault_id)
    if secret is None or vault is None:
        return stored.resource
    uri = f"https://{vault.name.lower()}.vault.azure.net/secrets/{secret.name}"
    properties = describe(secret) | {"secretUri": uri, "secretUriWithVersion": f"{uri}/{secret.latest.version}"}
    tags = {} if secret.latest.tags is None else {"tags": secret.latest.tags}
    return {**stored.resource, "location": vault.location, **tags, "properties": properties}


TYPES = (
    ResourceType(
        name=SECRET_TYPE,
        api_versions=api_versions.KEY_VAULT,
        properties={
            "value": Field(write_only=True),
            "contentType": STRING,
            "attributes": obj(enabled=BOOLEAN, nbf=INTEGER, exp=INTEGER, created=INTEGER, updated=INTEGER),
            "secretUri": READ_ONLY,
            "secretUriWithVersion": READ_ONLY,
        },
        envelope={"tags": STRING_MAP, "location": READ_ONLY},
        tracked=False,
        name_pattern=r"[0-9A-Za-z-]{1,127}",
        name_advice="A secret's name has 1 to 127 letters, digits and hyphens.",
        name_error="BadRequest",
        has_state=False,
        methods=frozenset({"GET", "PUT", "PATCH"}),
        delete_rank=39,
        prepare=_prepare,
        present=_present,
        invalid_code="BadRequest",
    ),
)
