"""The control API: how tests and the command line move the clock, make things fail, and start over.

Plain HTTP on the proxy's own port, at ``/_local_azure/…``. The header ``X-Local-Azure: control`` is required, so that
no web page can call it: a browser would have to ask first (CORS), and is never answered.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp import web

from local_azure.arm.operations import never_report_done
from local_azure.arm.providers.managed_hsm_life import PURGE
from local_azure.attestation import tokens as attestation_tokens
from local_azure.core.faults import FaultRule, InvalidFault
from local_azure.entra import binding_certificates, directory, issuers
from local_azure.managed_hsm.security_domain.state import fail_activations
from local_azure.monitor import arrival
from local_azure.monitor.alerts import fired
from local_azure.monitor.destinations import messages
from local_azure.server.dispatch import Dispatcher
from local_azure.server.request_log import RequestLog, entries
from local_azure.vm.imds import attestation
from local_azure.vm.machines import RunningMachines
from local_azure.vm.namespace import NamespaceError, NamespacesNotAllowed
from local_azure.vm.place import NoSuchMachine

PREFIX = "/_local_azure/"
HEADER, HEADER_VALUE = "X-Local-Azure", "control"

Handler = Callable[[dict[str, Any]], Any]


class BadControlRequest(ValueError):
    """The body of a control request is not what it must be."""


class ControlApi:
    """Answers control requests; an ``aiohttp.web.Server`` calls it."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        log: RequestLog,
        machines: RunningMachines,
        status: Callable[[], dict[str, Any]],
        in_thread: Callable[[Callable[[], Any]], Awaitable[Any]],
    ) -> None:
        self._dispatcher = dispatcher
        self._log = log
        self._machines = machines
        self._in_thread = in_thread
        self._routes: dict[tuple[str, str], Handler] = {
            ("GET", "status"): lambda _: status(),
            ("POST", "reset"): self._reset,
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._move_clock,
            ("GET", "latency"): self._latency,
            ("PUT", "latency"): self._set_latency,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("PUT", "activations"): self._fail_activations,
            ("PUT", "purges"): self._silence_purges,
            ("PUT", "attestation"): self._require_attestation,
            ("POST", "attestations"): self._attest,
            ("POST", "workflow-tokens"): self._workflow_token,
            ("POST", "revocations"): self._revoke,
            ("POST", "machines"): self._enter_machine,
            ("GET", "alerts"): lambda _: fired(dispatcher.world),
            ("GET", "messages"): self._messages,
            ("GET", "log"): lambda _: list(entries(log.path)),
        }

    async def __call__(self, incoming: web.BaseRequest) -> web.StreamResponse:
        """Answers one request."""
        if incoming.headers.get(HEADER) != HEADER_VALUE:
            return _json({"error": f"The header {HEADER}: {HEADER_VALUE} is required."}, 403)
        handler = self._routes.get((incoming.method, incoming.path.removeprefix(PREFIX)))
        if not incoming.path.startswith(PREFIX) or handler is None:
            return _json({"error": f"There is no {incoming.method} {incoming.path}."}, 404)
        try:
            body = _object(await incoming.read())
            return _json(await self._in_thread(lambda: handler(body)))
        except (BadControlRequest, InvalidFault) as error:
            return _json({"error": str(error)}, 400)
        except (NoSuchMachine, NamespacesNotAllowed, NamespaceError) as error:
            return _json({"error": str(error)}, 409)

    def _reset(self, _: dict[str, Any]) -> dict[str, Any]:
        self._machines.stop_all()
        world = self._dispatcher.world
        world.clock.reset()
        world.latency.set_scale(0.0)
        with world.store.transaction():
            world.store.clear(keep=directory.SIGNING_KEYS)
            directory.seed(world)
        self._machines.refresh()
        self._machines.forget()
        self._dispatcher.forget()
        self._log.clear()
        return {}

    def _clock(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"now": self._dispatcher.world.clock.now().isoformat()}

    def _move_clock(self, body: dict[str, Any]) -> dict[str, Any]:
        self._dispatcher.world.clock.move(timedelta(seconds=_number(body, "seconds")))
        return self._clock(body)

    def _latency(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"scale": self._dispatcher.world.latency.scale}

    def _set_latency(self, body: dict[str, Any]) -> dict[str, Any]:
        scale = _number(body, "scale")
        if scale < 0:
            raise BadControlRequest("scale must not be negative")
        self._dispatcher.world.latency.set_scale(scale)
        return self._latency(body)

    def _fail_activations(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("fail"), bool):
            raise BadControlRequest("fail must be true or false")
        fail_activations(self._dispatcher.world, body["fail"])
        return {}

    def _silence_purges(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("silent"), bool):
            raise BadControlRequest("silent must be true or false")
        never_report_done(self._dispatcher.world, PURGE, body["silent"])
        return {}

    def _require_attestation(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("required"), bool):
            raise BadControlRequest("required must be true or false")
        attestation.require(self._dispatcher.world, body["required"])
        return {}

    def _attest(self, body: dict[str, Any]) -> dict[str, Any]:
        issuer, claims = body.get("issuer"), body.get("claims")
        if not isinstance(issuer, str) or not isinstance(claims, dict):
            raise BadControlRequest("issuer must be the address of an attestation provider, claims an object")
        try:
            return {"token": attestation_tokens.issue(self._dispatcher.world, issuer, claims)}
        except ValueError as error:
            raise BadControlRequest(str(error)) from None

    def _workflow_token(self, body: dict[str, Any]) -> dict[str, Any]:
        subject, audience = body.get("subject"), body.get("audience")
        if not isinstance(subject, str) or not isinstance(audience, str):
            raise BadControlRequest("subject and audience must be texts")
        return {"token": issuers.github_token(self._dispatcher.world, subject, audience)}

    def _revoke(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("clientId"), str | None):
            raise BadControlRequest("clientId must be that of an identity")
        return {"revoked": binding_certificates.revoke(self._dispatcher.world, body.get("clientId"))}

    def _enter_machine(self, body: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(body.get("name"), str):
            raise BadControlRequest("name must be the name of a machine")
        entry = self._machines.entry(body["name"])
        return {"entering": entry.entering, "directory": str(entry.directory)}

    def _messages(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if not isinstance(body.get("namespace"), str) or not isinstance(body.get("hub"), str):
            raise BadControlRequest("namespace and hub must be the names of an event hub")
        arrival.settle(self._dispatcher.world)
        return messages(self._dispatcher.world, body["namespace"], body["hub"])

    def _faults(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        return [rule.document() for rule in self._dispatcher.faults.rules()]

    def _add_fault(self, body: dict[str, Any]) -> dict[str, Any]:
        rule = FaultRule.from_document(body)
        self._dispatcher.faults.add(rule)
        return rule.document()

    def _clear_faults(self, _: dict[str, Any]) -> dict[str, Any]:
        self._dispatcher.faults.clear()
        return {}


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        raise BadControlRequest("the body is no JSON") from None
    if not isinstance(value, dict):
        raise BadControlRequest("the body must be a JSON object")
    return value


def _number(body: dict[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadControlRequest(f"{name} must be a number")
    return float(value)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(value).encode(), content_type="application/json")
