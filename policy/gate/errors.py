"""Why there is nothing to judge; each is one line for the user."""


class GateError(Exception):
    """The gate cannot say anything about the preview; nothing may be deployed on the strength of it."""


class UnreadablePreview(GateError):
    """What was handed over is no preview of the engine's, or not all of one."""


class FailedPreview(GateError):
    """The engine itself says that the preview failed."""


class BadApproval(GateError):
    """A file of approvals that cannot be understood."""
