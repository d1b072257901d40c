"""A client of the control API, for tests and the command line. Standard library only."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

_CONFLICT = 409


class ControlError(Exception):
    """The local Azure does not answer, or refused."""


class ControlRefused(ControlError):
    """What was asked for cannot be; the message is one line for the user."""


class ControlClient:
    """Talks to the local Azure that listens on ``port`` of 127.0.0.1."""

    def __init__(self, port: int, timeout_seconds: float = 10.0) -> None:
        self._port = port
        self._timeout = timeout_seconds

    def status(self) -> dict[str, Any]:
        """Process id, home, port, uptime, what is played, number of resources, clock, latency, faults."""
        return self._ask("GET", "status")  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Forgets all state, faults, the clock's offset, latency and the request log; keeps CA and credentials."""
        self._ask("POST", "reset")

    def move_clock(self, seconds: float) -> str:
        """Moves the time of the local Azure, back with a negative number; answers the new time (ISO 8601)."""
        return str(self._ask("POST", "clock", {"seconds": seconds})["now"])

    def now(self) -> str:
        """The time of the local Azure (ISO 8601)."""
        return str(self._ask("GET", "clock")["now"])

    def set_latency(self, scale: float) -> None:
        """0 answers at once, 1 takes as long as Azure."""
        self._ask("PUT", "latency", {"scale": scale})

    def add_fault(self, kind: str, **fields: Any) -> str:
        """Puts a fault in force (see :class:`local_azure.core.faults.FaultRule`); answers its id."""
        return str(self._ask("POST", "faults", {"kind": kind, **fields})["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The faults that still wait for requests."""
        return self._ask("GET", "faults")  # type: ignore[no-any-return]

    def clear_faults(self) -> None:
        """Nothing goes wrong any more."""
        self._ask("DELETE", "faults")

    def fail_activations(self, fail: bool) -> None:
        """Whether activations of pools that begin from now on end as Failed."""
        self._ask("PUT", "activations", {"fail": fail})

    def silence_purges(self, silent: bool) -> None:
        """Whether the long-running purge of a managed HSM never reports that it is done, which Azure's can do."""
        self._ask("PUT", "purges", {"silent": silent})

    def require_attestation(self, required: bool) -> None:
        """Whether the metadata service issues certificates to attested keys only."""
        self._ask("PUT", "attestation", {"required": required})

    def attest(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """A token of the attestation provider at ``issuer`` (``https://<name>.<region>.attest.azure.net``).

        It makes the claims as if the provider had judged evidence; for a key release ``x-ms-runtime`` has the keys of
        the environment (a JSON Web Key Set).
        """
        return str(self._ask("POST", "attestations", {"issuer": issuer, "claims": dict(claims)})["token"])

    def workflow_token(self, subject: str, audience: str = "api://AzureADTokenExchange") -> str:
        """What GitHub gives a workflow with this subject (``repo:contoso/hsm:ref:refs/heads/main``)."""
        return str(self._ask("POST", "workflow-tokens", {"subject": subject, "audience": audience})["token"])

    def revoke_certificates(self, client_id: str | None = None) -> int:
        """Revokes the certificates of every managed identity, or of one; answers how many."""
        return int(self._ask("POST", "revocations", {"clientId": client_id})["revoked"])

    def enter_machine(self, name: str) -> tuple[list[str], str]:
        """Starts a virtual machine if it does not run yet.

        Answers the beginning of a command line that runs the rest of it inside, and the machine's directory.
        ``name``: the machine's, ``group/name``, its ARM id, or ``internet``.
        """
        answer = self._ask("POST", "machines", {"name": name})
        return answer["entering"], str(answer["directory"])

    def alerts(self) -> list[dict[str, Any]]:
        """The alert rules that fire now: ``rule``, ``events``, ``actionGroups``."""
        return self._ask("GET", "alerts")  # type: ignore[no-any-return]

    def messages(self, namespace: str, hub: str) -> list[dict[str, Any]]:
        """What an event hub was sent, oldest first: the bodies of its messages."""
        return self._ask("GET", "messages", {"namespace": namespace, "hub": hub})  # type: ignore[no-any-return]

    def log(self) -> list[dict[str, Any]]:
        """The request log, oldest first."""
        return self._ask("GET", "log")  # type: ignore[no-any-return]

    def _ask(self, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"/_local_azure/{name}", payload, {"X-Local-Azure": "control"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ControlError(f"No local Azure answers on 127.0.0.1:{self._port}: {error}") from None
        finally:
            connection.close()
        if response.status != 200:
            reason = answer.get("error") if isinstance(answer, dict) else answer
            if response.status == _CONFLICT:
                raise ControlRefused(str(reason))
            raise ControlError(f"{method} {name}: {response.status} {reason}")
        return answer
