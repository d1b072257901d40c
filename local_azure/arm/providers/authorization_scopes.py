"""What the lists of Microsoft.Authorization share: their scope, and the functions in their filters."""

from __future__ import annotations

from local_azure.arm.resource_type import ArmRequest

GUID = r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
AUTHORIZATION = "{scope:path}/providers/Microsoft.Authorization"
"""Lists can be asked for at any scope."""


def scope_of(arm_request: ArmRequest, collection: str) -> str:
    """What a list of an extension type is asked for."""
    path = arm_request.request.path
    return path[: path.lower().rindex(f"/providers/microsoft.authorization/{collection}".lower())]


def without_function(expression: str, function: str) -> tuple[bool, str]:
    """Whether the OData filter calls the function, and the filter without it."""
    position = expression.lower().find(function.lower())
    if position < 0:
        return False, expression
    rest = expression[:position] + expression[position + len(function) :]
    rest = rest.strip()
    for joint in ("and ", "AND "):
        rest = rest.removeprefix(joint)
    for joint in (" and", " AND"):
        rest = rest.removesuffix(joint)
    return True, rest.strip()
