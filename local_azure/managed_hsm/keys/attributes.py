"""Attributes and tags that a request sets. Read-only attributes in a request are passed over, as descriptions ask."""

from __future__ import annotations

from dataclasses import dataclass

from local_azure.core.http import JsonObject
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.body import optional_boolean, optional_integer, optional_object

_TAGS_MAXIMUM, _TAG_LENGTH_MAXIMUM = 15, 256


@dataclass(frozen=True)
class RequestedAttributes:
    """What the request says; None where it says nothing."""

    enabled: bool | None
    not_before: int | None
    expires: int | None
    exportable: bool | None


def requested_attributes(body: JsonObject) -> RequestedAttributes:
    """The ``attributes`` of a request; times are seconds since 1970."""
    given = optional_object(body, "attributes") or {}
    return RequestedAttributes(
        enabled=optional_boolean(given, "enabled"),
        not_before=optional_integer(given, "nbf"),
        expires=optional_integer(given, "exp"),
        exportable=optional_boolean(given, "exportable"),
    )


def requested_tags(body: JsonObject) -> dict[str, str] | None:
    """The ``tags`` of a request, None where it has none; at most 15, names and values of at most 256 characters."""
    tags = optional_object(body, "tags")
    if tags is None:
        return None
    if len(tags) > _TAGS_MAXIMUM:
        raise bad_parameter(f"Property tags can have at most {_TAGS_MAXIMUM} members")
    for name, value in tags.items():
        if not isinstance(value, str) or max(len(name), len(value)) > _TAG_LENGTH_MAXIMUM:
            raise bad_parameter(f"Tag {name[:_TAG_LENGTH_MAXIMUM]} must be text of at most 256 characters")
    return tags


def check_exportable(exportable: bool, release_policy: JsonObject | None) -> None:
    """A key is exportable exactly where it has a release policy."""
    if exportable and release_policy is None:
        raise bad_parameter("Exportable keys must have release policy")
    if not exportable and release_policy is not None:
        raise bad_parameter("Non-exportable keys must not have release policy")
