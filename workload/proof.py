"""Proves, on the virtual machine itself, that the private path to the pool is as promised.

The engine's side sends this file's text through the machine's run command, so it needs nothing but the Python that
Ubuntu and most Linux images bring (3.8 or newer, standard library only), and it writes its evidence as one line of JSON
of less than 4 KB: a run command keeps no more of the output.

Asked are: the machine's own resolver, the instance metadata service, the pool through its private endpoint, and the
pool's public address, which a public resolver names. No token and no key material is ever written.
Sources: "How to use managed identities on a VM to acquire an access token", the Key Vault data plane's REST
reference (keys, api-version 7.4), RFC 1035.
"""

from __future__ import annotations

import base64
import datetime
import functools
import http.client
import json
import os
import secrets
import socket
import ssl
import struct
import sys
import time
import urllib.parse
from collections.abc import Callable
from typing import Any

API_VERSION = "7.4"
RESOURCE = "https://managedhsm.azure.net"
IMDS = "169.254.169.254"
PUBLIC_RESOLVERS = ("1.1.1.1", "8.8.8.8")
FIREWALL_CODES = ("ForbiddenByFirewall", "ForbiddenByConnection")
FIREWALL_WORDS = (
    "is not authorized and caller",
    "public network access is disabled",
    "is not an approved private link",
    "this tcp connection does not allow access",
)
"""The service does not send the codes everywhere ("Azure Key Vault REST API error codes")."""
TIMEOUT_SECONDS = 10.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 10.0


class NotAsPromised(Exception):
    """What was found instead."""


class NotYet(NotAsPromised):
    """What was found may pass: names, identities, roles and rules take a while to be known everywhere."""


def prove(promise: dict[str, Any]) -> dict[str, Any]:
    """The evidence for a promise.

    The promise has ``host``, ``privateAddresses``, ``principalId``, ``clientId`` (empty for a system-assigned
    identity), ``key`` (a name), ``lists`` (whether listing keys is promised), ``publicWay`` (``closed`` or ``open``)
    and ``patienceSeconds``, for which all steps together wait for what may pass. Every step is tried even if an earlier
    one failed, as far as it does not need its result.
    """
    steps: dict[str, Any] = {}
    deadline = time.monotonic() + promise["patienceSeconds"]
    evidence: dict[str, Any] = {
        "startedAt": _now(),
        "machine": socket.gethostname(),
        "host": promise["host"],
        "steps": steps,
    }
    _step(steps, "name", deadline, lambda: _name(promise))
    tokens: list[str] = []
    _step(steps, "token", deadline, lambda: _token(promise, tokens))
    for step, attempt in (("list", _list), ("use", _use), ("publicWay", _public_way)):
        if tokens:
            _step(steps, step, deadline, functools.partial(attempt, promise, tokens[-1]))
        else:
            steps[step] = {"passed": False, "found": "not tried: there is no token"}
    evidence["passed"] = all(step["passed"] for step in steps.values())
    evidence["finishedAt"] = _now()
    return evidence


def _step(steps: dict[str, Any], name: str, deadline: float, attempt: Callable[[], str]) -> None:
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            steps[name] = {"passed": True, "found": attempt()}
            return
        except NotAsPromised as error:
            found, may_pass = str(error), isinstance(error, NotYet)
        except (OSError, http.client.HTTPException) as error:
            found, may_pass = f"{type(error).__name__}: {error}", True
        except (ValueError, KeyError) as error:
            found, may_pass = f"{type(error).__name__}: {error}", False
        if not may_pass or time.monotonic() + pause > deadline:
            steps[name] = {"passed": False, "found": _short(found)}
            return
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _short(text: str) -> str:
    """So much of it that the whole evidence stays below what a run command keeps, however JSON writes it."""
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in text)[:350]


def _name(promise: dict[str, Any]) -> str:
    promised = sorted(promise["privateAddresses"])
    host = promise["host"]
    found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)})
    if not found or not set(found) <= set(promised):
        raise NotYet("{} is {} here, not {}".format(host, ", ".join(found), " or ".join(promised)))
    return ", ".join(found)


