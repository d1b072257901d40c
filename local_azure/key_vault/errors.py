"""How a vault refuses, in its own words.

Sources: "Azure Key Vault REST API error codes", the recordings of azure-cli and azure-sdk-for-js, and what people quote
in Azure/azure-sdk-for-python issue 24557, MicrosoftDocs/azure-docs issues 57072 and 109562, and
hashicorp/terraform-provider-azurerm issues 17015 and 20742.
"""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.key_vault.context import Caller
from local_azure.key_vault.vaults import Vault

_HELP_NOT_FOUND = "https://go.microsoft.com/fwlink/?linkid=2125182"
_HELP_NOT_ALLOWED = "https://go.microsoft.com/fwlink/?linkid=2125287"


def forbidden(message: str, reason: str) -> ServiceError:
    """403; the reason is the inner error's code."""
    return ServiceError(403, "Forbidden", message, innererror={"code": reason})


def no_permission(caller: Caller, permission: str, vault: Vault) -> ServiceError:
    """No access policy gives it."""
    return forbidden(
        f"The user, group or application '{caller.described(groups=True)}' does not have secrets {permission} "
        f"permission on key vault '{vault.label}'. For help resolving this issue, please see {_HELP_NOT_ALLOWED}",
        "AccessDenied",
    )


def no_role(caller: Caller, data_action: str, resource: str, vault: Vault) -> ServiceError:
    """No role assignment gives it."""
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation "
        "time.",
        f"Caller: {caller.described()}",
        f"Action: '{data_action}'",
        f"Resource: '{resource}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault.label}",
        "",
    )
    return forbidden("\r\n".join(lines), "ForbiddenByRbac")


def outside_firewall(address: str, caller: Caller, vault: Vault) -> ServiceError:
    """The firewall lets others in, but not this address."""
    lines = (
        "Client address is not authorized and caller is not a trusted service.",
        f"Client address: {address}",
        f"Caller: {caller.described()}",
        f"Vault: {vault.label}",
    )
    return forbidden("\r\n".join(lines), "ForbiddenByFirewall")


def not_private(caller: Caller, vault: Vault) -> ServiceError:
    """Only private endpoints are let in."""
    lines = (
        "Public network access is disabled and request is not from a trusted service nor via an approved private link.",
        f"Caller: {caller.described()}",
        f"Vault: {vault.label}",
    )
    return forbidden("\r\n".join(lines), "ForbiddenByConnection")


def purge_protected(vault: Vault) -> ServiceError:
    """Nobody purges before the retention has passed."""
    return forbidden(
        'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will '
        f"automatically purge it after the retention period has passed.\r\nVault: {vault.label}",
        "ForbiddenByPolicy",
    )


def disabled_secret() -> ServiceError:
    """A disabled version keeps its value to itself."""
    return forbidden("Operation get is not allowed on a disabled secret.", "SecretDisabled")


def secret_not_found(name: str, version: str | None = None) -> ServiceError:
    """404: no such secret, or no such version."""
    return ServiceError(
        404,
        "SecretNotFound",
        f"A secret with (name/id) {f'{name}/{version}' if version else name} was not found in this key vault. If you "
        "recently deleted this secret you may be able to recover it using the correct recovery command. For help "
        f"resolving this issue, please see {_HELP_NOT_FOUND}",
    )


def deleted_secret_not_found(name: str) -> ServiceError:
    """404: nothing of that name is soft-deleted."""
    return ServiceError(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def deleted_but_recoverable(name: str) -> ServiceError:
    """409: a soft-deleted secret holds its name."""
    return ServiceError(
        409,
        "Conflict",
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, "
        "the secret can only be recovered or purged.",
        innererror={"code": "ObjectIsDeletedButRecoverable"},
    )


def secret_exists(name: str) -> ServiceError:
    """409: a backup is not restored over a secret."""
    return ServiceError(409, "Conflict", f"Secret {name} already exists.", innererror={"code": "SecretAlreadyExists"})


def foreign_backup() -> ServiceError:
    """400: the blob is damaged, or no backup of a secret of this subscription."""
    return ServiceError(400, "BadParameter", "Backup blob is corrupted or belongs to another subscription.")


def invalid_name(name: str) -> ServiceError:
    """400: a name that no secret can have."""
    return bad_parameter(f"The request URI contains an invalid name: {name}")


def bad_parameter(message: str) -> ServiceError:
    """400: a request that the service cannot mean."""
    return ServiceError(400, "BadParameter", message)


def method_not_allowed(method: str) -> ServiceError:
    """405: the path is served, the method is not."""
    return ServiceError(405, "MethodNotAllowed", f"The HTTP method {method} is not allowed here.")
