"""An engine that only takes notes: what a program declares, with which options."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, rpc

from components.deployer import Deployer
from components.stack import Existing, build
from config import Settings

DEPLOYER = Deployer(
    tenant_id="2f6d8f0e-1f51-4c3a-8b6d-0f7a9c3e5d12",
    subscription_id="9b2a7d44-63f0-4a18-9f5e-c0d1e2f3a4b5",
    object_id="c7e1b3a9-20d4-4f68-8e5c-3b9a7d6f1e02",
)
REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Declared:
    """One resource as the engine is told of it."""

    kind: str
    name: str
    urn: str
    inputs: Mapping[str, Any]
    dependencies: frozenset[str]
    """Names of the resources that it waits for."""
    deleted_with: str
    """Name of the resource whose deletion deletes it."""
    protect: bool
    retain_on_delete: bool
    ignore_changes: tuple[str, ...]
    import_id: str
    outputs: Mapping[str, Any]
    """What a component registers as its outputs."""


class Program(dict[str, Declared]):
    """All that a program declared, by kind and name: ``keyvault:ManagedHsm managed-hsm``."""

    def of(self, kind: str) -> list[Declared]:
        """Every resource of a kind."""
        return [each for each in self.values() if each.kind.endswith(kind)]


class _Answers(pulumi.runtime.Mocks):
    """What Azure would answer, as far as the program looks at it."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        outputs = dict(args.inputs)
        if args.typ.endswith("keyvault:ManagedHsm"):
            uri = f"https://{args.inputs['name'].lower()}.managedhsm.azure.net/"
            outputs["properties"] = {**args.inputs["properties"], "hsmUri": uri}
            outputs["systemData"] = {"createdAt": "2026-11-01T10:00:00.0000000Z"}
            if "identity" in outputs:
                assigned = outputs["identity"]["userAssignedIdentities"]
                outputs["identity"] = {**outputs["identity"], "userAssignedIdentities": {each: {} for each in assigned}}
        if args.typ.endswith("keyvault:Vault"):
            uri = f"https://{args.inputs['vaultName'].lower()}.vault.azure.net/"
            outputs["properties"] = {**args.inputs["properties"], "vaultUri": uri}
            outputs["name"] = args.inputs["vaultName"]
            outputs["systemData"] = {"createdAt": "2026-11-01T10:00:00.0000000Z"}
        if args.typ.endswith("keyvault:Secret"):
            url = f"https://{args.inputs['vaultName'].lower()}.vault.azure.net/secrets/{args.inputs['secretName']}"
            outputs["properties"] = {"secretUri": url, "secretUriWithVersion": f"{url}/1"}
        if args.typ.endswith("network:PrivateEndpoint"):
            group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
            outputs["networkInterfaces"] = [{"id": f"{group}/networkInterfaces/nic"}]
        if args.typ.endswith("compute:VirtualMachine"):
            outputs["identity"] = {"type": "SystemAssigned", "principalId": f"principal-of-{args.name}"}
        if args.typ.endswith("managedidentity:UserAssignedIdentity"):
            outputs["principalId"] = f"principal-of-{args.name}"
        return f"{args.name}-id", outputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        if args.token.endswith(":getNetworkInterface"):
            return {"ipConfigurations": [{"privateIPAddress": "10.0.1.4"}]}, []
        raise AssertionError(f"the program asked for {args.token}")


class _Notes(mocks.MockMonitor):
    def __init__(self) -> None:
        super().__init__(_Answers())
        self.requests: list[Any] = []
        self.registered: dict[str, Mapping[str, Any]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK's own has no types
        self.requests.append((answer.urn, request))
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - likewise
        self.registered[request.urn] = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # likewise


def dev() -> dict[str, Any]:
    """The configuration of the stack dev."""
    content: dict[str, Any] = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]
    return {name: value for name, value in content.items() if name != "managed-hsm:vault"}


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The SDK asks for the thread's loop before it runs anything; newer Pythons no longer make one by themselves.

    Never closed: the SDK's own threads leave loops behind that complain once theirs has gone.
    """
    return asyncio.new_event_loop()


def declare(of: Settings, existing: Existing | None = None) -> Program:
    """What the program declares for these settings."""
    return recorded(lambda: build(of, DEPLOYER, existing or Existing(), lambda kind, name: f"{kind}-{name}"))


def recorded(run: Callable[[], object]) -> Program:
    """What is declared by this function."""
    notes = _Notes()
    asyncio.set_event_loop(_loop())
    pulumi.runtime.set_mocks(_Answers(), project="managed-hsm", stack="dev", preview=False, monitor=notes)

    def run_once() -> None:
        run()

    run_to_end: Callable[[], None] = pulumi.runtime.test(run_once)  # type: ignore[no-untyped-call]  # likewise
    run_to_end()
    # What is only read is not declared, but others may wait for it.
    names = {urn: urn.rsplit("::", 1)[-1] for urn in notes.resources}
    kinds = {urn: request.type for urn, request in notes.requests}
    components = {urn for urn, kind in kinds.items() if ":components:" in kind}
    program = Program()
    for urn, request in notes.requests:
        declared = Declared(
            kind=request.type,
            name=request.name,
            urn=urn,
            inputs=rpc.deserialize_properties(request.object),
            dependencies=frozenset(names[each] for each in request.dependencies if each not in components),
            deleted_with=names.get(request.deletedWith, ""),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            ignore_changes=tuple(request.ignoreChanges),
            import_id=request.importId,
            outputs=notes.registered.get(urn, {}),
        )
        program[f"{request.type.split(':', 1)[1].split('/')[-1]} {request.name}"] = declared
    return program