def _token(promise: dict[str, Any], tokens: list[str]) -> str:
    query = {"api-version": "2018-02-01", "resource": RESOURCE}
    if promise.get("clientId"):
        query["client_id"] = promise["clientId"]
    status, answer = _imds("/metadata/identity/oauth2/token?" + urllib.parse.urlencode(query))
    if status != 200:
        description = str(answer.get("error_description", ""))
        # 404, 410, 429 and 5xx pass, by the service's own guidance; an identity that is new here is not found at first.
        passing = status in (404, 410, 429) or status >= 500 or "Identity not found" in description
        raise (NotYet if passing else NotAsPromised)(f"the metadata service answered {status}: {description}")
    token = str(answer["access_token"])
    object_id = _claims(token).get("oid")
    if object_id != promise["principalId"]:
        raise NotAsPromised("the token is {}'s, not {}'s".format(object_id, promise["principalId"]))
    tokens.append(token)
    return f"principal {object_id}"


def _imds(path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(IMDS, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers={"Metadata": "true"})
        response = connection.getresponse()
        return response.status, _object(response.read())
    finally:
        connection.close()


def _list(promise: dict[str, Any], token: str) -> str:
    if not promise["lists"]:
        return "not tried: the identity's role is at one key"
    answer = _asked("listing keys", promise["host"], "GET", "/keys", token)
    return "{} keys".format(len(answer["value"]))


def _use(promise: dict[str, Any], token: str) -> str:
    host, name = promise["host"], promise["key"]
    key = _asked("reading " + name, host, "GET", "/keys/" + name, token)["key"]
    version = key["kid"].rsplit("/", 1)[-1]
    path = f"/keys/{name}/{version}/"
    operations = set(key["key_ops"])
    for forth, back, algorithm in _ways(key):
        if {forth, back} <= operations:
            _there_and_back(host, path, token, forth, back, algorithm)
            return f"{name}: {forth} and {back} with {algorithm}, version {version}"
    raise NotAsPromised(f"{name} can do {sorted(operations)} only: nothing that could be tried there and back")


def _ways(key: dict[str, Any]) -> list[tuple[str, str, str]]:
    kind = key["kty"]
    if kind.startswith("RSA"):
        return [
            ("wrapKey", "unwrapKey", "RSA-OAEP-256"),
            ("encrypt", "decrypt", "RSA-OAEP-256"),
            ("sign", "verify", "PS256"),
        ]
    if kind.startswith("EC"):
        algorithms = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "P-256K": "ES256K"}
        return [("sign", "verify", algorithms[key["crv"]])]
    return [("wrapKey", "unwrapKey", algorithm) for algorithm in ("A256KW", "A192KW", "A128KW")]


def _there_and_back(host: str, path: str, token: str, forth: str, back: str, algorithm: str) -> None:
    length = {"ES384": 48, "ES512": 64}.get(algorithm, 32)
    original = _encoded(secrets.token_bytes(length))
    answer = _asked(forth, host, "POST", path + forth.lower(), token, {"alg": algorithm, "value": original})
    if forth == "sign":
        body = {"alg": algorithm, "digest": original, "value": answer["value"]}
        came_back = _asked(back, host, "POST", path + back, token, body)["value"] is True
    else:
        body = {"alg": algorithm, "value": answer["value"]}
        came_back = _asked(back, host, "POST", path + back.lower(), token, body)["value"] == original
    if not came_back:
        raise NotAsPromised(f"{back} did not give back what {forth} was given")


def _public_way(promise: dict[str, Any], token: str) -> str:
    if promise["publicWay"] == "open":
        return "open, as the configuration says; not measured"
    host = promise["host"]
    address = _public_address(host)
    if address is None:
        return "not measured: no public resolver is reached from here"
    try:
        status, answer = _request(host, "GET", "/keys/" + promise["key"], token, address=address)
    except OSError as error:
        raise NotAsPromised(f"{address} did not answer ({error}), which proves nothing about the firewall") from None
    code = _inner_code(answer)
    if _by_firewall(status, answer):
        return f"refused at {address}: {code}"
    # A rule that was just written is not in force everywhere at once; a token that is refused says nothing about rules.
    raise (NotAsPromised if status == 401 else NotYet)(f"{address} answered {status} {code} to an authorised token")


