"""Keys whose settings fit together, and PEM files that can become the key they are for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.checks import key_life, passphrases
from config.files import UnusableFile, is_directory, read_file, real_path
from config.keys import FURTHER_OPERATIONS, OPERATIONS, Key
from config.private_keys import PrivateKeyKind, kind_of_private_key
from config.problems import Problem, not_accepted, relative
from config.settings import NAMESPACE, Settings
from data_plane.errors import KeyMaterialError
from data_plane.key_backups import manifest_path
from data_plane.key_limits import SIZES
from data_plane.key_transfer import exchange_key_id, is_transfer_file

_EXCHANGE = "import"
_CURVES = "P-256, P-384, P-521 or P-256K"
_KINDS = {"RSA-HSM": "an RSA key", "oct-HSM": "a symmetric key"}


def problems(settings: Settings, base: Path) -> Iterator[Problem]:
    """Problems of the keys."""
    seen: dict[str, str] = {}
    taken = _files_to_read(settings)
    for name, key in settings.keys.items():
        path = f"managed-hsm:keys.{name}"
        earlier = seen.setdefault(name.lower(), name)
        if earlier != name:
            yield Problem(path, f"the name is not accepted; a name that differs from {earlier} in more than case")
        yield from _size_problems(path, key)
        yield from _operation_problems(path, key)
        yield from _time_problems(path, key)
        yield from _origin_problems(path, key)
        if key.import_from is not None:
            yield from _import_problems(path, key, key.import_from, passphrases.given(settings, name), base)
        yield from _kept_problems(path, key, taken, base)
        yield from key_life.problems(path, key, base)


def _size_problems(path: str, key: Key) -> Iterator[Problem]:
    type_ = (f"{path}.type",)
    given = key.import_from is not None
    if key.type == "EC-HSM":
        if key.size is not None:
            yield not_accepted(f"{path}.size", key.size, "none for an EC-HSM key, which has a curve", type_)
        if key.curve is None and not given:
            yield Problem(f"{path}.curve", f"is missing; {_CURVES} for an EC-HSM key", type_)
        return
    *fewer, last = SIZES[key.type]
    sizes = f"{', '.join(map(str, fewer))} or {last} for an {key.type} key"
    if key.curve is not None:
        yield not_accepted(f"{path}.curve", key.curve, f"none for an {key.type} key, which has a size", type_)
    if key.size is None and not given:
        yield Problem(f"{path}.size", f"is missing; {sizes}", type_)
    if key.size is not None and key.size not in SIZES[key.type]:
        yield not_accepted(f"{path}.size", key.size, sizes, type_)


def _operation_problems(path: str, key: Key) -> Iterator[Problem]:
    possible = (*OPERATIONS[key.type], *FURTHER_OPERATIONS[key.type])
    names = f"{', '.join(possible[:-1])} and {possible[-1]} for an {key.type} key"
    for index, operation in enumerate(key.operations):
        place = f"{path}.operations[{index}]"
        if operation in key.operations[:index]:
            yield not_accepted(place, operation, "each operation once")
        elif operation == _EXCHANGE and key.type == "RSA-HSM":
            if len(set(key.operations)) > 1:
                yield not_accepted(place, operation, "import only by itself (a key exchange key does nothing else)")
        elif operation not in possible:
            yield not_accepted(place, operation, names, (f"{path}.type",))


def _time_problems(path: str, key: Key) -> Iterator[Problem]:
    if key.expires is not None and key.not_before is not None and key.expires <= key.not_before:
        accepted = f"a moment after notBefore ({key.not_before.isoformat()})"
        yield not_accepted(f"{path}.expires", key.expires.isoformat(), accepted, (f"{path}.notBefore",))


def _origin_problems(path: str, key: Key) -> Iterator[Problem]:
    if key.import_from is not None and key.restore_from is not None:
        yield Problem(f"{path}.restoreFrom", "is not accepted; none beside importFrom", (f"{path}.importFrom",))


def _import_problems(path: str, key: Key, file: Path, passphrase: str | None, base: Path) -> Iterator[Problem]:
    place = f"{path}.importFrom"
    shown = relative(file, base)
    if is_transfer_file(file):
        if key.type != "EC-HSM" and key.size is None:
            yield Problem(f"{path}.size", "is missing; the size of the key in the transfer blob", (place,))
        if key.type == "EC-HSM" and key.curve is None:
            yield Problem(f"{path}.curve", "is missing; the curve of the key in the transfer blob", (place,))
    try:
        if is_transfer_file(file):
            read_file(file)
            exchange_key_id(file)
            return
        kind = kind_of_private_key(file, passphrase)
    except UnusableFile as reason:
        accepted = "a file with one key; its passphrase, if it has one, in importPassphrases or passphraseVariable"
        yield Problem(place, f"{shown} {reason}; {accepted}")
        return
    except KeyMaterialError as error:
        yield Problem(place, str(error))
        return
    yield from _fit_problems(path, key, kind, shown)


def _files_to_read(settings: Settings) -> dict[str, str]:
    """Whose every file is, by its real path, that must not be written over: a key's only copy may be in it."""
    files: dict[str, Path | None] = {}
    for name, key in settings.keys.items():
        path = f"{NAMESPACE}:keys.{name}"
        files |= {f"{path}.importFrom": key.import_from, f"{path}.restoreFrom": key.restore_from}
        files[f"{path}.releasePolicy.file"] = key.release_policy.file if key.release_policy else None
    domain = settings.security_domain
    for index, custodian in enumerate(domain.custodians if domain else ()):
        files[f"{NAMESPACE}:securityDomain.custodians[{index}].certificate"] = custodian.certificate
    return {real_path(file): place for place, file in files.items() if file is not None}


