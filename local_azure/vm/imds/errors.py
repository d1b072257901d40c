"""Errors of the metadata service: those of RFC 6749, section 5.2, for tokens; a word for everything else."""

from __future__ import annotations

from typing import Any

from local_azure.core.errors import ServiceError


class TokenError(ServiceError):
    """``{"error": …, "error_description": …}``."""

    def body(self) -> dict[str, Any]:
        """As the service writes it."""
        return {"error": self.code, "error_description": self.message}


class MetadataError(ServiceError):
    """``{"error": …}``."""

    def body(self) -> dict[str, Any]:
        """As the service writes it."""
        return {"error": self.message, **self.details}


def invalid_request(description: str) -> TokenError:
    """400: something about the request is wrong."""
    return TokenError(400, "invalid_request", description)


def missing(variable: str) -> TokenError:
    """400: a query variable is not there."""
    return invalid_request(f"Required query variable '{variable}' is missing")
