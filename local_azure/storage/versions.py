"""The versions of the blob service ("Versioning for Azure Storage")."""

from __future__ import annotations

from local_azure.core.http import Request
from local_azure.storage.context import Caller
from local_azure.storage.errors import StorageError, wrong_header

KNOWN = (
    "2014-02-14",
    "2015-02-21",
    "2015-04-05",
    "2015-07-08",
    "2015-12-11",
    "2016-05-31",
    "2017-04-17",
    "2017-07-29",
    "2017-11-09",
    "2018-03-28",
    "2018-11-09",
    "2019-02-02",
    "2019-07-07",
    "2019-10-10",
    "2019-12-12",
    "2020-02-10",
    "2020-04-08",
    "2020-06-12",
    "2020-08-04",
    "2020-10-02",
    "2020-12-06",
    "2021-02-12",
    "2021-04-10",
    "2021-06-08",
    "2021-08-06",
    "2021-10-04",
    "2021-12-02",
    "2022-11-02",
    "2023-01-03",
    "2023-05-03",
    "2023-08-03",
    "2023-11-03",
    "2024-02-04",
    "2024-05-04",
    "2024-08-04",
    "2024-11-04",
    "2025-01-05",
    "2025-05-05",
    "2025-07-05",
    "2025-11-05",
    "2026-02-06",
    "2026-04-06",
    "2026-06-06",
    "2026-10-06",
)
"""Oldest first."""
DEFAULT = KNOWN[-1]
"""For requests that name none and bring nothing that does."""
_FIRST_WITH_TOKENS = "2017-11-09"


def require_version(request: Request, caller: Caller) -> str:
    """The version that the request is answered by. Raises StorageError 400."""
    given = request.headers.get("x-ms-version") or ""
    if not given and caller.grant is not None:
        given = request.query.get("api-version") or caller.grant.version
    if not given:
        if caller.has_key or caller.claims is not None:
            raise StorageError(
                400, "MissingRequiredHeader", "An HTTP header that's mandatory for this request is not specified."
            )
        return DEFAULT
    if given not in KNOWN or (caller.claims is not None and given < _FIRST_WITH_TOKENS):
        raise wrong_header("x-ms-version", given)
    return given