def _kept_problems(path: str, key: Key, taken: dict[str, str], base: Path) -> Iterator[Problem]:
    """Problems of the files that the key is kept in; ``taken`` is whose every file is so far, and takes these up."""
    for name, file in (("backupTo", key.backup_to), ("attestTo", key.attest_to)):
        if file is None:
            continue
        place = f"{path}.{name}"
        # A key that was restored from its backup may be backed up there again.
        own = (place, f"{path}.restoreFrom") if name == "backupTo" else (place,)
        owner = taken.setdefault(real_path(file), place)
        yield from _file_problems(place, file, None if owner in own else owner, base)
        if name == "backupTo" and owner in own:
            manifest = manifest_path(file)
            owner = taken.setdefault(real_path(manifest), place)
            if owner != place:
                accepted = f"a file whose {manifest.name} is free ({owner.partition(':')[2]} has it)"
                yield not_accepted(place, relative(file, base), accepted)


def _file_problems(place: str, file: Path, other: str | None, base: Path) -> Iterator[Problem]:
    real, project = Path(real_path(file)), Path(real_path(base))
    if other is not None:
        yield not_accepted(place, relative(file, base), f"a file of its own ({other.partition(':')[2]} has it)")
    elif is_directory(file):
        yield Problem(place, f"{relative(file, base)} is a directory; the path of a file")
    elif real.is_relative_to(project) and not real.is_relative_to(project / ".local"):
        accepted = "a path outside of the project, or below .local, which is never committed"
        yield not_accepted(place, relative(file, base), accepted)


def _fit_problems(path: str, key: Key, kind: PrivateKeyKind, shown: str) -> Iterator[Problem]:
    place = f"{path}.importFrom"
    found = f"an EC key on {kind.curve}" if kind.type == "EC-HSM" else f"{_KINDS[kind.type]} of {kind.size} bits"
    if kind.type != key.type:
        yield Problem(place, f"{shown} has {found}; a key that fits type {key.type}", (f"{path}.type",))
    elif kind.size is not None and kind.size not in SIZES[kind.type]:
        yield Problem(place, f"{shown} has {found}; 2048, 3072 or 4096 bits")
    elif key.size is not None and kind.size not in (None, key.size):
        yield Problem(place, f"{shown} has {found}; a key that fits size {key.size}", (f"{path}.size",))
    elif key.curve is not None and kind.curve not in (None, key.curve):
        yield Problem(place, f"{shown} has {found}; a key that fits curve {key.curve}", (f"{path}.curve",))
