"""What is allowed in dev only."""

from __future__ import annotations

from collections.abc import Iterator

from config.hsm import DEPLOYER, Hsm
from config.problems import Problem, not_accepted
from config.settings import Settings

_ENVIRONMENT = ("managed-hsm:environment",)


def problems(settings: Settings) -> Iterator[Problem]:
    """What a prod stack says that only a dev stack may."""
    if settings.environment == "dev":
        return
    if isinstance(settings.hsm, Hsm):
        if settings.hsm.on_destroy == "purge":
            yield not_accepted(
                "managed-hsm:hsm.onDestroy", "purge", "retain or softDelete (purge only in dev)", _ENVIRONMENT
            )
        if settings.hsm.on_soft_deleted == "purge":
            accepted = "fail or recover (purge only in dev)"
            yield not_accepted("managed-hsm:hsm.onSoftDeleted", "purge", accepted, _ENVIRONMENT)
        for index, administrator in enumerate(settings.hsm.initial_administrators):
            if administrator == DEPLOYER:
                yield not_accepted(
                    f"managed-hsm:hsm.initialAdministrators[{index}]",
                    DEPLOYER,
                    "in prod the object id (GUID) of a group, user or service principal",
                    _ENVIRONMENT,
                )
    if settings.vault is not None and settings.vault.on_destroy == "purge":
        accepted = "retain or softDelete (purge only in dev)"
        involved = (*_ENVIRONMENT, "managed-hsm:hsm.onDestroy")
        yield not_accepted("managed-hsm:vault.onDestroy", "purge", accepted, involved)
    if settings.security_domain is not None and settings.security_domain.rehearsal:
        yield not_accepted("managed-hsm:securityDomain.rehearsal", True, "false (true only in dev)", _ENVIRONMENT)
