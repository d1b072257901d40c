"""The one reader of the stack's configuration.

:func:`load` reads it from the engine, :func:`parse` from any mapping; both return the frozen, validated
:class:`~config.settings.Settings`, or raise :class:`ConfigurationError` with every mistake in it, a line each.
"""

from config.problems import ConfigurationError, Problem
from config.reading import parse
from config.settings import Settings
from config.stack import load

__all__ = ["ConfigurationError", "Problem", "Settings", "load", "parse"]
