from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from data_plane import errors
from data_plane.errors import (
    ConflictError,
    CredentialError,
    DataPlaneError,
    ForbiddenError,
    NotActivatedError,
    NotFoundError,
    RequestError,
    ServiceFailureError,
    ThrottledError,
    UnauthenticatedError,
    UnreachableError,
    mapped,
)


class Answer:
    """What azure-core's errors need of a response."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        self.status_code, self.reason, self.headers = status, "reason", headers or {}
        self._body = body if isinstance(body, str) else json.dumps(body)
        self.content_type = "application/json"

    def text(self) -> str:
        return self._body

    def body(self) -> bytes:
        return self._body.encode()


def caught(error: Exception) -> DataPlaneError:
    with pytest.raises(DataPlaneError) as info, mapped("key k in https://h"):
        raise error
    assert info.value.__cause__ is None
    assert info.value.__suppress_context__
    assert "\n" not in str(info.value)
    return info.value


def answered(status: int, body: Any, headers: dict[str, str] | None = None) -> DataPlaneError:
    return caught(HttpResponseError(response=Answer(status, body, headers)))  # type: ignore[arg-type]


def envelope(code: str, message: str, inner: str = "") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **({"innererror": {"code": inner}} if inner else {})}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestError),
        (401, UnauthenticatedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (429, ThrottledError),
        (500, ServiceFailureError),
        (503, ServiceFailureError),
    ],
)
def test_each_status_has_its_error_with_subject_code_and_cause(status: int, kind: type[RequestError]) -> None:
    error = answered(status, envelope("Code", "two\nlines"))
    assert type(error) is kind
    assert str(error).startswith(f"key k in https://h: {status} Code: two lines")


def test_a_missing_role_names_what_was_refused_and_the_way_out() -> None:
    error = answered(403, envelope("Forbidden", "Not authorized to access keys/create on /keys", "AccessDenied"))
    assert "keys/create on /keys" in str(error)
    assert "give this principal a local role" in str(error)


def test_an_azure_role_that_is_missing_is_told_from_a_local_one() -> None:
    words = "The client 'c' does not have authorization to perform action 'Microsoft.KeyVault/managedHSMs/read'"
    error = answered(403, envelope("AuthorizationFailed", words))
    assert isinstance(error, ForbiddenError)
    assert "an Azure role with that action" in str(error)
    assert "local role" not in str(error)


def test_the_firewall_is_told_from_a_missing_role() -> None:
    error = answered(403, envelope("Forbidden", "Client address is refused", "ForbiddenByFirewall"))
    assert isinstance(error, ForbiddenError)
    assert error.by_firewall
    assert "hsm.firewall.ipRules" in str(error)


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("Client address (203.0.113.10) is not authorized and caller is not a trusted service.", "203.0.113.10"),
        ("Client address is not authorized and caller is not a trusted\r\nClient address: 192.0.2.7\r\nC", "192.0.2.7"),
        (
            "Client address (192.0.2.7) is not authorized and caller was ignored because bypass is set to None",
            "192.0.2.7",
        ),
        ("Public network access is disabled and request is not from a trusted service nor via", None),
        ("Connection is not an approved private link and caller was ignored because bypass is", None),
        ("This TCP connection does not allow access to az400popmhsm.managedhsm.azure.net.", None),
    ],
)
def test_the_firewall_is_known_by_its_words_where_the_service_sends_no_inner_code(
    words: str, address: str | None
) -> None:
    error = answered(403, envelope("Forbidden", words))
    assert isinstance(error, ForbiddenError)
    assert error.by_firewall
    assert error.client_address == address
    assert error.refusal == f"key k in https://h: 403 Forbidden: {' '.join(words.split())}"


def test_a_role_that_is_missing_is_no_matter_of_the_firewall() -> None:
    words = "Not authorized to access Microsoft.KeyVault/managedHsm/keys/read/action on /keys"
    error = answered(403, envelope("AccessDenied", words))
    assert isinstance(error, ForbiddenError)
    assert not error.by_firewall
    assert error.client_address is None


def test_a_pool_that_is_not_activated_says_so() -> None:
    assert isinstance(answered(403, envelope("Forbidden", "The HSM has not been activated.")), NotActivatedError)


def test_the_service_says_how_long_to_wait() -> None:
    error = answered(429, envelope("TooManyRequests", "slow"), {"Retry-After": "7"})
    assert isinstance(error, ThrottledError)
    assert error.retry_after == 7


def test_an_answer_that_is_no_json_is_no_obstacle() -> None:
    assert "502" in str(answered(502, "<html>Bad gateway</html>"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("ProxyError('Cannot connect to proxy')", "proxy"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "not trusted"),
        ("NameResolutionError: Name or service not known", "does not resolve"),
        ("[Errno 111] Connection refused", "refused"),
        ("Read timed out.", "no answer within"),
        ("something else", "something else"),
    ],
)
def test_a_missing_answer_says_why(text: str, cause: str) -> None:
    for error in (ServiceRequestError(text), ServiceResponseError(text)):
        assert isinstance(caught(error), UnreachableError)
        assert cause in str(caught(error))


def test_a_refused_credential_keeps_entras_own_words_and_drops_the_trace() -> None:
    refusal = "Authentication failed: AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation ID: 2"
    error = caught(ClientAuthenticationError(refusal))
    assert isinstance(error, CredentialError)
    assert "AADSTS7000215: Invalid client secret provided." in str(error)
    assert "Trace ID" not in str(error)


def test_a_broken_connection_while_signing_in_is_not_blamed_on_the_credential() -> None:
    error = caught(ClientAuthenticationError("Authentication failed: ('Unable to connect to proxy', …)"))
    assert isinstance(error, UnreachableError)
    assert "signing in: the proxy of HTTPS_PROXY" in str(error)


def test_nobody_signed_in_says_how() -> None:
    error = caught(ClientAuthenticationError("Please run 'az login' to set up an account"))
    assert isinstance(error, CredentialError)
    assert "sign in with az login or set ARM_CLIENT_ID" in str(error)


def test_every_error_explains_itself() -> None:
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, DataPlaneError)]
    for each in classes:
        assert each.__doc__
        assert each.__name__ in (errors.__doc__ or "")
