"""What can go wrong in a ceremony, each error in one line; no error shows anything of a key, share or passphrase."""

from __future__ import annotations

from data_plane.errors import DataPlaneError


class CeremonyError(DataPlaneError):
    """Base of the errors of this package."""


class BrokenFileError(CeremonyError):
    """A file is not what it should be: truncated, altered, of another kind."""


class QuorumError(CeremonyError):
    """The keys that were given do not open the security domain."""


class KeyFileError(CeremonyError):
    """A private key or certificate cannot be used."""


class PassphraseError(KeyFileError):
    """A passphrase is missing, wrong or too weak."""


class OutputError(CeremonyError):
    """A result cannot be written; nothing of it was."""


class DrillError(CeremonyError):
    """A drill did not prove what it should, or could not begin."""
