"""The principals that the settings name by sign-in or display name, looked up before anything is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pulumi

from config import Settings
from config.access import Principal
from data_plane.errors import DataPlaneError
from data_plane.principals import PrincipalError

_LOOKED_UP = ("user", "group", "servicePrincipal")


def named_principals(settings: Settings, object_id: Callable[[str, str], str]) -> dict[Principal, str]:
    """The object id of each principal that is named.

    ``object_id`` finds one by kind (``user``, ``group``, ``servicePrincipal``) and name. Raises pulumi.RunError with a
    line for each key that names nobody, or where the directory cannot be asked.
    """
    found: dict[Principal, str] = {}
    problems: list[str] = []
    for path, principal in _principals(settings):
        if principal.kind not in _LOOKED_UP or principal in found:
            continue
        try:
            found[principal] = object_id(principal.kind, principal.value)
        except PrincipalError as error:
            problems.append(f"{path}: {error}")
        except DataPlaneError as error:
            raise pulumi.RunError(f"{path}: {error}") from None
    if problems:
        raise pulumi.RunError("\n".join(problems))
    return found


def _principals(settings: Settings) -> Iterator[tuple[str, Principal]]:
    """Everybody whom the settings give something, with the key that says so."""
    vault = settings.vault
    for number, reader in enumerate(settings.diagnostics.readers if settings.diagnostics else ()):
        yield f"managed-hsm:diagnostics.readers[{number}]", reader
    sections = {
        "roleAssignments": [each.principal for each in settings.role_assignments],
        "vault.accessPolicies": [each.principal for each in vault.access_policies] if vault else [],
        "vault.roleAssignments": [each.principal for each in vault.role_assignments] if vault else [],
    }
    for section, principals in sections.items():
        for number, principal in enumerate(principals):
            yield f"managed-hsm:{section}[{number}].principal", principal
