"""Tokens of the machine's managed identities, from the instance metadata service (version 1).

Source: "How to use managed identities on a VM to acquire an access token", its error handling included.
"""

from __future__ import annotations

import base64
import http.client
import json
import urllib.parse
from typing import Any

from workload.steps import NotAsPromised, NotYet

HOST = "169.254.169.254"
PATH = "/metadata/identity/oauth2/token"
API_VERSION = "2018-02-01"
TIMEOUT_SECONDS = 10.0


def token(resource: str, client_id: str) -> str:
    """An access token for the resource. Raises NotAsPromised, and OSError where nobody answers.

    ``client_id`` names a user-assigned identity; empty where the machine's own is meant.
    """
    query = {"api-version": API_VERSION, "resource": resource}
    if client_id:
        query["client_id"] = client_id
    status, answer = ask(f"{PATH}?{urllib.parse.urlencode(query)}")
    if status == 200:
        return str(answer["access_token"])
    description = str(answer.get("error_description", ""))
    # 404, 410, 429 and 5xx pass, by the service's own guidance; an identity that is new here is not found at first.
    passing = status in (404, 410, 429) or status >= 500 or "Identity not found" in description
    raise (NotYet if passing else NotAsPromised)(f"the metadata service answered {status}: {description}")


def ask(path: str) -> tuple[int, dict[str, Any]]:
    """Status and answer. Raises OSError, HTTPException."""
    connection = http.client.HTTPConnection(HOST, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Metadata": "true"})
        response = connection.getresponse()
        return response.status, json_object(response.read())
    finally:
        connection.close()


def claims(access_token: str) -> dict[str, Any]:
    """What a token says; whether it is true, the service that takes it looks at."""
    payload = access_token.split(".")[1]
    return json_object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def json_object(content: bytes) -> dict[str, Any]:
    """The JSON object that this is; an empty one where it is something else."""
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
