"""A security domain in a blob: nothing that is there is ever overwritten by something else, and all is read back.

::

    contoso-hsm-SD.json                  the security domain
    contoso-hsm-SD.json.manifest.json    which pool, custodians and bytes it belongs to
    contoso-hsm-SD.json.attempt.json     only while an activation is between its request and the blob
    contoso-hsm-SD.json.<time>           an earlier one, with its manifest; never deleted by this program

In a container that is immutable the mark of an attempt stays, and so does every name of an earlier pool.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

from data_plane.blobs import Blob, Found, ImmutableBlobError
from data_plane.custody import Attempt, Manifest, stamp
from data_plane.durable_files import sha256_of
from data_plane.errors import CustodyError
from data_plane.waiting import Say

COMPANIONS: Final = (".manifest.json", ".attempt.json")
"""What the names of the blobs beside it end with."""
_MANIFEST, _ATTEMPT = COMPANIONS


def parts(blob: Blob) -> tuple[Blob, Blob, Blob]:
    """Manifest, mark of an attempt, and the security domain itself."""
    return blob.with_name(blob.name + _MANIFEST), blob.with_name(blob.name + _ATTEMPT), blob


def content_of(blob: Blob) -> bytes | None:
    """The blob's bytes, or None where there is none. Raises CustodyError where it cannot be read."""
    found = blob.read()
    return None if found is None else found.content


def mark(blob: Blob, attempt: Attempt) -> None:
    """Leaves the attempt's mark, and proves that what lies there can give way. Raises CustodyError."""
    record, place, _ = parts(blob)
    for each in (record, blob):
        # A container may have become immutable since: found out before the service hands anything out.
        if (lying := each.read()) is not None:
            put(each, lying.content, lying)
    present = place.read()
    known = None if present is None else Attempt.from_json(present.content.decode(errors="replace"))
    if known is not None and known.means_the_same(attempt):
        return
    put(place, attempt.to_json().encode(), present)


def unmark(blob: Blob, say: Say) -> None:
    """Takes the mark away, where anything can be. Raises CustodyError."""
    _, place, _ = parts(blob)
    try:
        place.remove()
    except ImmutableBlobError:
        say(f"{place}: stays, as the container is immutable; it says when the activation began, and nothing more")


def keep(blob: Blob, content: bytes, manifest: Manifest, say: Say) -> None:
    """Puts security domain and manifest there; what else lay there is kept under another name. Raises CustodyError."""
    record, _, _ = parts(blob)
    present = blob.read()
    if present is None or present.content != content:
        if present is not None:
            _set_aside(blob, present, say)
        put(blob, content, present)
    _keep_manifest(record, manifest)


def _keep_manifest(record: Blob, manifest: Manifest) -> None:
    present = record.read()
    text = manifest.to_json().encode()
    if present is not None and present.content == text:
        return
    known = None if present is None else Manifest.from_json(present.content.decode(errors="replace"))
    try:
        put(record, text, present)
    except ImmutableBlobError:
        # Names of custodians are labels: one that says the same of the same bytes is as good.
        if known is None or known.sha256 != manifest.sha256 or not known.custody.fits(manifest.custody):
            raise


def _set_aside(blob: Blob, present: Found, say: Say) -> None:
    """Copies what is there to a name of its own; its manifest first, so that a crash separates nothing."""
    record, _, _ = parts(blob)
    found = record.read()
    known = None if found is None else Manifest.from_json(found.content.decode(errors="replace"))
    name = f"{blob.name}.{stamp(known, _as_iso(present.modified))}"
    number = 0
    while True:
        aside = blob.with_name(name + (f".{number}" if number else ""))
        there = aside.read()
        if there is None or there.content == present.content:
            break
        number += 1
    if found is not None:
        copy, _, _ = parts(aside)
        put(copy, found.content, copy.read())
    if there is None:
        put(aside, present.content, None)
    say(f"the earlier {blob.name} is kept as {aside.name}")


def put(blob: Blob, content: bytes, present: Found | None) -> None:
    """Writes the blob where it still is as it was seen, and reads it back.

    Raises CustodyError where somebody else has written something else meanwhile.
    """
    written = blob.create(content) if present is None else blob.replace(content, present.etag)
    found = blob.read()
    if found is not None and sha256_of(found.content) == sha256_of(content):
        return
    if written:
        raise CustodyError(f"{blob}: what was read back is not what was written; somebody else writes there too")
    raise CustodyError(f"{blob}: somebody else has written something else there just now — look who, and run again")


def _as_iso(modified: str) -> str:
    try:
        return parsedate_to_datetime(modified).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, TypeError):
        return "earlier"
