"""Errors of Entra ID's token endpoint.

Their codes are in "Microsoft Entra authentication and authorization error codes"; the shape on the wire is
that of RFC 6749, section 5.2, with Entra's additions.
"""

from __future__ import annotations

import uuid
from typing import Any

from local_azure.core.errors import ServiceError

ERROR_URI = "https://login.microsoftonline.com/error?code="


class EntraError(ServiceError):
    """``{"error": …, "error_description": "AADSTS…: …", "error_codes": […]}``."""

    def __init__(self, status: int, error: str, number: int, description: str) -> None:
        super().__init__(status, error, f"AADSTS{number}: {description}")
        self.number = number

    def body(self) -> dict[str, Any]:
        """As Entra ID writes it."""
        identifiers = {"trace_id": str(uuid.uuid4()), "correlation_id": str(uuid.uuid4())}
        trail = f"Trace ID: {identifiers['trace_id']} Correlation ID: {identifiers['correlation_id']}"
        return {
            "error": self.code,
            "error_description": f"{self.message} {trail}",
            "error_codes": [self.number],
            **identifiers,
            "error_uri": f"{ERROR_URI}{self.number}",
        }
