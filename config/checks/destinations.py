"""Where the security domain is kept: places of their own, which nothing else is read from or written to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.files import UnusableFile, is_directory, read_file, real_path
from config.problems import Problem, not_accepted, relative, shown
from config.security_domain import BlobDestination, PathDestination, SecurityDomain
from config.settings import Settings
from data_plane.key_backups import manifest_path
from data_plane.security_domain_blob import COMPANIONS
from data_plane.security_domain_file import companions

_DESTINATIONS = "managed-hsm:securityDomain.destinations"


def problems(settings: Settings, domain: SecurityDomain, base: Path) -> Iterator[Problem]:
    """Problems of the destinations, each by itself, among each other, and with other files that the settings name."""
    if all(destination.optional for destination in domain.destinations):
        what = "only optional ones are" if domain.destinations else "[] is"
        yield Problem(_DESTINATIONS, f"{what} not accepted; at least one destination that is not optional")
    others = _other_files(settings, domain)
    seen: dict[str, int] = {}
    for index, destination in enumerate(domain.destinations):
        key = f"{_DESTINATIONS}[{index}].{'blob' if isinstance(destination, BlobDestination) else 'path'}"
        earlier = seen.setdefault(_place(destination, settings.hsm.name), index)
        if earlier != index:
            accepted = f"a place of its own (destinations[{earlier}] is the same)"
            yield not_accepted(key, _shown_place(destination, base), accepted)
        if isinstance(destination, PathDestination):
            yield from _file_problems(key, destination.path, others, base)
        yield from _companion_problems(settings.hsm.name, key, index, domain, others, base)


def _other_files(settings: Settings, domain: SecurityDomain) -> dict[str, str]:
    """What every other file is that the settings name, by its real path."""
    files = {real_path(each.certificate): "a custodian's certificate" for each in domain.custodians}
    for name, key in settings.keys.items():
        policy = key.release_policy
        named = {
            "importFrom": key.import_from,
            "restoreFrom": key.restore_from,
            "backupTo": key.backup_to,
            "backupTo's manifest": manifest_path(key.backup_to) if key.backup_to else None,
            "attestTo": key.attest_to,
            "releasePolicy.file": policy.file if policy else None,
        }
        files |= {real_path(path): f"keys.{name}.{setting}" for setting, path in named.items() if path is not None}
    return files


def _file_problems(key: str, path: Path, others: dict[str, str], base: Path) -> Iterator[Problem]:
    real, project = real_path(path), real_path(base)
    if is_directory(path):
        yield Problem(key, f"{shown(relative(path, base))} is a directory; the path of a file")
    elif real in others:
        yield not_accepted(key, relative(path, base), f"a file that is not {others[real]}")
    elif _is_private_key(path):
        yield Problem(key, f"{shown(relative(path, base))} holds a private key; a place of its own")
    elif Path(real).is_relative_to(project) and not Path(real).is_relative_to(Path(project, ".local")):
        accepted = "a path outside of the project, or below .local, which is never committed"
        yield not_accepted(key, relative(path, base), accepted)


def _is_private_key(path: Path) -> bool:
    try:
        return b"PRIVATE KEY" in read_file(path)
    except UnusableFile:
        return False


def _companion_problems(
    pool: str, key: str, index: int, domain: SecurityDomain, others: dict[str, str], base: Path
) -> Iterator[Problem]:
    """Problems of the manifest and whatever else is written beside the destination at ``index``."""
    own = domain.destinations[index]
    taken = {
        _place(each, pool): f"destinations[{number}]"
        for number, each in enumerate(domain.destinations)
        if number != index
    }
    for companion in beside(own, pool):
        owner = {**others, **taken}.get(companion)
        if owner is not None:
            name = companion.rpartition("/")[2]
            accepted = f"a place whose {name} is not {owner}: that is written beside it"
            yield not_accepted(key, _shown_place(own, base), accepted)


def written(domain: SecurityDomain, pool: str) -> set[str]:
    """Real paths and addresses of everything that custody of a security domain writes."""
    return {each for own in domain.destinations for each in (_place(own, pool), *beside(own, pool))}


def beside(destination: PathDestination | BlobDestination, pool: str) -> list[str]:
    """Real paths, or addresses, of what is written beside a destination."""
    if isinstance(destination, PathDestination):
        return [real_path(companion) for companion in companions(destination.path)]
    return [f"{destination.address(pool)}{ending}" for ending in COMPANIONS]


def _place(destination: PathDestination | BlobDestination, pool: str) -> str:
    return destination.address(pool) if isinstance(destination, BlobDestination) else real_path(destination.path)


def _shown_place(destination: PathDestination | BlobDestination, base: Path) -> str:
    return destination.blob if isinstance(destination, BlobDestination) else relative(destination.path, base)
