"""Errors that a played service answers with.

Services raise these; the shape on the wire is :meth:`ServiceError.body`, which Entra ID overrides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ServiceError(Exception):
    """An HTTP error in the envelope that ARM, Key Vault and Managed HSM share.

    ``{"error": {"code": …, "message": …}}``, see the Azure REST API guidelines, "Handling errors".
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.details = details

    def body(self) -> dict[str, Any]:
        """What goes on the wire."""
        return {"error": {"code": self.code, "message": self.message, **self.details}}


class NotPlayed(ServiceError):
    """501: Azure has it, the local Azure does not; never a silent success."""

    def __init__(self, what: str) -> None:
        super().__init__(
            501, "NotImplementedLocally", f"The local Azure does not play {what}. See local_azure/README.md."
        )
