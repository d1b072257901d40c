"""Limits of tags ("Use tags to organize your Azure resources, limitations")."""

from __future__ import annotations

from local_azure.arm.errors import bad_request
from local_azure.core.http import JsonObject

_FORBIDDEN = set("<>%&\\?/")


def check(tags: JsonObject) -> None:
    """Raises 400 for too many tags, or names and values that are too long or hold what they may not."""
    if len(tags) > 50:
        raise bad_request("TooManyTags", f"The number of tags ({len(tags)}) exceeds the limit of 50.")
    if len({name.lower() for name in tags}) < len(tags):
        raise bad_request("DuplicateTagName", "Tag names must be unique; they do not differ in case alone.")
    for name, value in tags.items():
        if not name or len(name) > 512 or set(name) & _FORBIDDEN:
            raise bad_request(
                "InvalidTagNameCharacters",
                f"The tag name '{name[:64]}' is invalid: 1 to 512 characters, none of '<,>,%,&,\\,?,/'.",
            )
        if len(value) > 256:
            raise bad_request("InvalidTagValueLength", f"The value of tag '{name}' has more than 256 characters.")
