"""A setting of a pool's data plane."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, DiffResult, ReadResult, Resource, UpdateResult

from data_plane.errors import DataPlaneError
from dynamic.base import POOL_FIELDS, HsmProvider, Props, inputs_of, missing, one_line, pool_is_gone, tell


@dataclass
class PoolSettingArgs:
    """What a :class:`PoolSetting` is made of."""

    hsm_id: pulumi.Input[str]
    """ARM id of the pool."""
    hsm_uri: pulumi.Input[str]
    hsm_created_at: pulumi.Input[str]
    """``systemData.createdAt`` of the pool."""
    setting_name: str
    value: bool


class PoolSettingProvider(HsmProvider):
    """Writes the setting; without it in the configuration the pool has what a new one has."""

    UPDATE: ClassVar = ("value",)
    REPLACE: ClassVar = (*POOL_FIELDS, "setting_name")

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """The name is one of those that the service has."""
        from data_plane.pool_settings import DEFAULTS

        del olds
        failures = missing(news, *POOL_FIELDS, "setting_name")
        name = news.get("setting_name")
        if name and name not in DEFAULTS:
            failures.append(CheckFailure("setting_name", f"{name!r}: accepted are {', '.join(DEFAULTS)}"))
        return news, failures

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Says in words what a refresh, or the configuration, has changed."""
        found = super().diff(_id, _olds, _news)
        if found.changes and not found.replaces:
            is_, shall = inputs_of(_olds).get("value"), inputs_of(_news).get("value")
            tell(f"setting {_id}: the pool has {_word(is_)}, the configuration says {_word(shall)}")
        return found

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Writes it, unless the pool has it so already."""
        wanted = inputs_of(props)
        _ensure(wanted, wanted["value"])
        return CreateResult(wanted["setting_name"], wanted)

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """What the pool has; gone with the pool."""
        from data_plane import pool_settings, session

        known = inputs_of(props)
        try:
            value = pool_settings.read(session.current(), known["hsm_uri"], known["setting_name"])
        except DataPlaneError:
            if pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
                return ReadResult(None, {})
            raise
        seen = {**known, "value": value}
        return ReadResult(id_, seen, self.declared(seen))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Writes it."""
        wanted = inputs_of(_news)
        _ensure(wanted, wanted["value"])
        return UpdateResult(wanted)

    @one_line
    def delete(self, _id: str, _props: Props) -> None:
        """Puts back what a new pool has."""
        from data_plane.pool_settings import DEFAULTS

        known = inputs_of(_props)
        if not pool_is_gone(known["hsm_id"], known["hsm_created_at"]):
            _ensure(known, DEFAULTS[known["setting_name"]])


class PoolSetting(Resource, module="mhsm", name="PoolSetting"):
    """A setting that the pool has."""

    value: pulumi.Output[bool]

    def __init__(self, name: str, args: PoolSettingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the setting."""
        super().__init__(PoolSettingProvider(), name, dict(vars(args)), opts)


def _ensure(props: Props, value: bool) -> None:
    from data_plane import pool_settings, session

    current, uri, name = session.current(), props["hsm_uri"], props["setting_name"]
    if pool_settings.read(current, uri, name) != value:
        pool_settings.write(current, uri, name, value=value)


def _word(value: object) -> str:
    return "true" if value else "false"
