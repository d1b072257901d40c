"""What can go wrong with reading a log."""

from data_plane.errors import DataPlaneError


class AuditError(DataPlaneError):
    """The log cannot be read, or the question means nothing; one line with the way out."""


class NoLogError(AuditError):
    """There is nothing to read yet."""
