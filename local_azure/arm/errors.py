"""ARM's errors, with the codes of "Troubleshoot common Azure deployment errors" and of the REST descriptions."""

from __future__ import annotations

from collections.abc import Iterable

from local_azure.arm.ids import ResourceId
from local_azure.core.errors import ServiceError


def bad_request(code: str, message: str) -> ServiceError:
    """400."""
    return ServiceError(400, code, message)


def not_found(code: str, message: str) -> ServiceError:
    """404."""
    return ServiceError(404, code, message)


def conflict(code: str, message: str) -> ServiceError:
    """409."""
    return ServiceError(409, code, message)


def forbidden(code: str, message: str) -> ServiceError:
    """403."""
    return ServiceError(403, code, message)


def subscription_not_found(subscription: str) -> ServiceError:
    """No such subscription in this tenant."""
    return not_found("SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def group_not_found(group: str) -> ServiceError:
    """No such resource group."""
    return not_found("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def resource_not_found(resource: ResourceId) -> ServiceError:
    """The resource does not exist."""
    where = f"under resource group '{resource.group}'" if resource.group else "in the subscription"
    name = "/".join((resource.type, *resource.names))
    return not_found(
        "ResourceNotFound",
        f"The Resource '{name}' {where} was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def parent_not_found(resource: ResourceId, verb: str) -> ServiceError:
    """The resource that this one would be a child of does not exist."""
    return not_found(
        "ParentResourceNotFound",
        f"Failed to perform '{verb}' on resource(s) of type '{'/'.join(resource.types)}', "
        f"because the parent resource '{resource.parent}' could not be found.",
    )


def missing_api_version() -> ServiceError:
    """Every request to ARM names its version."""
    return bad_request(
        "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."
    )


def unsupported_api_version(version: str, type_name: str, supported: Iterable[str]) -> ServiceError:
    """A version that the resource type does not know."""
    namespace, _, rest = type_name.partition("/")
    versions = ", ".join(supported)
    if namespace.lower() == "microsoft.resources":
        return bad_request(
            "InvalidApiVersionParameter",
            f"The api-version '{version}' is invalid. The supported versions are '{versions}'.",
        )
    return bad_request(
        "NoRegisteredProviderFound",
        f"No registered resource provider found for API version '{version}' for type '{rest}' in namespace "
        f"'{namespace}'. The supported api-versions are '{versions}'.",
    )


def method_not_allowed(method: str, type_name: str) -> ServiceError:
    """405: the type has no such operation."""
    return ServiceError(
        405,
        "MethodNotAllowed",
        f"The requested resource of type '{type_name}' does not support http method '{method}'.",
    )


def missing_registration(namespace: str) -> ServiceError:
    """The subscription has not registered the resource provider."""
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    return ServiceError(
        409,
        "MissingSubscriptionRegistration",
        message,
        details=[{"code": "MissingSubscriptionRegistration", "target": namespace, "message": message}],
    )


def operation_in_progress(resource_id: str) -> ServiceError:
    """409: the resource is being written or deleted."""
    return conflict(
        "AnotherOperationInProgress",
        f"Another operation on the resource '{resource_id}' is in progress. Retry when it has come to its end.",
    )


def precondition_failed(message: str) -> ServiceError:
    """412: an If-Match or If-None-Match does not hold."""
    return ServiceError(412, "PreconditionFailed", message)
