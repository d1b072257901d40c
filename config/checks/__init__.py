"""What has to fit together across several keys, or between a key and the files it names.

Each module has a function that yields the problems of its part. They are pure but for reading the named files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from config.checks import (
    access,
    backup,
    diagnostics,
    environment,
    existing,
    identities,
    key_use,
    keys,
    network,
    passphrases,
    pool,
    private_endpoints,
    security_domain,
    storage,
    vault,
)
from config.problems import Problem
from config.settings import Settings


def problems_of(
    settings: Settings, base: Path, secret_keys: frozenset[str], plain_secrets: frozenset[str]
) -> Iterator[Problem]:
    """Every problem of settings whose single values are all right. ``base``: what paths are shown relative to."""
    yield from environment.problems(settings)
    yield from pool.problems(settings)
    yield from existing.problems(settings)
    yield from security_domain.problems(settings, base)
    yield from storage.problems(settings)
    yield from access.problems(settings)
    yield from keys.problems(settings, base)
    yield from key_use.problems(settings)
    yield from passphrases.problems(settings, secret_keys, plain_secrets)
    yield from backup.problems(settings)
    yield from network.problems(settings)
    yield from private_endpoints.problems(settings)
    yield from identities.problems(settings)
    yield from vault.problems(settings, secret_keys, plain_secrets)
    yield from diagnostics.problems(settings)
