"""Microsoft.KeyVault/vaults/secrets: secrets written through ARM, whose values ARM never shows.

Each PUT makes a new version; deleting through ARM is not possible ("secrets.json", REST description): they go with
their vault or through the data plane.
"""

from __future__ import annotations

import secrets

from local_azure.arm import api_versions
from local_azure.arm.errors import bad_request
from local_azure.arm.providers.vault_life import SECRET, VAULT_DATA
from local_azure.arm.resource_type import Arm, Change, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import BOOLEAN, INTEGER, READ_ONLY, STRING, STRING_MAP, Field, obj


def _prepare(change: Change) -> None:
    value = change.properties.pop("value", None)
    if value is None and change.existing is None:
        raise bad_request("BadRequest", "The property 'value' is required.")
    now = int(change.arm.world.clock.timestamp())
    old = change.existing.properties["attributes"] if change.existing else {"created": now}
    attributes = {"enabled": True, **change.properties.get("attributes", {})}
    change.properties["attributes"] = {**attributes, "created": old["created"], "updated": now}
    hidden = change.stored.hidden
    if value is not None and value != hidden.get("value"):
        hidden["value"] = value
        hidden["version"] = secrets.token_hex(16)
    uri = f"https://{change.id.names[0].lower()}.vault.azure.net/secrets/{change.id.name}"
    change.properties.update({"secretUri": uri, "secretUriWithVersion": f"{uri}/{hidden['version']}"})


def _written(arm: Arm, stored: Stored) -> None:
    """The data plane has the value."""
    vault = stored.id.split("/")[-3].lower()
    key = f"{vault}/{stored.name.lower()}"
    document = arm.world.store.get(VAULT_DATA, key) or {"name": stored.name, "versions": []}
    version = {
        "version": stored.hidden["version"],
        "value": stored.hidden["value"],
        "content_type": stored.properties.get("contentType"),
        "attributes": stored.properties["attributes"],
        "tags": stored.resource.get("tags", {}),
    }
    others = [each for each in document["versions"] if each["version"] != version["version"]]
    arm.world.store.put(VAULT_DATA, key, {**document, "versions": [*others, version]})


TYPES = (
    ResourceType(
        name=SECRET,
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
        written=_written,
        invalid_code="BadRequest",
    ),
)
