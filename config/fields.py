"""What every section of the configuration is made of: the base model and the types of single values.

A value comes from YAML through the engine: numbers and booleans may arrive as text (``pulumi config set`` writes text),
so both spellings are read; nothing else is converted. Each type and each field says in plain words what it accepts,
and that sentence is what a person reads when a value is refused.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

NOT_ACCEPTED = "not_accepted"
"""The type of the error that :func:`refusal` makes."""

_ARM_ID = r"(?i)/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/[^/]+(/[^/]+/[^/]+)+"
_LONGEST_TAG_VALUE = 256
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Section(BaseModel):
    """A part of the configuration: immutable, its keys in camelCase, unknown keys refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        hide_input_in_errors=True,
        defer_build=True,
    )


def setting(default: Any = ..., *, what: str, accepted: str, example: Any, **more: Any) -> Any:
    """A documented field: what it means, what it accepts in plain words, and one value that is accepted."""
    return Field(default, description=what, examples=[example], json_schema_extra={"accepted": accepted}, **more)


def refusal(accepted: str = "") -> PydanticCustomError:
    """The error of a value that is not accepted; ``accepted`` says more closely than the field what would be."""
    return PydanticCustomError(NOT_ACCEPTED, "not accepted", {"accepted": accepted})


def _integer(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal()
    return value


def _boolean(value: object) -> object:
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise refusal()
    return value


def _text(value: object) -> object:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise refusal()
    return value


def is_guid(value: str) -> bool:
    """Whether the text is a GUID, in lower or upper case."""
    return re.fullmatch(_GUID, value) is not None


def guid(value: str) -> str:
    """The GUID in lower case; refused if it is none."""
    if not is_guid(value):
        raise refusal()
    return value.lower()


def _project_path(value: Path, info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base")
    return value if base is None else Path(base) / value


def _region(value: str) -> str:
    name = value.replace(" ", "").lower()
    if not re.fullmatch(r"[a-z]+[0-9]{0,2}", name):
        raise refusal()
    return name


def ipv4_network(value: str) -> ipaddress.IPv4Network:
    """The network of an address or of a CIDR block. Raises :class:`ValueError` for anything else, netmasks included."""
    if not re.fullmatch(r"[0-9.]+(/[0-9]{1,2})?", value):
        raise ValueError("not in CIDR notation")
    return ipaddress.IPv4Network(value)


def _network(value: str) -> str:
    try:
        return str(ipv4_network(value))
    except ValueError:
        raise refusal() from None


def matching(pattern: str, accepted: str = "") -> Callable[[object], str]:
    """A check that a value is text of one line, the whole of which matches ``pattern``."""
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        if not isinstance(value, str) or not value.isprintable() or not compiled.fullmatch(value):
            raise refusal(accepted)
        return value

    return check


Integer = Annotated[int, BeforeValidator(_integer)]
"""A whole number, also written as text."""

Boolean = Annotated[bool, BeforeValidator(_boolean)]
"""``true`` or ``false``, also written as text."""

Text = Annotated[str, BeforeValidator(_text)]
"""Text of one line that is not empty."""

Guid = Annotated[Text, AfterValidator(guid)]
"""A GUID, in lower case."""

ArmId = Annotated[str, BeforeValidator(matching(_ARM_ID))]
"""The id of a resource in Azure Resource Manager."""

Region = Annotated[Text, AfterValidator(_region)]
"""An Azure region, as ``eastus2`` ("East US 2" is read as that)."""

ProjectPath = Annotated[Path, BeforeValidator(_text), AfterValidator(_project_path)]
"""A path; a relative one starts at the project's directory."""

Network = Annotated[Text, AfterValidator(_network)]
"""An IPv4 network in CIDR notation, without host bits."""

_TAG_NAME = "tag names of 1 to 512 characters, none of <>%&\\?/"
_TAG_VALUE = "text of up to 256 characters (a number in quotes)"


def _tag_value(value: object) -> object:
    if not isinstance(value, str) or len(value) > _LONGEST_TAG_VALUE:
        raise refusal(_TAG_VALUE)
    return value


TagName = Annotated[str, BeforeValidator(matching(r"[^<>%&\\?/]{1,512}", _TAG_NAME))]
TagValue = Annotated[str, BeforeValidator(_tag_value)]
Tags = Annotated[dict[TagName, TagValue], Field(max_length=50)]
"""Names and values that mark a resource (ARM allows 50 of them; names of 512, values of 256 characters)."""

TAGS_ACCEPTED = "at most 50 names (512 characters, none of <>%&\\?/) with text values (256 characters)"
