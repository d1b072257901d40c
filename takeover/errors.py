"""What goes wrong here beyond what Azure says."""

from __future__ import annotations

from data_plane.errors import DataPlaneError


class TakeoverError(DataPlaneError):
    """A pool that cannot be described, or a file that cannot be written; one line with the way out."""
