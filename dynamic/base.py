"""What the dynamic providers share: set-up, the fate of each field, offline checks, errors in one line.

The engine keeps ``module.Class`` of a provider in the state. So modules and classes keep their names for good, carry
no attributes when they are pickled, and nothing here imports an Azure SDK before an operation needs it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, ParamSpec, TypeVar

from pulumi.dynamic import CheckFailure, CheckResult, ConfigureRequest, DiffResult, ResourceProvider

from data_plane.errors import DataPlaneError

P = ParamSpec("P")
R = TypeVar("R")
Props = dict[str, Any]

POOL_FIELDS: Final = ("hsm_id", "hsm_uri", "hsm_created_at")
"""Which pool a resource lies in. Another creation time is another pool of the same name."""

PROVIDER_KEY: Final = "__provider"


def one_line(operation: Callable[P, R]) -> Callable[P, R]:
    """Lets a known error leave the provider alone: an exception behind it would be printed too, and first.

    Where the way to the pool is shut, the line says by which rule and what leads on.
    """

    @functools.wraps(operation)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        from data_plane import sdk, session, way_in

        # Up to four operations begin at the same time.
        sdk.load()
        try:
            hsm_id = _hsm_id(args)
            if hsm_id is None:
                return operation(*args, **kwargs)
            return way_in.kept_trying(lambda: operation(*args, **kwargs), session.current(), hsm_id, say=tell)
        except DataPlaneError as error:
            raise error from None

    return call


def _hsm_id(args: Sequence[object]) -> str | None:
    """The pool that the properties among an operation's arguments name."""
    named = [each["hsm_id"] for each in args if isinstance(each, Mapping) and "hsm_id" in each]
    return str(named[-1]) if named else None


def tell(line: str) -> None:
    """Shows the user a line while an operation runs."""
    # pulumi.log does not work inside a provider; the engine shows what is printed. A provider outlives an engine that
    # is killed: nobody reads then, and the work goes on.
    with suppress(OSError):
        # In one piece with its end: up to four operations speak at once.
        print(f"{line}\n", end="", flush=True)


def contains_unknown(value: object) -> bool:
    """Whether a preview does not know the value, or a part of it, yet."""
    from pulumi.output import Unknown

    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(contains_unknown(each) for each in value.values())
    if isinstance(value, list | tuple):
        return any(contains_unknown(each) for each in value)
    return False


def plain(value: Any) -> Any:
    """The value as it was before the engine made a float of each number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def inputs_of(props: Mapping[str, Any]) -> Props:
    """The properties without the engine's own, numbers as they were."""
    return {name: plain(value) for name, value in props.items() if name != PROVIDER_KEY and value is not None}


class HsmProvider(ResourceProvider):
    """Base of the providers. A subclass names the fate of each of its fields.

    Only declared fields are compared: what the service adds is no difference.
    """

    serialize_as_secret_always = False

    UPDATE: ClassVar[Sequence[str]] = ()
    """Changed in place."""
    REPLACE: ClassVar[Sequence[str]] = ()
    """Changed by a new resource in place of the old one."""
    FORBID: ClassVar[Mapping[str, str]] = {}
    """Not changed at all, each with the reason and the way out; the preview shows it."""

    PASSED_ON: ClassVar[Sequence[str]] = ()
    """What only an operation needs to know: a change of it alone is no difference."""

    def configure(self, req: ConfigureRequest) -> None:
        """Takes up the identity of azure-native's configuration and cuts tracebacks down to their last line."""
        from data_plane import session
        from data_plane.credentials import AZURE_NATIVE_SETTINGS, identity

        sys.tracebacklimit = 0
        given = {name: req.config.get(f"azure-native:{name}") for name in AZURE_NATIVE_SETTINGS}
        configuration = {name: str(value) for name, value in given.items() if value is not None}
        if configuration:
            session.use(identity(configuration))

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Judges the inputs without asking anybody. Never raises for a value that a preview does not know yet."""
        olds, wanted = inputs_of(_olds), inputs_of(news)
        completed, failures = self.judge(olds, wanted)
        failures += self._forbidden(olds, completed)
        return CheckResult(completed, failures)

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """The inputs, completed by defaults, and what is wrong with them."""
        del olds
        return news, []

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Compares declared fields; a value that is not known yet counts as changed."""
        olds, news = inputs_of(_olds), inputs_of(_news)
        changed = [name for name in (*self.UPDATE, *self.REPLACE, *self.FORBID) if self._changed(name, olds, news)]
        # A forbidden change that passed the check is one of another pool: the resource is replaced anyway.
        replaces = [name for name in changed if name in self.REPLACE]
        return DiffResult(
            changes=bool(changed),
            replaces=replaces,
            delete_before_replace=bool(replaces) and self.deletes_first(olds, news),
        )

    def deletes_first(self, olds: Props, news: Props) -> bool:
        """Whether a replacement takes the old one's name, so that the old one has to go first."""
        del olds, news
        return False

    def declared(self, props: Mapping[str, Any]) -> Props:
        """The inputs among the properties; a read hands them back so that the next preview shows what is different."""
        return {name: props[name] for name in (*self.UPDATE, *self.REPLACE, *self.FORBID) if name in props}

    def same(self, name: str, old: Any, new: Any) -> bool:
        """Whether two known values of a field mean the same."""
        if name == "hsm_id" and isinstance(old, str) and isinstance(new, str):
            return old.lower() == new.lower()
        if name == "hsm_uri" and isinstance(old, str) and isinstance(new, str):
            return old.rstrip("/").lower() == new.rstrip("/").lower()
        return bool(old == new)

    def _changed(self, name: str, olds: Props, news: Props) -> bool:
        old, new = olds.get(name), news.get(name)
        if contains_unknown(new):
            # In the preview of an update of the pool everything but its id may be unknown; in that of a replacement
            # the id is too.
            return name not in POOL_FIELDS or contains_unknown(news.get("hsm_id"))
        return not self.same(name, old, new)

    def is_other_pool(self, olds: Props, news: Props) -> bool:
        """Whether the inputs mean another pool than before, or one that is not known yet."""
        return any(self._changed(name, olds, news) for name in POOL_FIELDS)

    def _forbidden(self, olds: Props, news: Props) -> list[CheckFailure]:
        if not olds or self.is_other_pool(olds, news):
            return []
        return [
            CheckFailure(name, reason)
            for name, reason in self.FORBID.items()
            if not contains_unknown(news.get(name))
            and self._changed(name, olds, news)
            and not self.permits(name, olds, news)
        ]

    def permits(self, name: str, olds: Props, news: Props) -> bool:
        """Whether the inputs themselves allow a change that is forbidden otherwise."""
        del name, olds, news
        return False


def missing(news: Mapping[str, Any], *names: str) -> list[CheckFailure]:
    """A failure for each of these inputs that is not given."""
    return [CheckFailure(name, f"{name} is required") for name in names if news.get(name) in (None, "", [])]


def pool_is_gone(hsm_id: str, hsm_created_at: str) -> bool:
    """Whether ARM knows this very pool no more: then nothing that lay in it exists either.

    Raises DataPlaneError where ARM cannot be asked.
    """
    from data_plane import pool, session

    found = pool.read(session.current(), hsm_id)
    return found is None or (bool(hsm_created_at) and found.created_at != hsm_created_at)
