"""ARM's REST as the plugin uses it: signed requests, repeated where that is safe and may help.

What is repeated, and how long is waited, after "Azure Resource Manager: throttling" and azcore's retry policy.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from local_azure.plugin.clouds import Cloud
from local_azure.plugin.credentials import Credential
from local_azure.plugin.errors import ArmError, ConnectionFailed, arm_error
from local_azure.plugin.transport import Answer, Http
from local_azure.plugin.waiting import Deadline

_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_BUSY_CONFLICTS = frozenset({"AnotherOperationInProgress", "RetryableError"})
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_ATTEMPTS = 8
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0
_SHORTEST_PAUSE_SECONDS = 0.02
"""Between two polls of a service that says "at once"."""


class ArmClient:
    """Thread-safe."""

    def __init__(self, cloud: Cloud, credential: Credential, transport: Http) -> None:
        self.cloud = cloud
        self.credential = credential
        self._transport = transport

    @property
    def scope(self) -> str:
        """Of ARM's tokens."""
        return f"{self.cloud.audience}/.default"

    def send(
        self,
        method: str,
        resource_id: str,
        api_version: str,
        deadline: Deadline,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """One operation on a resource. Raises ArmError where ARM refuses it."""
        parameters = urlencode({**(query or {}), "api-version": api_version}, safe="$")
        url = f"{self.cloud.resource_manager}{quote(resource_id, safe='/$@-._~()')}?{parameters}"
        return self.send_to(method, url, resource_id, self.scope, deadline, body)

    def poll(self, url: str, resource_id: str, deadline: Deadline) -> Answer:
        """Asks a URL that ARM gave, absolute or relative to ARM. As :meth:`send`."""
        return self.send_to("GET", urljoin(self.cloud.resource_manager, url), resource_id, self.scope, deadline)

    def send_to(
        self,
        method: str,
        url: str,
        resource_id: str,
        scope: str,
        deadline: Deadline,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The same to any service that takes tokens of this scope."""
        answer = self._send_signed(method, url, scope, deadline, body)
        if answer.status >= 400:
            raise arm_error(answer.status, answer.json(), resource_id)
        return answer

    def read(self, resource_id: str, api_version: str, deadline: Deadline) -> dict[str, Any] | None:
        """The resource; None where there is none, or an empty answer: some services say so with a 204."""
        try:
            return self.send("GET", resource_id, api_version, deadline).json() or None
        except ArmError as error:
            if error.status == 404:
                return None
            raise

    def _send_signed(
        self, method: str, url: str, scope: str, deadline: Deadline, body: Mapping[str, Any] | None
    ) -> Answer:
        token = self.credential.token(scope)
        answer = self._send_again(method, url, token, deadline, body)
        if answer.status != 401:
            return answer
        # The token may have expired before its time: clocks differ, keys are rotated. A fresh one is tried once.
        self.credential.forget(scope, token)
        return self._send_again(method, url, self.credential.token(scope), deadline, body)

    def _send_again(
        self, method: str, url: str, token: str, deadline: Deadline, body: Mapping[str, Any] | None
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            content = json.dumps(body).encode()
        pause = _FIRST_PAUSE_SECONDS
        for attempt in itertools.count(1):
            deadline.check()
            seconds = pause
            try:
                answer = self._transport.request(method, url, headers, content)
            except ConnectionFailed as error:
                if attempt >= error.attempts or method not in _REPEATABLE:
                    raise
            else:
                if attempt >= _ATTEMPTS or not _is_busy(answer):
                    return answer
                seconds = retry_after(answer, pause)
            deadline.wait(seconds)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
        raise AssertionError("there is always another attempt")


def retry_after(answer: Answer, otherwise: float) -> float:
    """The seconds that ``Retry-After`` asks for, in either of its forms (RFC 9110 section 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return otherwise
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text, answer.headers.get("date", ""), otherwise)
    return max(seconds, _SHORTEST_PAUSE_SECONDS)


def _seconds_until(moment: str, now: str, otherwise: float) -> float:
    # Rare, and slow to import.
    from email.utils import parsedate_to_datetime

    try:
        return (parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds()
    except (TypeError, ValueError):
        return otherwise


def _is_busy(answer: Answer) -> bool:
    if answer.status in _BUSY:
        return True
    error = answer.json().get("error") if answer.status == 409 else None
    return isinstance(error, Mapping) and error.get("code") in _BUSY_CONFLICTS
