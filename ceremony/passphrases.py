"""Passphrases: typed by a person, or read from a file or descriptor; never from the command line, never shown."""

from __future__ import annotations

import argparse
import getpass
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ceremony import files
from ceremony.errors import PassphraseError

SHORTEST: Final = 12
"""Characters of a new passphrase. Whoever steals the key file can try passphrases for as long as they like."""
_TERMINAL: Final = Path("/dev/tty")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The ways for machines to hand over passphrases."""
    group = parser.add_argument_group(
        "passphrases", "Asked for on the terminal. For a machine without one, lines of text, each of them a passphrase:"
    )
    group.add_argument(
        "--passphrase-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a file that only you may read (mode 0600)",
    )
    group.add_argument(
        "--passphrase-fd", type=int, action="append", default=[], metavar="N", help="an open file descriptor"
    )


def given(options: argparse.Namespace) -> Sequence[bytes]:
    """What the options hand over, one passphrase a line. Raises PassphraseError, CeremonyError."""
    # A descriptor can be read only once, and a command may ask twice.
    if not hasattr(options, "read_passphrases"):
        options.read_passphrases = _read(options)
    found: Sequence[bytes] = options.read_passphrases
    return found


def _read(options: argparse.Namespace) -> Sequence[bytes]:
    contents = [_of_file(path) for path in options.passphrase_file]
    contents += [_of_descriptor(number) for number in options.passphrase_fd]
    found = [line for content in contents for line in content.splitlines() if line]
    if contents and not found:
        raise PassphraseError("the passphrase file or descriptor is empty")
    return found


def ask(path: Path) -> bytes | None:
    """Asks a person for the passphrase of a key; None where there is no terminal."""
    return _asked(f"Passphrase of {path}: ")


def chosen(options: argparse.Namespace, path: Path) -> bytes:
    """A new passphrase for a new key, typed twice. Raises PassphraseError."""
    handed = given(options)
    if handed:
        return _strong(handed[0])
    first = _asked(f"New passphrase for {path} ({SHORTEST} characters or more): ")
    if first is None:
        raise PassphraseError(
            "nobody is there to type a passphrase; give --passphrase-file or --passphrase-fd, or --unencrypted for a "
            "rehearsal"
        )
    strong = _strong(first)
    if _asked("Once more: ") != strong:
        raise PassphraseError("the two passphrases differ; nothing was made")
    return strong


def _strong(passphrase: bytes) -> bytes:
    if len(passphrase.decode(errors="replace")) < SHORTEST:
        raise PassphraseError(f"the passphrase is too short: {SHORTEST} characters or more; nothing was made")
    return passphrase


def _asked(prompt: str) -> bytes | None:
    # getpass falls back to an input that shows what is typed; it is not asked where that would happen.
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return None
    try:
        return getpass.getpass(prompt).encode(errors="surrogateescape")
    except EOFError:
        return None


def _of_file(path: Path) -> bytes:
    content = files.read(path)
    if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
        raise PassphraseError(f"{path}: others may read it; say chmod 600 first")
    return content


def _of_descriptor(number: int) -> bytes:
    try:
        with os.fdopen(number, "rb") as file:
            return file.read()
    except OSError as error:
        raise PassphraseError(f"descriptor {number}: cannot be read: {error.strerror}") from None
