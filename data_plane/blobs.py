"""Single blobs of a storage account: read, written under conditions, and why that may be refused.

Source: "Put Blob", "Get Blob", "Delete Blob", "Specifying conditional headers for Blob service operations" and "Blob
Storage error codes" of the Azure Storage REST reference, version 2021-12-02. Every request is signed in by Entra ID;
no account key and no shared access signature is ever used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from data_plane.errors import ConflictError, CustodyError, DataPlaneError, ForbiddenError, RequestError, mapped
from data_plane.session import Session

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse

_VERSION: Final = "2021-12-02"
_ANY: Final = "*"
_CONDITION: Final = frozenset({"BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"})
"""What a write under conditions answers where they do not hold."""
_NOTHING: Final = frozenset({"BlobNotFound"})
_IMMUTABLE: Final = frozenset({"BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"})
_NO_ROLE: Final = frozenset({"AuthorizationPermissionMismatch", "InsufficientAccountPermissions"})
_CLOSED: Final = frozenset({"AuthorizationFailure", "AuthorizationSourceIPMismatch"})
_DESTINATIONS: Final = "managed-hsm:securityDomain.destinations"


class ImmutableBlobError(CustodyError):
    """What is there must stay as it is: a retention policy or a legal hold."""


class NoRoleError(CustodyError):
    """Whoever is signed in has no role for it; a new role takes some minutes to be known."""


class ClosedError(CustodyError):
    """The account's network rules keep this computer out."""


@dataclass(frozen=True)
class Found:
    """What lies in a blob."""

    content: bytes
    etag: str
    modified: str
    """As the service writes times: RFC 9110."""


@dataclass(frozen=True)
class Blob:
    """One blob, whether it is there or not. Two of the same address are the same."""

    url: str
    """``https://<account>.blob.core.windows.net/<container>/<name>``."""
    session: Session = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the name."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def container(self) -> str:
        """The container that it lies in."""
        return urlsplit(self.url).path.split("/")[1]

    def with_name(self, name: str) -> Blob:
        """A blob beside this one."""
        return Blob(f"{self.url.rsplit('/', 1)[0]}/{name}", self.session)

    def read(self) -> Found | None:
        """What is there, or None. Raises CustodyError."""
        response = self._ask("GET", accepted=(200,), codes=_NOTHING)
        if response.status_code != 200:
            return None
        return Found(response.content, response.headers["ETag"], response.headers.get("Last-Modified", ""))

    def create(self, content: bytes) -> bool:
        """Writes it where nothing is; answers False where something is. Raises CustodyError."""
        return self._put(content, {"If-None-Match": _ANY})

    def replace(self, content: bytes, etag: str) -> bool:
        """Writes it in place of what had that ETag; answers False where that has changed. Raises CustodyError."""
        return self._put(content, {"If-Match": etag})

    def remove(self) -> None:
        """Deletes it; where nothing is, nothing happens. Raises CustodyError."""
        self._ask("DELETE", accepted=(202,), codes=_NOTHING)

    def _put(self, content: bytes, condition: dict[str, str]) -> bool:
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/json", **condition}
        answer = self._ask("PUT", accepted=(201,), codes=_CONDITION, headers=headers, content=content)
        return answer.status_code == 201

    def _ask(
        self,
        method: str,
        *,
        accepted: tuple[int, ...],
        codes: frozenset[str],
        headers: dict[str, str] | None = None,
        content: bytes = b"",
    ) -> HttpResponse:
        """The answer, where its status or its error's code is accepted. Raises CustodyError."""
        from azure.core.rest import HttpRequest

        parts = urlsplit(self.url)
        request = HttpRequest(method, self.url, headers={"x-ms-version": _VERSION, **(headers or {})}, content=content)
        try:
            with mapped(self.url):
                client = self.session.storage(f"{parts.scheme}://{parts.netloc}")
                response = client.send_request(request)
                if response.status_code in accepted or response.headers.get("x-ms-error-code", "") in codes:
                    return response
                response.raise_for_status()
        except DataPlaneError as error:
            raise self._refused(error) from None
        raise CustodyError(f"{self.url}: an answer that was not expected: {response.status_code}")

    def _refused(self, error: DataPlaneError) -> CustodyError:
        """The refusal, with its way out."""
        code = error.code if isinstance(error, RequestError) else ""
        if code == "ContainerNotFound":
            return CustodyError(
                f"{self.url}: there is no container {self.container} in that account — make it, or correct"
                f" {_DESTINATIONS}"
            )
        if code in _NO_ROLE:
            return NoRoleError(
                f"{self.url}: {self.session.principal()} may not read and write there — give it the Azure role Storage"
                " Blob Data Contributor at the container (a new role takes some minutes), or sign in as one who has it"
            )
        if code in _CLOSED:
            return ClosedError(
                f"{self.url}: the network rules of the storage account do not let this computer in — let its address"
                " in, or run this from where they do"
            )
        if code in _IMMUTABLE:
            return ImmutableBlobError(
                f"{self.url}: is immutable, and what is there would have to give way — choose another name for this"
                f" pool ({_DESTINATIONS})"
            )
        if isinstance(error, ForbiddenError):
            return CustodyError(f"{error.refusal} — look at the storage account's access and network rules")
        if isinstance(error, ConflictError):
            return CustodyError(f"{error} — look at the storage account")
        return CustodyError(str(error))
