"""The one reader of the stack's configuration.

:func:`load` reads it from the engine, :func:`parse` from any mapping; both return the frozen, validated
:class:`~config.settings.Settings`, or raise :class:`ConfigurationError` with every mistake in it, a line each.
:func:`azure_native` reads who signs in.
"""

from config.problems import ConfigurationError, Problem
from config.reading import parse
from config.settings import Settings
from config.sign_in import azure_native
from config.stack import load

__all__ = ["ConfigurationError", "Problem", "Settings", "azure_native", "load", "parse"]
