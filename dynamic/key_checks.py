"""What can be said of a key's inputs without asking the pool."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pulumi.dynamic import CheckFailure

from data_plane.errors import KeyMaterialError
from dynamic.base import Props, contains_unknown


def with_material(olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
    """Adds the thumbprint of what is imported.

    A file that was imported once may be taken away: then what is known of it stays.
    """
    from data_plane import key_material

    source = news.get("import_from")
    if source is None or (source == olds.get("import_from") and not Path(source).exists()):
        return _with_memory(olds, news), []
    try:
        facts = key_material.inspect(Path(source))
    except KeyMaterialError as error:
        return news, [CheckFailure("import_from", str(error))]
    failures = []
    material = {"key_type": facts.key_type, "size": facts.size, "curve": facts.curve}
    for name, value in material.items():
        if news.get(name) not in (None, value):
            failures.append(CheckFailure(name, f"{source} holds a key of {name} {value}, not {news[name]}"))
    known = {name: value for name, value in material.items() if value is not None}
    return {**news, **known, "import_fingerprint": facts.thumbprint}, failures


def _with_memory(olds: Props, news: Props) -> Props:
    names = ("key_name", "key_type", "size", "curve")
    the_same = all(news.get(name) in (None, olds.get(name)) for name in names)
    if "import_fingerprint" not in olds or not the_same:
        return news
    remembered: Props = {name: olds[name] for name in (*names, "import_fingerprint") if name in olds}
    return {**remembered, **news}


def wrong_backup(olds: Props, news: Props) -> list[CheckFailure]:
    """A backup that is not there. Once the key was restored from it, it may be taken away."""
    source = news.get("restore_from")
    if contains_unknown(source) or source is None or olds.get("key_name") == news["key_name"]:
        return []
    if not Path(source).is_file():
        return [CheckFailure("restore_from", f"{source}: there is no such file")]
    if news.get("import_from") is not None:
        return [CheckFailure("restore_from", "a key is either imported or restored")]
    return []


def wrong_kind(news: Props) -> list[CheckFailure]:
    """Type, size and curve that do not go together."""
    from data_plane.key_limits import CURVES, SIZES

    kind, size, curve = news["key_type"], news.get("size"), news.get("curve")
    if kind not in SIZES:
        return [CheckFailure("key_type", f"{kind!r}: accepted are {', '.join(SIZES)}")]
    if kind == "EC-HSM":
        wrong = [] if size is None else [CheckFailure("size", "an EC-HSM key has a curve, no size")]
        if curve not in CURVES.values():
            wrong.append(CheckFailure("curve", f"{curve!r}: accepted for EC-HSM are {', '.join(CURVES.values())}"))
        return wrong
    wrong = [] if curve is None else [CheckFailure("curve", f"{kind} has a size, no curve")]
    if size not in SIZES[kind]:
        wrong.append(CheckFailure("size", f"{size}: accepted for {kind} are {', '.join(map(str, SIZES[kind]))}"))
    return wrong


def wrong_dates(olds: Props, news: Props) -> list[CheckFailure]:
    """Dates that are none, and dates that shall go away, which the service does not do."""
    failures = []
    for name in ("expires", "not_before"):
        if contains_unknown(news.get(name)):
            continue
        if olds.get(name) and not news.get(name) and olds.get("key_name") == news["key_name"]:
            failures.append(
                CheckFailure(name, f"key {news['key_name']}: the service cannot take a date away again; set another")
            )
        try:
            moment_of(news.get(name))
        except ValueError:
            failures.append(CheckFailure(name, f"{news[name]!r} is no ISO 8601 time with a time zone"))
    return failures


def moment_of(text: str | None) -> datetime | None:
    """The moment in UTC, in whole seconds as the service counts.

    Raises ValueError for what is no time with a time zone."""
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC).replace(microsecond=0)
