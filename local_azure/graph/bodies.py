"""What requests to Graph hold, and what is said where it is not there."""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject


def required(body: JsonObject, name: str) -> str:
    """A text that has to be in the body. Raises ServiceError 400."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ServiceError(400, "Request_BadRequest", f"A value is required for property '{name}'.")
    return value


def not_found(identifier: str) -> ServiceError:
    """404, as Graph words it."""
    return ServiceError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{identifier}' does not exist or one of its queried reference-property objects are not present.",
    )
