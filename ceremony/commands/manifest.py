"""``manifest``: the record that an auditor asks for."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ceremony import files, passphrases, private_keys, record
from ceremony.commands import given
from ceremony.errors import BrokenFileError
from ceremony.report import Report
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.verification import Verification, verify
from data_plane.custody import Manifest

NAME: Final = "manifest"
HELP: Final = "write the record of a ceremony: Markdown and JSON, signed if a key is given"
DESCRIPTION: Final = """\
Writes the record that an auditor asks for: pool, time, quorum, custodians and their thumbprints, hashes, who
downloaded the file, where its copies lie. Every copy that can be reached is read and compared; one in a storage
account is named by its address, and read as whoever is signed in. With private keys the record also says that a quorum
opened the file.

OUTPUT.json  the record
OUTPUT.md    the same for people
OUTPUT.json.sig, with --signing-key: a signature that "openssl dgst -sha256 -verify" checks
"""
EXAMPLES: Final = """\
example:
  python -m ceremony manifest SD.json --copy /mnt/b/SD.json --kept "safe 3, Redmond" --output record
  python -m ceremony manifest SD.json --copy https://contosocustody.blob.core.windows.net/domains/SD.json --output r2
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    given.add_file(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="OUTPUT", help="where it goes, without suffix")
    parser.add_argument(
        "--copy", nargs="+", action="extend", default=[], metavar="PLACE", help="further copies: files, or blobs"
    )
    parser.add_argument(
        "--kept", nargs="+", action="extend", default=[], metavar="PLACE", help="copies that only people can reach"
    )
    parser.add_argument("--signing-key", type=Path, metavar="FILE", help="private key, RSA or elliptic curve")
    given.add_keys(parser)
    given.add_certificates(parser)


def run(options: argparse.Namespace) -> Report:
    """Writes all of it or nothing. Raises CeremonyError."""
    paths = {suffix: options.output.with_name(options.output.name + suffix) for suffix in (".json", ".md", ".json.sig")}
    files.check_free(*paths.values())
    file, manifest = given.load_file(options), given.load_manifest(options)
    if manifest is None:
        raise BrokenFileError(f"{options.file}: no manifest beside it says which pool it belongs to; give --manifest")
    verification = _verification(options, file, manifest)
    copies = [*_seen(options.file, options.copy, file.sha256), *_told(options.kept)]
    written_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = record.record(file, manifest, copies, verification, written_at)
    signer = _signer(options)
    content = record.to_json(document)
    results = [
        (paths[".json"], content, files.PUBLIC),
        (paths[".md"], record.to_markdown(document, paths[".json"].name, signer is not None), files.PUBLIC),
    ]
    if signer is not None:
        results.append((paths[".json.sig"], record.sign(content, signer), files.PUBLIC))
    files.write_all_new(results)
    return Report(
        document={**document, "output": [str(path) for path, _, _ in results]},
        shown=tuple(f"{path}: written" for path, _, _ in results),
    )


def _verification(options: argparse.Namespace, file: SecurityDomainFile, manifest: Manifest) -> Verification | None:
    """Raises BrokenFileError where anything is wrong: a record must not make it look right."""
    keys = given.load_keys(options)
    found = verify(file, keys, given.load_certificates(options), manifest)
    wrong = [finding.text for finding in found.findings if finding.severity == "error"]
    if keys and not wrong and not found.holds:
        wrong = [f"the keys are no quorum: {found.still_needed} more needed"]
    if wrong:
        raise BrokenFileError(f"{options.file}: {'; '.join(wrong)}")
    return found if keys else None


def _seen(file: Path, copies: Sequence[str], sha256: str) -> list[dict[str, str]]:
    """Raises BrokenFileError, and DataPlaneError where a blob cannot be read."""
    for place in copies:
        if hashlib.sha256(_read(place)).hexdigest() != sha256:
            raise BrokenFileError(f"{place}: is no copy of {file}: its SHA-256 differs")
    places = [str(file.absolute()), *(place if _is_blob(place) else str(Path(place).absolute()) for place in copies)]
    return [{"place": place, "seen": "read, SHA-256 compared"} for place in places]


def _is_blob(place: str) -> bool:
    return place.startswith("https://")


def _read(place: str) -> bytes:
    if not _is_blob(place):
        return files.read(Path(place))
    from data_plane import session
    from data_plane.blobs import Blob

    if urlsplit(place).path.count("/") < 2 or urlsplit(place).query:
        raise BrokenFileError(
            f"{place}: is not the address of a blob: https://<account>.blob.core.windows.net/…/<name>"
        )
    found = Blob(place, session.current()).read()
    if found is None:
        raise BrokenFileError(f"{place}: there is no such blob")
    return found.content


def _told(places: Sequence[str]) -> list[dict[str, str]]:
    return [{"place": place, "seen": "as told, not read"} for place in places]


def _signer(options: argparse.Namespace) -> record.SigningKey | None:
    if options.signing_key is None:
        return None
    key = private_keys.load_private_key(options.signing_key, passphrases.given(options), passphrases.ask)
    return record.signing_key(key, str(options.signing_key))
