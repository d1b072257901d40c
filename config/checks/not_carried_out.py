"""What the configuration can say and the program does not do: refused, so that nobody believes that it was done."""

from __future__ import annotations

from collections.abc import Iterator

from config.hsm import ExistingHsm
from config.problems import Problem
from config.security_domain import BlobDestination
from config.settings import Settings

_WORDS = "is not carried out yet; leave it out"


def problems(settings: Settings, secret_keys: frozenset[str]) -> Iterator[Problem]:
    """A line for each setting that nothing follows from, and for secrets in plain text."""
    vault = settings.vault
    if vault is not None and vault.secrets and "vault" not in secret_keys:
        yield Problem(
            "managed-hsm:vault.secrets", "plain text is not accepted; secret values (pulumi config set --secret --path)"
        )
    yield from (Problem(path, _WORDS) for path in _paths(settings))


def _paths(settings: Settings) -> Iterator[str]:
    if isinstance(settings.hsm, ExistingHsm):
        yield "managed-hsm:hsm.existing"
    yield from _security_domain_paths(settings)
    if settings.role_definitions:
        yield "managed-hsm:roleDefinitions"
    for name, key in settings.keys.items():
        said = {
            "exportable": key.exportable,
            "releasePolicy": key.release_policy,
            "rotation": key.rotation,
            "restoreFrom": key.restore_from,
            "backupTo": key.backup_to,
            "onRemove": key.on_remove != "softDelete",
        }
        yield from (f"managed-hsm:keys.{name}.{setting}" for setting, value in said.items() if value)
    if settings.vault is not None:
        yield "managed-hsm:vault"
    if settings.diagnostics is not None:
        yield "managed-hsm:diagnostics"


def _security_domain_paths(settings: Settings) -> Iterator[str]:
    domain = settings.security_domain
    if domain is None:
        return
    for index, destination in enumerate(domain.destinations):
        if isinstance(destination, BlobDestination):
            yield f"managed-hsm:securityDomain.destinations[{index}].blob"
    if domain.recover_from is not None:
        yield "managed-hsm:securityDomain.recoverFrom"
