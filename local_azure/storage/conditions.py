"""Conditional headers ("Specifying conditional headers for Blob service operations", RFC 9110)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from local_azure.storage.context import Context
from local_azure.storage.errors import StorageError, blob_exists, condition_not_met, wrong_header
from local_azure.storage.state import Blob

_ANY = "*"


def check_read(context: Context, etag: str, modified: float) -> None:
    """Raises 304 where the reader has it already, 412 where it is not what the reader expects."""
    _check_expected(context, etag, modified)
    unwanted = context.header("if-none-match")
    if unwanted is not None:
        if unwanted == _ANY or _same(unwanted, etag):
            raise _not_modified()
    elif (since := _moment(context, "if-modified-since")) is not None and int(modified) <= since:
        raise _not_modified()


def check_write(context: Context, blob: Blob | None) -> None:
    """Raises 409 or 412 where what is there is not what the writer expects."""
    unwanted = context.header("if-none-match")
    if blob is None:
        if context.header("if-match") is not None:
            raise condition_not_met()
        return
    if unwanted == _ANY:
        raise blob_exists()
    check_change(context, blob.etag, blob.modified)


def check_change(context: Context, etag: str, modified: float) -> None:
    """The same for something that is there for certain."""
    _check_expected(context, etag, modified)
    unwanted = context.header("if-none-match")
    if unwanted is not None and (unwanted == _ANY or _same(unwanted, etag)):
        raise condition_not_met()
    if (since := _moment(context, "if-modified-since")) is not None and int(modified) <= since:
        raise condition_not_met()


def _check_expected(context: Context, etag: str, modified: float) -> None:
    wanted = context.header("if-match")
    if wanted is not None and wanted != _ANY and not _same(wanted, etag):
        raise condition_not_met()
    until = _moment(context, "if-unmodified-since")
    if until is not None and int(modified) > until:
        raise condition_not_met()


def _same(given: str, etag: str) -> bool:
    """Clients may leave the quotation marks out."""
    return given.strip().strip('"') == etag.strip('"')


def _moment(context: Context, name: str) -> float | None:
    given = context.header(name)
    if given is None:
        return None
    try:
        return parsedate_to_datetime(given).timestamp()
    except (ValueError, TypeError):
        raise wrong_header(name, given) from None


def _not_modified() -> StorageError:
    return StorageError(304, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")
