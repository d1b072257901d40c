"""Errors of the data plane's frame.

The service appends `` (Activity ID: <id>)`` to every message, where the id is also the header ``x-ms-request-id``: that
is seen in every error that azure-sdk-for-js has recorded (``sdk/keyvault/keyvault-admin/recordings``). So messages here
and in the handlers come without it.
"""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.core.errors import ServiceError


def with_activity_id(error: ServiceError, activity_id: str, headers: Mapping[str, str]) -> ServiceError:
    """The same error as the service words it for one request, with the headers that all answers have."""
    return ServiceError(
        error.status,
        error.code,
        f"{error.message} (Activity ID: {activity_id})",
        headers={**headers, **error.headers, "x-ms-request-id": activity_id},
        **error.details,
    )


def access_denied(data_action: str, scope: str) -> ServiceError:
    """Local RBAC refuses; the words are those of Azure/azure-cli issue 32719."""
    return ServiceError(403, "AccessDenied", f"Not authorized to access {data_action} on {scope}")


def not_activated() -> ServiceError:
    """Nothing but the security domain answers before activation ("Activate your managed HSM", quick-create-cli).

    The status and the words of the real refusal are not published nor recorded anywhere that we know of; the second
    sentence is ARM's ``activationStatusMessage``.
    """
    return ServiceError(
        403,
        "Forbidden",
        "Your HSM has been provisioned, but cannot be used for cryptographic operations until it is activated."
        " To activate the HSM, download the security domain.",
    )


def restoring() -> ServiceError:
    """All but the restore's status is off while a whole pool is restored ("Full restore"); the words are nowhere."""
    return ServiceError(409, "Conflict", "The HSM is in restore mode: a full restore operation is in progress")


def bad_parameter(message: str) -> ServiceError:
    """A request that the service cannot mean."""
    return ServiceError(400, "BadParameter", message)


def method_not_allowed(method: str) -> ServiceError:
    """The path is served, the method is not."""
    return ServiceError(405, "MethodNotAllowed", f"The HTTP method {method} is not allowed here.")
