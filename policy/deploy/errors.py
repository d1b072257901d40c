"""Why nothing is deployed, or why what was deployed has to be looked at; each is one line for the user."""

from typing import ClassVar


class DeployError(Exception):
    """The deployment stops."""

    status: ClassVar[int] = 5
    """The exit status that scripts tell it by."""


class Moved(DeployError):
    """The preview that was recorded no longer holds."""

    status = 6


class EngineFailed(DeployError):
    """The engine did not do what it was asked to; its own lines stand above."""

    status = 7


class DidOtherwise(DeployError):
    """The engine did something that no preview had shown."""

    status = 8