def _by_firewall(status: int, answer: dict[str, Any]) -> bool:
    message = str((answer.get("error") or {}).get("message", "")).lower()
    told = _inner_code(answer) in FIREWALL_CODES or any(words in message for words in FIREWALL_WORDS)
    return status == 403 and told


def _inner_code(answer: dict[str, Any]) -> str:
    error = answer.get("error") or {}
    inner = error.get("innererror") or {}
    return str(inner.get("code") or error.get("code") or "")


def _public_address(host: str) -> str | None:
    """The address that public DNS names; None where no public resolver answers."""
    answered = False
    for resolver in PUBLIC_RESOLVERS:
        try:
            addresses = _resolve(host, resolver)
        except OSError:
            continue
        answered = True
        if addresses:
            return addresses[0]
    if answered:
        raise NotYet(f"{host} has no address in public DNS, which proves nothing about the firewall")
    return None


def _resolve(host: str, resolver: str) -> list[str]:
    identifier = secrets.randbelow(65536)
    question = b"".join(bytes([len(label)]) + label.encode("ascii") for label in host.split(".")) + b"\0"
    query = struct.pack("!6H", identifier, 0x0100, 1, 0, 0, 0) + question + struct.pack("!2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        connection.settimeout(3.0)
        connection.connect((resolver, 53))
        connection.send(query)
        answer = connection.recv(4096)
    if struct.unpack("!H", answer[:2])[0] != identifier:
        raise OSError("the answer is another question's")
    return _addresses(answer)


def _addresses(answer: bytes) -> list[str]:
    questions, records = struct.unpack("!2H", answer[4:8])
    position = 12
    for _ in range(questions):
        position = _after_name(answer, position) + 4
    found = []
    for _ in range(records):
        position = _after_name(answer, position)
        kind, _, _, length = struct.unpack("!2HIH", answer[position : position + 10])
        position += 10
        if kind == 1 and length == 4:
            found.append(socket.inet_ntoa(answer[position : position + 4]))
        position += length
    return found


def _after_name(answer: bytes, position: int) -> int:
    while True:
        length = answer[position]
        if length >= 0xC0:
            return position + 2
        position += 1 + length
        if length == 0:
            return position


def _asked(
    doing: str, host: str, method: str, path: str, token: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The answer of 200. Raises NotAsPromised."""
    status, answer = _request(host, method, path, token, body)
    if status == 200:
        return answer
    passing = status in (403, 429) or status >= 500
    raise (NotYet if passing else NotAsPromised)(_refusal(doing, status, answer))


def _request(
    host: str, method: str, path: str, token: str, body: dict[str, Any] | None = None, address: str | None = None
) -> tuple[int, dict[str, Any]]:
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(host, timeout=TIMEOUT_SECONDS, context=context)
    if address is not None:
        plain = socket.create_connection((address, 443), timeout=TIMEOUT_SECONDS)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
    headers = {"Authorization": "Bearer " + token, "Accept": "application/json"}
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, f"{path}?api-version={API_VERSION}", body=content, headers=headers)
        response = connection.getresponse()
        return response.status, _object(response.read())
    finally:
        connection.close()


def _object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _refusal(doing: str, status: int, answer: dict[str, Any]) -> str:
    message = (answer.get("error") or {}).get("message", "")
    return f"{doing} was answered {status} {_inner_code(answer)} {message}".strip()


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return _object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017 - Python 3.8


if __name__ == "__main__":
    # A machine's own proxy settings would lead the question astray.
    for variable in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[variable]
    print(json.dumps(prove(json.loads(sys.argv[1])), separators=(",", ":")))
