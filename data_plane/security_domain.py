"""The seam to Microsoft's security-domain client: download, and how far the activation has come.

Source: azure-keyvault-securitydomain 1.0.0b4, ``SecurityDomainClient``. Nothing else in the product touches it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from data_plane.custody import json_web_key
from data_plane.errors import CustodyError, mapped
from data_plane.session import Session

IN_PROGRESS: Final = "inprogress"
_DONE: Final = frozenset({"success", "succeeded"})
_FAILED: Final = frozenset({"failed", "canceled"})


@dataclass(frozen=True)
class Progress:
    """What ``/securitydomain/download/pending`` says."""

    status: str
    details: str

    @property
    def in_progress(self) -> bool:
        """Whether an activation is under way."""
        return self.status.lower() == IN_PROGRESS

    @property
    def done(self) -> bool:
        """Whether the activation ended well; the service says ``Success``, its description ``Succeeded``."""
        return self.status.lower() in _DONE

    @property
    def failed(self) -> bool:
        """Whether the activation ended badly."""
        return self.status.lower() in _FAILED


def download(session: Session, hsm_uri: str, certificates: Sequence[bytes], quorum: int) -> bytes:
    """Asks for the security domain, which begins the activation of a pool that is not active.

    Answers the file's bytes at once, without waiting for the activation. ``certificates`` are DER.
    Raises DataPlaneError; no error shows any of the content.
    """
    body: dict[str, Any] = {"certificates": [json_web_key(der) for der in certificates], "required": quorum}
    with mapped(f"{hsm_uri}: download of the security domain"):
        poller = session.security_domain(hsm_uri).begin_download(body, skip_activation_polling=True)
        value = poller.result()["value"]
    return security_domain_bytes(value)


def progress(session: Session, hsm_uri: str) -> Progress:
    """How far the activation that a download began has come. Raises DataPlaneError."""
    with mapped(f"{hsm_uri}: state of the activation"):
        status = session.security_domain(hsm_uri).get_download_status()
    state = getattr(status.status, "value", status.status)
    return Progress(str(state or ""), str(status.status_details or ""))


def security_domain_bytes(value: object) -> bytes:
    """The file's bytes from the answer's ``value``: JSON text, or the same in base64 as some descriptions have it.

    Raises CustodyError for anything else.
    """
    text = value if isinstance(value, str) else ""
    if not text.lstrip().startswith("{"):
        try:
            standard = text.replace("-", "+").replace("_", "/")
            text = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
        except ValueError:
            text = ""
    try:
        parts = json.loads(text)
        complete = bool(parts["EncData"]) and bool(parts["SharedKeys"])
    except (ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        raise CustodyError("the service's answer holds no security domain: EncData and SharedKeys are not in it")
    return text.encode()
