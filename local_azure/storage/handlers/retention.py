"""Retention of single blobs, in containers that allow it ("Version-level WORM policies for immutable blob data")."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime

from local_azure.core.http import Response
from local_azure.storage.context import Context, http_date
from local_azure.storage.errors import StorageError, immutable, missing_header, wrong_header
from local_azure.storage.handlers.blob_reads import found
from local_azure.storage.state import Blob

_UNTIL, _MODE, _HOLD = (
    "x-ms-immutability-policy-until-date",
    "x-ms-immutability-policy-mode",
    "x-ms-legal-hold",
)
_MODES = {"unlocked": "Unlocked", "locked": "Locked"}


def set_policy(context: Context) -> Response:
    """Set Blob Immutability Policy: a locked one can only be made longer."""
    blob = _in_container_that_allows(context)
    until, mode = _until(context), (context.header(_MODE) or "unlocked").lower()
    if mode not in _MODES:
        raise wrong_header(_MODE, mode)
    if until <= context.now:
        raise wrong_header(_UNTIL, context.header(_UNTIL) or "")
    if blob.policy.get("mode") == "Locked" and (mode != "locked" or until < blob.policy["until"]):
        raise immutable("policy")
    context.blobs.put(replace(blob, policy={"until": until, "mode": _MODES[mode]}))
    return Response(200, {_UNTIL: http_date(until), _MODE: mode})


def delete_policy(context: Context) -> Response:
    """Delete Blob Immutability Policy: unless it is locked."""
    blob = _in_container_that_allows(context)
    if blob.policy.get("mode") == "Locked":
        raise immutable("policy")
    context.blobs.put(replace(blob, policy={}))
    return Response(200)


def set_hold(context: Context) -> Response:
    """Set Blob Legal Hold."""
    blob, given = _in_container_that_allows(context), (context.header(_HOLD) or "").lower()
    if given not in ("true", "false"):
        raise missing_header(_HOLD) if not given else wrong_header(_HOLD, given)
    context.blobs.put(replace(blob, legal_hold=given == "true"))
    return Response(200, {_HOLD: given})


def _until(context: Context) -> float:
    given = context.header(_UNTIL)
    if given is None:
        raise missing_header(_UNTIL)
    try:
        return parsedate_to_datetime(given).timestamp()
    except (ValueError, TypeError):
        raise wrong_header(_UNTIL, given) from None


def _in_container_that_allows(context: Context) -> Blob:
    blob = found(context)
    if not context.container.keeps_versions:
        raise StorageError(
            409,
            "ImmutableStorageWithVersioningNotEnabled",
            "Immutable storage with versioning is not enabled on the container.",
        )
    return blob
