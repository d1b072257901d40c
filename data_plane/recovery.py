"""A security domain that a pool takes in: its transfer key, the upload, and how far the restore has come.

A pool that is not activated gives out a transfer key; a quorum encrypts the security domain of another pool to it,
offline; the upload activates the pool as that one's twin. Source: azure-keyvault-securitydomain 1.0.0b4,
``SecurityDomainClient``; "Managed HSM disaster recovery".
"""

from __future__ import annotations

from typing import Final

from data_plane.errors import (
    ConflictError,
    CustodyError,
    DataPlaneError,
    DeadlineError,
    ForbiddenError,
    NotFoundError,
    RequestError,
    UnauthenticatedError,
    mapped,
)
from data_plane.security_domain import Progress
from data_plane.session import Session
from data_plane.waiting import SYSTEM_CLOCK, Clock, Patience, Say, retry_after_of, silent

RESTORE_SECONDS: Final = 30 * 60.0
"""How long taking in a security domain may take."""


def transfer_key(session: Session, hsm_uri: str) -> str:
    """The pool's transfer key: a JSON Web Key with its certificate, as text. Raises DataPlaneError."""
    with mapped(f"{hsm_uri}: transfer key"):
        answer = session.security_domain(hsm_uri).get_transfer_key()
    # Typed as a model, and a text in what the service answers (recorded) and the client hands out.
    found = answer.get("transfer_key") if hasattr(answer, "get") else None
    if not isinstance(found, str):
        raise CustodyError(f"{hsm_uri}: the service's answer holds no transfer key")
    return found


def progress(session: Session, hsm_uri: str) -> Progress | None:
    """How far the latest upload has come; None where there was none. Raises DataPlaneError."""
    try:
        with mapped(f"{hsm_uri}: state of the upload"):
            status = session.security_domain(hsm_uri).get_upload_status()
    except NotFoundError:
        return None
    state = getattr(status.status, "value", status.status)
    return Progress(str(state or ""), str(status.status_details or ""))


def restore(
    session: Session,
    hsm_uri: str,
    blob: bytes,
    *,
    say: Say = silent,
    clock: Clock = SYSTEM_CLOCK,
    seconds: float = RESTORE_SECONDS,
    continued: bool = False,
) -> None:
    """Has the pool take in a restore blob, and returns when it is active.

    May be called again after any crash: an upload that is under way is waited for, and one that has ended well is
    enough where it is known to be an earlier call's (``continued``). Raises CustodyError for a pool
    that is active already or whose restore failed, RequestError where the service refuses the blob, DeadlineError.
    """
    before = _known(session, hsm_uri)
    if before is not None and before.done and continued:
        return
    if before is not None and before.done:
        raise CustodyError(f"{hsm_uri}: has taken in a security domain already; only a new pool takes one in")
    if before is not None and before.in_progress:
        say(f"{hsm_uri}: an upload is under way; waiting for it")
    else:
        _upload(session, hsm_uri, blob, Patience(120.0, f"{hsm_uri}: upload", first=1.0, clock=clock))
    _await(session, hsm_uri, Patience(seconds, f"{hsm_uri}: restore", first=0.5, clock=clock), say)


def _known(session: Session, hsm_uri: str) -> Progress | None:
    """The upload that there was, if any. A pool that knows of none may refuse the question; the upload tells more."""
    try:
        return progress(session, hsm_uri)
    except RequestError as error:
        if error.transient or isinstance(error, ForbiddenError | UnauthenticatedError):
            raise
        return None


def _upload(session: Session, hsm_uri: str, blob: bytes, patience: Patience) -> None:
    while True:
        try:
            with mapped(f"{hsm_uri}: upload of the security domain"):
                session.security_domain(hsm_uri).begin_upload({"value": blob.decode()}, skip_activation_polling=True)
            return
        except ConflictError as error:
            raise CustodyError(
                f"{error} — the pool is active already; only a pool that was never activated takes in a security domain"
            ) from None
        except DataPlaneError as error:
            if not error.transient:
                raise
            failure = error
        # The request may have arrived although its answer was lost: repeating it then would be refused.
        after = _known(session, hsm_uri)
        if after is not None and (after.in_progress or after.done):
            return
        try:
            patience.pause(retry_after_of(failure))
        except DeadlineError:
            raise failure from None


def _await(session: Session, hsm_uri: str, patience: Patience, say: Say) -> None:
    last = ""
    while True:
        wait: float | None = None
        try:
            found = progress(session, hsm_uri)
        except DataPlaneError as error:
            if not (error.transient or isinstance(error, ForbiddenError | UnauthenticatedError | ConflictError)):
                raise
            found, last, wait = None, str(error), retry_after_of(error)
        if found is not None:
            if found.done:
                say(f"{hsm_uri}: active")
                return
            if found.failed:
                details = found.details or found.status
                raise CustodyError(f"{hsm_uri}: the restore failed: {details} — upload again, or take another new pool")
            line = f"{hsm_uri}: {found.status}: {found.details}"
            if line != last:
                say(line)
            last = line
        patience.pause(wait, because=last)
