"""Passphrases of files to import: secret, for a key that is imported, and there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from config.problems import Problem
from config.settings import Settings

SECTION = "importPassphrases"
_PATH = f"managed-hsm:{SECTION}"
_PLAIN = "plain text is not accepted; secret values (pulumi config set --secret --path)"


def given(settings: Settings, name: str) -> str | None:
    """The passphrase of the file that the key is imported from; None where it has none."""
    variable = settings.keys[name].passphrase_variable
    if variable is not None:
        return os.environ.get(variable)
    secret = settings.import_passphrases.get(name)
    return None if secret is None else secret.get_secret_value()


def problems(settings: Settings, secret_keys: frozenset[str], plain_secrets: frozenset[str]) -> Iterator[Problem]:
    """Problems of the passphrases.

    ``secret_keys``: sections that hold a secret as the engine knows it. ``plain_secrets``: paths of secrets that are
    written in plain text.
    """
    if settings.import_passphrases and SECTION not in secret_keys:
        yield Problem(_PATH, _PLAIN)
    for name in settings.import_passphrases:
        place = f"{_PATH}.{name}"
        key = settings.keys.get(name)
        if f"{SECTION}.{name}" in plain_secrets:
            yield Problem(place, _PLAIN)
        if key is None or key.import_from is None:
            yield Problem(place, "is not accepted; the name of a key with importFrom", (f"managed-hsm:keys.{name}",))
        elif key.passphrase_variable is not None:
            yield Problem(place, f"is not accepted; none beside keys.{name}.passphraseVariable")
    for name, key in settings.keys.items():
        place = f"managed-hsm:keys.{name}.passphraseVariable"
        if key.passphrase_variable is not None and key.import_from is None:
            yield Problem(place, "is not accepted; none without importFrom")
        elif key.passphrase_variable is not None and not os.environ.get(key.passphrase_variable):
            yield Problem(place, f"{key.passphrase_variable} is not accepted; the name of a variable that is set")
