"""The proof that the private path is as promised, asked on the machine that the workload runs on.

It makes nothing that stays: a script runs by run command, and what it found is the resource's output. It runs again
whenever what it proves has changed, and when ``again`` does.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pulumi
from pulumi.dynamic import CheckFailure, CreateResult, ReadResult, Resource, UpdateResult

from data_plane.errors import ConflictError, DataPlaneError, DeadlineError, NotFoundError
from dynamic.base import HsmProvider, Props, contains_unknown, inputs_of, missing, one_line, tell
from workload import proof as script

if TYPE_CHECKING:
    from data_plane.run_command import Outcome

SECONDS = 600
"""What the script may take; on Azure a new role assignment and a new zone need minutes at worst."""
_NEEDED = ("vm_id", "location", "host", "private_addresses", "principal_id", "key", "public_way")
_NOT_KNOWN_IN_PREVIEWS = ("host", "machine_instance")
_WAYS_OUT = {
    "name": "the zone and its link (managed-hsm:network.dns)",
    "token": "the machine's identities (managed-hsm:identities)",
    "list": "the identity's roles (managed-hsm:roleAssignments)",
    "use": "the identity's roles and the key (managed-hsm:roleAssignments, keys)",
    "publicWay": "the firewall (managed-hsm:hsm.firewall)",
}
"""What to look at, by the step that failed."""
_NOT_TRIED = "not tried"
_LONGEST_CAUSE = 500
"""Characters."""
_OFF = "is not running"
"""What ARM says of a machine that is switched off, among all that can be in the way of a run command."""
_SILENT = "its agent has to be well (az vm get-instance-view), and to reach Azure's public addresses on port 443"
"""Without that way out a script may run and nobody hear of it ("Run scripts in your Linux VM by using Run Command")."""


class ProofError(DataPlaneError):
    """The private path is not as promised, or could not be tried."""


@dataclass
class ProofArgs:
    """What is promised, and where it is tried."""

    vm_id: pulumi.Input[str]
    """ARM id of the machine."""
    machine_instance: pulumi.Input[str]
    """What another machine of that id does not have: its ``vmId``."""
    location: pulumi.Input[str]
    """The machine's region."""
    host: pulumi.Input[str]
    """The pool's host name."""
    private_addresses: Sequence[pulumi.Input[str]]
    """What the name must be, inside the network."""
    principal_id: pulumi.Input[str]
    """Whom the machine's token must speak for."""
    client_id: pulumi.Input[str]
    """Of the user-assigned identity to sign in with; empty for the machine's own."""
    key: str
    """Name of the key to use."""
    key_version: pulumi.Input[str]
    lists: bool
    """Whether the identity may list keys, so that it is tried."""
    public_way: str
    """``closed``: the pool's public address must refuse the machine. ``open``: it need not."""
    firewall: str
    """The pool's rules; other rules are tried anew."""
    role_assignments: Sequence[pulumi.Input[str]]
    """What the identity was given; a new one is tried anew."""
    patience_seconds: int
    """How long names, roles and rules that are new may take to be in force."""
    again: str | None = None
    """Another word here runs the proof again."""


