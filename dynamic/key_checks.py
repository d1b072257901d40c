"""What can be said of a key's inputs without asking the pool."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pulumi.dynamic import CheckFailure

from data_plane.errors import KeyMaterialError
from dynamic.base import Props, contains_unknown


def with_material(olds: Props, news: Props, passphrase: str | None) -> tuple[Props, list[CheckFailure]]:
    """Adds the fingerprint of what is imported.

    A file that was imported once may be taken away: then what is known of it stays.
    """
    from data_plane import key_material, key_transfer

    source = news.get("import_from")
    if source is None or (source == olds.get("import_from") and not Path(source).exists()):
        return _with_memory(olds, news), []
    try:
        facts = key_material.inspect(Path(source), passphrase)
        if key_transfer.is_transfer_file(Path(source)) and not contains_unknown(news["hsm_uri"]):
            key_transfer.check_pool(Path(source), news["hsm_uri"])
    except KeyMaterialError as error:
        return news, [CheckFailure("import_from", str(error))]
    failures = []
    material = {"key_type": facts.key_type, "size": facts.size, "curve": facts.curve}
    for name, value in material.items():
        if value is not None and news.get(name) not in (None, value):
            failures.append(CheckFailure(name, f"{source} holds a key of {name} {value}, not {news[name]}"))
    known = {name: value for name, value in material.items() if value is not None}
    return {**news, **known, "import_fingerprint": facts.fingerprint}, failures


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


def wrong_life(olds: Props, news: Props) -> list[CheckFailure]:
    """What does not go together in release and rotation, and a release policy that can never be changed again."""
    failures = []
    wanted, known = news.get("release_policy"), olds.get("release_policy")
    exportable = bool(news.get("exportable"))
    if exportable and wanted is None:
        failures.append(CheckFailure("release_policy", "an exportable key needs one"))
    if wanted is not None and not exportable:
        failures.append(CheckFailure("release_policy", "only an exportable key has one"))
    the_same_key = olds.get("key_name") == news["key_name"] and bool(olds.get("exportable")) == exportable
    if known is not None and known["immutable"] and wanted is not None and wanted != known and the_same_key:
        failures.append(
            CheckFailure(
                "release_policy",
                f"key {news['key_name']}: its release policy is immutable; make a key of another name for another one",
            )
        )
    return failures


def wrong_dates(olds: Props, news: Props) -> list[CheckFailure]:
    """Dates that are none, and dates that shall go away, which takes a new version."""
    failures = []
    rotates = bool(news.get("rotate_now")) and news.get("rotate_now") != olds.get("rotate_now")
    for name in ("expires", "not_before"):
        if contains_unknown(news.get(name)):
            continue
        if olds.get(name) and not news.get(name) and olds.get("key_name") == news["key_name"] and not rotates:
            failures.append(
                CheckFailure(
                    name,
                    f"key {news['key_name']}: the service cannot take a date from a version away again — set another, "
                    "or ask for a new version without it at the same time (rotation.rotateNow)",
                )
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
