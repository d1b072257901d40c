"""Proves, on the virtual machine itself, that the private path to the pool is as promised.

The engine's side sends :data:`MODULES` through the machine's run command, so they need nothing but the Python that
Ubuntu and most Linux images bring (3.8 or newer, standard library only), and write their evidence as one line of JSON
of less than 4 KB: a run command keeps no more of the output.

Asked are: the machine's own resolver, the instance metadata service, the pool through its private endpoint, and the
pool's public address, which a public resolver names; none of them by a proxy, whatever the machine's settings say. No
token and no key material is ever written.
"""

from __future__ import annotations

import base64
import datetime
import functools
import json
import secrets
import socket
import sys
import time
from typing import Any

from workload import metadata, public_dns
from workload.pool import Pool, resource_of
from workload.steps import NotAsPromised, NotMeasured, NotYet, attempted

MODULES = ("__init__", "steps", "metadata", "public_dns", "pool", "proof")
"""What runs on the machine, all of this package."""


def prove(promise: dict[str, Any]) -> dict[str, Any]:
    """The evidence for a promise.

    The promise has ``host``, ``privateAddresses``, ``principalId``, ``clientId`` (empty for a system-assigned
    identity), ``key`` (a name), ``lists`` (whether listing keys is promised), ``publicWay`` (``closed`` or ``open``)
    and ``patienceSeconds``, for which all steps together wait for what may pass. Every step is tried even if an earlier
    one failed, as far as it does not need its result. Of a step that could not be measured it is said so, and neither
    that it passed nor that it did not.
    """
    steps: dict[str, Any] = {}
    deadline = time.monotonic() + promise["patienceSeconds"]
    evidence: dict[str, Any] = {
        "startedAt": _now(),
        "machine": socket.gethostname(),
        "host": promise["host"],
        "steps": steps,
    }
    steps["name"] = attempted(deadline, lambda: _name(promise))
    tokens: list[str] = []
    steps["token"] = attempted(deadline, lambda: _token(promise, tokens))
    for step, attempt in (("list", _list), ("use", _use), ("publicWay", _public_way)):
        if tokens:
            pool = Pool(promise["host"], promise["privateAddresses"], tokens[-1])
            steps[step] = attempted(deadline, functools.partial(attempt, promise, pool))
        else:
            steps[step] = {"passed": False, "found": "not tried: there is no token"}
    evidence["passed"] = all(step.get("passed", True) for step in steps.values())
    evidence["finishedAt"] = _now()
    return evidence


def _name(promise: dict[str, Any]) -> str:
    promised = sorted(promise["privateAddresses"])
    host = promise["host"]
    found = sorted({str(entry[4][0]) for entry in socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)})
    if not found or not set(found) <= set(promised):
        raise NotYet("{} is {} here, not {}".format(host, ", ".join(found), " or ".join(promised)))
    return ", ".join(found)


def _token(promise: dict[str, Any], tokens: list[str]) -> str:
    token = metadata.token(resource_of(promise["host"]), promise.get("clientId", ""))
    object_id = metadata.claims(token).get("oid")
    if object_id != promise["principalId"]:
        raise NotAsPromised("the token is {}'s, not {}'s".format(object_id, promise["principalId"]))
    tokens.append(token)
    return f"principal {object_id}"


def _list(promise: dict[str, Any], pool: Pool) -> str:
    if not promise["lists"]:
        raise NotMeasured("not tried: the identity's role is at one key")
    answer = pool.privately("listing keys", "GET", "/keys")
    return "{} keys".format(len(answer["value"]))


def _use(promise: dict[str, Any], pool: Pool) -> str:
    name = promise["key"]
    key = pool.privately("reading " + name, "GET", "/keys/" + name)["key"]
    version = key["kid"].rsplit("/", 1)[-1]
    path = f"/keys/{name}/{version}/"
    operations = set(key["key_ops"])
    for forth, back, algorithm in _ways(key):
        if {forth, back} <= operations:
            _there_and_back(pool, path, forth, back, algorithm)
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


def _there_and_back(pool: Pool, path: str, forth: str, back: str, algorithm: str) -> None:
    length = {"ES384": 48, "ES512": 64}.get(algorithm, 32)
    original = base64.urlsafe_b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
    answer = pool.privately(forth, "POST", path + forth.lower(), {"alg": algorithm, "value": original})
    if forth == "sign":
        body = {"alg": algorithm, "digest": original, "value": answer["value"]}
        came_back = pool.privately(back, "POST", path + back, body)["value"] is True
    else:
        body = {"alg": algorithm, "value": answer["value"]}
        came_back = pool.privately(back, "POST", path + back.lower(), body)["value"] == original
    if not came_back:
        raise NotAsPromised(f"{back} did not give back what {forth} was given")


def _public_way(promise: dict[str, Any], pool: Pool) -> str:
    if promise["publicWay"] == "open":
        raise NotMeasured("not measured: it is open, as the configuration says")
    address = _public_address(pool.host)
    try:
        answer = pool.ask("GET", "/keys/" + promise["key"], address=address)
    except OSError as error:
        raise NotAsPromised(f"{address} did not answer ({error}), which proves nothing about the firewall") from None
    if answer.by_firewall:
        return f"refused at {address}: {answer.code}"
    # A rule that was just written is not in force everywhere at once; a token that is refused says nothing about rules.
    kind = NotAsPromised if answer.status == 401 else NotYet
    raise kind(f"{address} answered {answer.status} {answer.code} to an authorised token")


def _public_address(host: str) -> str:
    try:
        found = public_dns.addresses(host)
    except public_dns.NobodyAnswers:
        raise NotMeasured("not measured: no public resolver is reached from here") from None
    if not found:
        raise NotYet(f"{host} has no address in public DNS, which proves nothing about the firewall")
    return found[0]


def _now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017 - Python 3.8


if __name__ == "__main__":
    print(json.dumps(prove(json.loads(sys.argv[1])), separators=(",", ":")))