class ProofProvider(HsmProvider):
    """Runs the script; every change of the promise runs it again."""

    UPDATE: ClassVar = (
        *_NEEDED,
        "machine_instance",
        "client_id",
        "key_version",
        "lists",
        "firewall",
        "role_assignments",
        "patience_seconds",
        "again",
        "script",
    )
    REPLACE: ClassVar = ()

    def judge(self, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """A promise is whole; another script proves something else."""
        del olds
        digest = hashlib.sha256("".join(_sources().values()).encode()).hexdigest()
        return {**news, "script": digest}, missing(news, *_NEEDED)

    def _changed(self, name: str, olds: Props, news: Props) -> bool:
        # A preview of any change of the pool does not know its address, nor one of a machine its instance. Another pool
        # has other keys, and another machine of its own identity another principal: that is seen too.
        if name in _NOT_KNOWN_IN_PREVIEWS and contains_unknown(news.get(name)):
            return False
        return super()._changed(name, olds, news)

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Proves. Raises ProofError where the path is not as promised."""
        wanted = inputs_of(props)
        return CreateResult(f"{wanted['vm_id']}/proof", _proved(wanted))

    @one_line
    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Proves again."""
        return UpdateResult(_proved(inputs_of(_news)))

    def read(self, id_: str, props: Props) -> ReadResult:
        """What was found stays found; a refresh does not prove."""
        known = inputs_of(props)
        declared = {name: value for name, value in known.items() if name != "evidence"}
        return ReadResult(id_, known, declared)


class Proof(Resource, module="mhsm", name="Proof"):
    """That the right workload gets in privately, and that the public way is refused."""

    evidence: pulumi.Output[Mapping[str, Any]]
    """Times, addresses, principal, key version and result of each step."""

    def __init__(self, name: str, args: ProofArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declares the proof."""
        super().__init__(ProofProvider(), name, {**vars(args), "evidence": None}, opts)


def _sources() -> dict[str, str]:
    """The text of each module that runs on the machine, by its file's name."""
    files = [Path(script.__file__).with_name(f"{module}.py") for module in script.MODULES]
    return {each.name: each.read_text() for each in files}


def _proved(wanted: Props) -> Props:
    from data_plane import run_command, session

    machine = str(wanted["vm_id"]).rsplit("/", 1)[-1]
    tell(f"{machine}: proving the private path to {wanted['host']}")
    promise = {
        "host": wanted["host"],
        "privateAddresses": wanted["private_addresses"],
        "principalId": wanted["principal_id"],
        "clientId": wanted.get("client_id", ""),
        "key": wanted["key"],
        "lists": wanted["lists"],
        "publicWay": wanted["public_way"],
        "patienceSeconds": wanted["patience_seconds"],
    }
    # A name of its own: a run command of the same name and content, left by a run that was killed, does not run again.
    name = f"managed-hsm-proof-{secrets.token_hex(4)}"
    try:
        outcome = run_command.run(
            session.current(), wanted["vm_id"], wanted["location"], name, _shell(promise), seconds=SECONDS
        )
    except ConflictError as error:
        raise _cannot_run(machine, error, _after_conflict(error, wanted["vm_id"])) from None
    except NotFoundError as error:
        raise _cannot_run(machine, error, "somebody deleted the machine: pulumi refresh, then up") from None
    except DeadlineError as error:
        raise _cannot_run(machine, error, _SILENT) from None
    evidence = _evidence(machine, outcome)
    if not evidence["passed"]:
        raise ProofError(f"{machine}: the private path is not as promised: {_what_failed(evidence['steps'])}")
    return {**wanted, "evidence": evidence}


def _cannot_run(machine: str, error: DataPlaneError, way_out: str) -> ProofError:
    answered = str(error).partition(": ")[2]
    return ProofError(f"{machine}: the proof cannot run: {answered} — {way_out}")


def _after_conflict(error: ConflictError, vm_id: str) -> str:
    if _OFF in str(error):
        return f"start the machine (az vm start --ids {vm_id})"
    return "something else changes the machine: run again when it is done"


def _what_failed(steps: Mapping[str, Any]) -> str:
    """The steps that failed, without those that could not be tried for it, and what to look at."""
    failed = {name: str(each["found"]) for name, each in steps.items() if not each.get("passed", True)}
    tried = {name: found for name, found in failed.items() if not found.startswith(_NOT_TRIED)}
    places = list(dict.fromkeys(_WAYS_OUT[name] for name in tried if name in _WAYS_OUT))
    said = "; ".join(f"{name}: {found}" for name, found in tried.items())
    return f"{said} — look at {', and '.join(places)}" if places else said


def _shell(promise: Mapping[str, Any]) -> str:
    """The modules and their argument as one shell script that leaves nothing behind; there is no secret in it."""
    lines = ["#!/bin/sh", "set -e", "directory=$(mktemp -d)", """trap 'rm -rf "$directory"' EXIT""", 'cd "$directory"']
    lines.append("mkdir workload")
    for name, text in _sources().items():
        lines += [f"cat > workload/{name} <<'END-OF-MODULE'", text, "END-OF-MODULE"]
    lines.append(f"python3 -m workload.proof {shlex.quote(json.dumps(promise))}")
    return "\n".join(lines) + "\n"


def _evidence(machine: str, outcome: Outcome) -> dict[str, Any]:
    lines = outcome.output.strip().splitlines()
    try:
        evidence = json.loads(lines[-1])
    except (ValueError, IndexError):
        evidence = None
    if not isinstance(evidence, dict) or "steps" not in evidence:
        told = outcome.error or (outcome.message if not lines else "")
        cause = " ".join(told.split())[-_LONGEST_CAUSE:] or f"it wrote {' '.join(lines)[-200:]!r}"
        raise ProofError(
            f"{machine}: the proof did not run ({outcome.state}, exit status {outcome.exit_code}): {cause}"
            " — the machine needs python3 and a working agent"
        )
    return evidence
