"""Roles of one's own: what the built-in ones do not cut the right way."""

from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, model_validator

from config.fields import Section, Text, refusal, setting
from data_plane import data_actions

Preset = Literal["keyManager"]

KEY_MANAGER: dict[str, Any] = {
    "name": "Key Manager",
    "description": "Makes, changes, rotates, backs up, retires and recovers keys, and reads who may do what; uses,"
    " releases, exports and purges none, and gives nobody a role.",
    "dataActions": [
        *data_actions.ROLE_READS,
        "keys/read/action",
        *data_actions.KEY_MANAGEMENT,
        "keys/deletedKeys/read/action",
        "keys/deletedKeys/recover/action",
    ],
}
"""For a deployer once the pool is set up: all that a stack does with keys day by day (docs/how-to/give-rights.md)."""

PRESETS: dict[str, dict[str, Any]] = {"keyManager": KEY_MANAGER}

_ACCEPTED = "a data action such as keys/read/action (python -m access actions lists them)"


def _data_action(value: str) -> str:
    found = data_actions.canonical(value)
    if found is None:
        raise refusal(_ACCEPTED + _suggestion(value))
    return found


def _suggestion(value: str) -> str:
    known = {each.casefold(): each for each in map(data_actions.short, data_actions.DATA_ACTIONS)}
    asked = value.strip().casefold().removeprefix(data_actions.PREFIX.casefold())
    close = get_close_matches(asked, known, n=2) or get_close_matches(f"{asked}/action", known, n=2, cutoff=0.8)
    return f"; did you mean {' or '.join(known[each] for each in close)}?" if close else ""


DataAction = Annotated[Text, AfterValidator(_data_action)]
"""A data action, with the service's prefix and spelling."""


class RoleDefinition(Section):
    """A role of one's own."""

    preset: Preset | None = setting(
        None,
        what="A ready role, in place of dataActions. `keyManager`: for a deployer after the bootstrap; manages keys,"
        " and can neither use, release nor purge them nor give roles. It may be given another name and description.",
        accepted="keyManager",
        example="keyManager",
    )
    name: Text = setting(
        what="The role's name, as assignments use it.",
        accepted="a name of up to 128 characters that no other role has",
        example="Contoso Key Reader",
        max_length=128,
    )
    description: str = setting("", what="What the role is for.", accepted="text", example="Reads keys.")
    data_actions: tuple[DataAction, ...] = setting(
        what="What the role may do. `Microsoft.KeyVault/managedHsm/` may be left out.",
        accepted="one or more data actions such as keys/read/action",
        example=["keys/read/action"],
        min_length=1,
    )
    not_data_actions: tuple[DataAction, ...] = setting(
        (),
        what="What is taken away from the data actions again.",
        accepted="some of the data actions of the same role",
        example=["keys/delete"],
    )

    @model_validator(mode="before")
    @classmethod
    def _from_preset(cls, value: Any) -> Any:
        preset = value.get("preset") if isinstance(value, dict) else None
        if not isinstance(preset, str) or preset not in PRESETS:
            return value
        if "dataActions" in value:
            raise refusal("either preset or dataActions, not both")
        return {**PRESETS[preset], **value}

    @property
    def permitted(self) -> frozenset[str]:
        """What is left of the data actions."""
        return frozenset(self.data_actions) - frozenset(self.not_data_actions)
