"""The proof as a whole, in surroundings that keep what is promised or do not: which step fails, in which words."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.data_plane.support import FakeClock
from workload import metadata, proof, public_dns, steps
from workload.pool import Answer as PoolAnswer
from workload.pool import Pool

HOST = "az400popmhsm.managedhsm.azure.net"
PRINCIPAL = "a1dd528d-e691-4349-b01e-5deb7d7876d7"
PRIVATE, PUBLIC = "10.0.1.4", "52.170.0.7"
STEPS = ("name", "token", "list", "use", "publicWay")
LONGEST_OUTPUT = 4096
"""Of which a run command keeps the end."""
Answer = tuple[int, dict[str, Any]]

NO_ROLE: Answer = (403, {"error": {"code": "AccessDenied", "message": "Not authorized to access …/keys/read/action"}})
SHUT: Answer = (403, {"error": {"code": "Forbidden", "innererror": {"code": "ForbiddenByFirewall"}}})


def token(principal: str = PRINCIPAL) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"oid": principal}).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2VjcmV0LXNpZ25hdHVyZQ"


@dataclass
class Surroundings:
    """What the machine sees. Each field is one thing that can be otherwise than promised."""

    address: str = PRIVATE
    metadata: Callable[[], Answer] = lambda: (200, {"access_token": token()})
    roles: Callable[[], Answer | None] = lambda: None
    """What refuses the identity, if anything."""
    operations: tuple[str, ...] = ("wrapKey", "unwrapKey")
    unwraps: bool = True
    public: Callable[[], Answer] = lambda: SHUT
    answered_by: str = PRIVATE
    public_addresses: Callable[[str], list[str]] = lambda _: [PUBLIC]
    clock: FakeClock = field(default_factory=FakeClock)
    asked: list[str] = field(default_factory=list)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", (self.address, 443))])
        patch.setattr(metadata, "ask", lambda _: self.metadata())
        patch.setattr(public_dns, "ask", lambda _, resolver: self.public_addresses(resolver))
        patch.setattr(Pool, "ask", self._ask)
        patch.setattr(proof, "time", self.clock)
        patch.setattr(steps, "time", self.clock)

    @property
    def _ask(self) -> Callable[..., PoolAnswer]:
        def ask(pool: Pool, method: str, path: str, body: Any = None, address: str | None = None) -> PoolAnswer:
            assert (pool.host, pool.token) == (HOST, token())
            status, answer = self._answer(method, path, body, address)
            return PoolAnswer(status, answer, address or self.answered_by)

        return ask

    def _answer(self, method: str, path: str, body: Any, address: str | None) -> Answer:
        self.asked.append(f"{method} {path}")
        if address is not None:
            return self.public()
        refused = self.roles()
        if refused is not None:
            return refused
        if path == "/keys":
            return 200, {"value": [{}, {}, {}]}
        if method == "GET":
            kid = f"https://{HOST}/keys/myrsakey/1f"
            return 200, {"key": {"kid": kid, "kty": "RSA-HSM", "key_ops": list(self.operations)}}
        return 200, {"value": body["value"] if self.unwraps else "AAAA"}


def prove(surroundings: Surroundings, **promise: Any) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        surroundings.install(patch)
        return proof.prove(
            {
                "host": HOST,
                "privateAddresses": [PRIVATE],
                "principalId": PRINCIPAL,
                "clientId": "",
                "key": "myrsakey",
                "lists": True,
                "publicWay": "closed",
                "patienceSeconds": 120,
                **promise,
            }
        )


def failed(evidence: dict[str, Any]) -> dict[str, str]:
    found = {name: each["found"] for name, each in evidence["steps"].items() if each.get("passed") is False}
    assert evidence["passed"] is not bool(found)
    return found


def once(first: Answer, then: Answer, times: int = 3) -> Callable[[], Answer]:
    answers = iter([first] * times)
    return lambda: next(answers, then)


def test_where_everything_is_as_promised_nothing_is_waited_for() -> None:
    surroundings = Surroundings()
    evidence = prove(surroundings)
    assert evidence["passed"]
    assert {name: each["found"] for name, each in evidence["steps"].items()} == {
        "name": PRIVATE,
        "token": f"principal {PRINCIPAL}",
        "list": "3 keys",
        "use": "myrsakey: wrapKey and unwrapKey with RSA-OAEP-256, version 1f",
        "publicWay": f"refused at {PUBLIC}: ForbiddenByFirewall",
    }
    assert surroundings.clock.pauses == []


def raising(error: Exception) -> Callable[..., Any]:
    def attempt(*_: object) -> Any:
        raise error

    return attempt


@pytest.mark.parametrize(
    ("surroundings", "step", "found"),
    [
        (Surroundings(address=PUBLIC), "name", f"{HOST} is {PUBLIC} here, not {PRIVATE}"),
        (Surroundings(roles=lambda: NO_ROLE), "list", "listing keys was answered 403 AccessDenied Not authorized"),
        (Surroundings(roles=lambda: NO_ROLE), "use", "reading myrsakey was answered 403 AccessDenied Not authorized"),
        (
            Surroundings(metadata=lambda: (400, {"error_description": "Identity not found"})),
            "token",
            "the metadata service answered 400: Identity not found",
        ),
        (
            Surroundings(metadata=lambda: (200, {"access_token": token("somebody-else")})),
            "token",
            f"the token is somebody-else's, not {PRINCIPAL}'s",
        ),
        (
            Surroundings(answered_by=PUBLIC),
            "list",
            f"listing keys was answered by {PUBLIC}, which is no private endpoint",
        ),
        (Surroundings(answered_by=PUBLIC), "use", f"reading myrsakey was answered by {PUBLIC}"),
        (Surroundings(roles=lambda: (200, {"value": None})), "list", "TypeError"),
        (Surroundings(operations=("sign",)), "use", "myrsakey can do ['sign'] only"),
        (Surroundings(unwraps=False), "use", "unwrapKey did not give back what wrapKey was given"),
        (Surroundings(public=lambda: (200, {"key": {}})), "publicWay", f"{PUBLIC} answered 200"),
        (Surroundings(public=lambda: NO_ROLE), "publicWay", f"{PUBLIC} answered 403 AccessDenied"),
        (Surroundings(public=lambda: (401, {})), "publicWay", f"{PUBLIC} answered 401"),
        (
            Surroundings(public=raising(TimeoutError("timed out"))),
            "publicWay",
            f"{PUBLIC} did not answer (timed out), which proves nothing about the firewall",
        ),
        (
            Surroundings(public_addresses=lambda _: []),
            "publicWay",
            f"{HOST} has no address in public DNS, which proves nothing about the firewall",
        ),
    ],
)
def test_a_broken_promise_fails_its_step(surroundings: Surroundings, step: str, found: str) -> None:
    evidence = prove(surroundings)
    assert not evidence["passed"]
    assert failed(evidence)[step].startswith(found)


def test_only_without_any_public_resolver_the_public_way_is_not_measured() -> None:
    evidence = prove(Surroundings(public_addresses=raising(TimeoutError())))
    assert evidence["passed"]
    assert evidence["steps"]["publicWay"] == {
        "measured": False,
        "found": "not measured: no public resolver is reached from here",
    }


def test_an_open_public_way_is_not_asked_where_it_is_promised_open() -> None:
    evidence = prove(Surroundings(public=lambda: (200, {})), publicWay="open")
    assert evidence["passed"]
    assert evidence["steps"]["publicWay"]["measured"] is False


def test_a_list_that_is_not_promised_is_not_asked() -> None:
    surroundings = Surroundings()
    evidence = prove(surroundings, lists=False)
    assert evidence["passed"]
    assert evidence["steps"]["list"] == {"measured": False, "found": "not tried: the identity's role is at one key"}
    assert "GET /keys" not in surroundings.asked


@pytest.mark.parametrize(
    "surroundings",
    [
        Surroundings(
            metadata=once((400, {"error_description": "Identity not found"}), (200, {"access_token": token()}))
        ),
        Surroundings(metadata=once((429, {}), (200, {"access_token": token()}))),
        Surroundings(public=once((200, {"key": {}}), SHUT)),
        Surroundings(public=once((503, {}), SHUT)),
    ],
)
def test_what_takes_a_while_to_be_in_force_is_waited_for(surroundings: Surroundings) -> None:
    assert prove(surroundings)["passed"]
    assert surroundings.clock.pauses == [0.5, 1.0, 2.0]


def test_a_role_that_comes_late_is_waited_for() -> None:
    refusals = iter([NO_ROLE] * 5)
    surroundings = Surroundings(roles=lambda: next(refusals, None))
    assert prove(surroundings)["passed"]
    assert sum(surroundings.clock.pauses) == 0.5 + 1 + 2 + 4 + 8


def test_the_patience_is_one_for_all_steps() -> None:
    surroundings = Surroundings(address=PUBLIC, roles=lambda: NO_ROLE, public=lambda: (200, {}))
    assert set(failed(prove(surroundings, patienceSeconds=60))) == {"name", "list", "use", "publicWay"}
    assert sum(surroundings.clock.pauses) <= 60


def test_what_cannot_pass_is_not_waited_for() -> None:
    for surroundings in (
        Surroundings(metadata=lambda: (400, {"error_description": "Multiple user assigned identities exist"})),
        Surroundings(unwraps=False),
        Surroundings(public=lambda: (401, {})),
    ):
        assert not prove(surroundings)["passed"]
        assert surroundings.clock.pauses == []


ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "error": st.fixed_dictionaries(
            {},
            optional={
                "code": st.text(max_size=3000),
                "message": st.text(max_size=3000),
                "innererror": st.fixed_dictionaries({}, optional={"code": st.text(max_size=30)}),
            },
        )
    },
)
REFUSALS = st.tuples(st.sampled_from([400, 401, 403, 404, 409, 429, 500, 503]), ERRORS)


@example(roles=(403, {"error": {"code": '"' * 2000}}), public=(403, {"error": {"code": "\0" * 2000}}), refused=None)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(roles=st.none() | REFUSALS, public=REFUSALS, refused=st.none() | REFUSALS)
def test_whatever_is_answered_the_evidence_is_whole_small_and_without_a_token(
    roles: Answer | None, public: Answer, refused: Answer | None
) -> None:
    given_token = (200, {"access_token": token()})
    evidence = prove(
        Surroundings(roles=lambda: roles, public=lambda: public, metadata=lambda: refused or given_token),
        patienceSeconds=1,
    )
    assert tuple(evidence["steps"]) == STEPS
    written = json.dumps(evidence, separators=(",", ":"))
    assert len(written) < LONGEST_OUTPUT
    assert token() not in written
    assert evidence["passed"] is (roles is None and refused is None and PoolAnswer(*public, PUBLIC).by_firewall)
