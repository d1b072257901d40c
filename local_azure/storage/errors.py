"""How the blob service refuses, in its own words and in XML.

Sources: "Common REST API error codes" and "Blob Storage error codes" of the Azure Storage REST reference; the names are
those of ``StorageErrorCode`` in its API description.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from xml.sax.saxutils import escape

from local_azure.core.clock import iso
from local_azure.core.errors import ServiceError
from local_azure.core.http import Response


class StorageError(ServiceError):
    """An error of the blob service; ``elements`` are told in its body beside code and message."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        elements: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, code, message, headers=headers)
        self.elements = dict(elements or {})


def answer(error: ServiceError, now: datetime, *, with_body: bool) -> Response:
    """The error as the service answers it: the code in a header, everything in an XML body."""
    request_id = str(uuid.uuid4())
    headers = {**error.headers, "x-ms-error-code": error.code, "x-ms-request-id": request_id}
    if not with_body or error.status == 304:
        return Response(error.status, headers)
    message = f"{error.message}\nRequestId:{request_id}\nTime:{iso(now)}"
    told = {"Code": error.code, "Message": message, **getattr(error, "elements", {})}
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in told.items())
    text = f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error>{inner}</Error>'
    return Response(error.status, {**headers, "Content-Type": "application/xml"}, text.encode())


def container_not_found() -> StorageError:
    """404."""
    return StorageError(404, "ContainerNotFound", "The specified container does not exist.")


def container_exists() -> StorageError:
    """409."""
    return StorageError(409, "ContainerAlreadyExists", "The specified container already exists.")


def blob_not_found() -> StorageError:
    """404."""
    return StorageError(404, "BlobNotFound", "The specified blob does not exist.")


def blob_exists() -> StorageError:
    """409: what ``If-None-Match: *`` answers to a writer."""
    return StorageError(409, "BlobAlreadyExists", "The specified blob already exists.")


def resource_not_found() -> StorageError:
    """404: what somebody without credentials is told of whatever is not public."""
    return StorageError(404, "ResourceNotFound", "The specified resource does not exist.")


def condition_not_met() -> StorageError:
    """412."""
    return StorageError(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.")


def wrong_blob_type() -> StorageError:
    """409."""
    return StorageError(409, "InvalidBlobType", "The blob type is invalid for this operation.")


def authentication_failed(detail: str) -> StorageError:
    """403: the signature or the shared access signature proves nothing."""
    return StorageError(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly "
        "including the signature.",
        elements={"AuthenticationErrorDetail": detail},
    )


def no_permission() -> StorageError:
    """403: who it is is known; that it may not do this, too."""
    return StorageError(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission.",
    )


def outside_firewall() -> StorageError:
    """403: the account's network rules."""
    return StorageError(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")


def sas_mismatch(code: str, what: str) -> StorageError:
    """403: a shared access signature that is good for something else."""
    return StorageError(403, code, f"This request is not authorized to perform this operation using this {what}.")


def key_not_permitted() -> StorageError:
    """403: ``allowSharedKeyAccess`` is off."""
    return StorageError(
        403,
        "KeyBasedAuthenticationNotPermitted",
        "Key based authentication is not permitted on this storage account.",
    )


def immutable(reason: str) -> StorageError:
    """409: a retention policy or a legal hold; ``reason`` is ``policy`` or ``hold``."""
    if reason == "hold":
        return StorageError(
            409,
            "BlobImmutableDueToLegalHold",
            "This operation is not permitted as the blob is immutable due to one or more legal holds.",
        )
    return StorageError(
        409, "BlobImmutableDueToPolicy", "This operation is not permitted as the blob is immutable due to a policy."
    )


def missing_header(name: str) -> StorageError:
    """400."""
    return StorageError(
        400,
        "MissingRequiredHeader",
        "An HTTP header that's mandatory for this request is not specified.",
        elements={"HeaderName": name},
    )


def wrong_header(name: str, value: str) -> StorageError:
    """400."""
    return StorageError(
        400,
        "InvalidHeaderValue",
        "The value for one of the HTTP headers is not in the correct format.",
        elements={"HeaderName": name, "HeaderValue": value},
    )


def wrong_parameter(name: str, value: str, reason: str = "") -> StorageError:
    """400."""
    return StorageError(
        400,
        "InvalidQueryParameterValue",
        "Value for one of the query parameters specified in the request URI is invalid.",
        elements={"QueryParameterName": name, "QueryParameterValue": value, "Reason": reason},
    )


def wrong_body() -> StorageError:
    """400."""
    return StorageError(400, "InvalidXmlDocument", "XML specified is not syntactically valid.")


def out_of_range() -> StorageError:
    """400."""
    return StorageError(400, "OutOfRangeInput", "One of the request inputs is out of range.")
