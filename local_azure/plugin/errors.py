"""What goes wrong, each in one line that the engine shows as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PluginError(Exception):
    """A failure that the user can read: one line, no traceback."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ConfigurationError(PluginError):
    """The provider is not configured as it must be."""


class CredentialError(PluginError):
    """There is no credential, or it was refused."""


class ConnectionFailed(PluginError):
    """No answer: the host was not reached, or it hung up."""

    def __init__(self, message: str, attempts: int = 1) -> None:
        """``attempts``: how many are worth making in all."""
        super().__init__(message)
        self.attempts = attempts


class Stopped(PluginError):
    """The engine cancelled the operation, or its time was up."""


class ArmError(PluginError):
    """ARM refused a request, or an operation that it had accepted failed."""

    def __init__(self, status: int, code: str, message: str, resource_id: str) -> None:
        self.status = status
        self.code = code
        named = f'Code="{code}" ' if code else ""
        super().__init__(f'Status={status} {named}Message="{message}" Resource="{resource_id}"')


def arm_error(status: int, body: Mapping[str, Any], resource_id: str) -> ArmError:
    """The error that a REST body holds in ARM's envelope, with the details of it that say more."""
    error = body.get("error", body)
    if not isinstance(error, Mapping):
        error = {"message": str(error)}
    parts = [str(error.get("message") or "no message")]
    details = error.get("details")
    if isinstance(details, list):
        parts += [f"{each.get('code')}: {each.get('message')}" for each in details if isinstance(each, Mapping)]
    message = "; ".join(dict.fromkeys(parts))
    return ArmError(status, str(error.get("code") or ""), message, resource_id)


def one_line(text: str) -> str:
    """The text with its line breaks and repeated blanks made single blanks."""
    return " ".join(text.split())
