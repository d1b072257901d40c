"""The policy pack, run by the real engine: a stack that breaks every rule, and one that breaks none."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import pytest

from local_azure.instance import REPOSITORY, Instance
from local_azure.plugin.install import install
from local_azure.server.control import ControlClient
from policy.pack.rules import RULES
from tests.unit.policy.pack.cases import Case, bad, good

pytestmark = pytest.mark.engine

PACK = REPOSITORY / "policy" / "pack"
PROGRAM = '''\
"""Declares what cases.json says, with nothing of the product in between."""

import json

import pulumi
from pulumi.dynamic import Resource, ResourceProvider


MADE = {}


def declare(case):
    options = pulumi.ResourceOptions(protect=case["protect"], parent=MADE.get(case["parent"]))
    package, _, token = case["type"].partition(":")
    if package == "mhsm":
        made = pulumi.ComponentResource(case["type"], case["name"], {}, options)
        made.register_outputs(case["inputs"])
    elif package == "azure-native":
        native = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(version="3.29.0"))
        MADE[case["name"]] = pulumi.CustomResource(case["type"], case["name"], case["inputs"], native)
    else:
        name = token.rpartition(":")[2]
        made = type(name, (Resource,), {}, module="mhsm", name=name)
        made(ResourceProvider(), case["name"], case["inputs"], options)


for each in json.load(open("cases.json")):
    declare(each)
'''
VIOLATION = re.compile(r"- \[(?P<level>mandatory|advisory)\]\s+(?P<rule>\S+)\s+\(.*: (?P<name>\S+)\)")


@pytest.fixture
def stack(instance: Instance, tmp_path: Path) -> Path:
    """A directory for a program, with an empty stack."""
    ControlClient(instance.port).reset()
    install(instance.pulumi_home)
    (tmp_path / "Pulumi.yaml").write_text(
        "name: policies\nruntime: {name: python, options: {virtualenv: .venv}}\n"
        "config: {azure-native:location: northeurope}\n"
    )
    (tmp_path / "__main__.py").write_text(PROGRAM)
    (tmp_path / ".venv").symlink_to(REPOSITORY / ".venv")
    return tmp_path


def preview(instance: Instance, stack: Path, cases: Iterable[Case], *arguments: str) -> tuple[int, str]:
    """Status and output of a preview of these resources under the pack."""
    values = [{**asdict(case), "violates": None} for case in cases]
    (stack / "cases.json").write_text(json.dumps(values))
    environment = instance.environment(os.environ)
    select = ["pulumi", "stack", "select", "--create", "policies", "--non-interactive"]
    subprocess.run(select, cwd=stack, env=environment, check=True, capture_output=True)
    command = ["pulumi", "preview", "--stack", "policies", "--non-interactive", "--color=never"]
    done = subprocess.run(
        [*command, "--policy-pack", str(PACK), *arguments],
        cwd=stack,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout


def said(output: str) -> set[tuple[str, str, str]]:
    """Level, rule and resource of each violation."""
    return {(found["level"], found["rule"], found["name"]) for found in VIOLATION.finditer(output)}


def test_every_rule_stops_what_breaks_it_and_lets_its_neighbour_pass(
    instance: Instance, stack: Path, tmp_path: Path
) -> None:
    levels = {rule.name: rule.level for rule in RULES}
    regions = tmp_path / "regions.json"
    regions.write_text(json.dumps({"allowed-regions": {"regions": ["westeurope"]}}))

    status, output = preview(instance, stack, bad(), "--policy-pack-config", str(regions))
    assert said(output) == {(levels[rule], rule, case.name) for case in bad() for rule in case.violates}, output
    assert {rule for _, rule, _ in said(output)} == set(levels)
    assert status != 0
    assert "softDeleteRetentionInDays: is 7 days, less than 90. Set managed-hsm:hsm.retentionDays" in output
    assert "Traceback" not in output

    status, output = preview(instance, stack, good())
    assert said(output) == set(), output
    assert status == 0, output

    status, output = preview(instance, stack, good(), "--policy-pack-config", str(PACK / "dev.json"))
    assert said(output) == {("mandatory", "environment", "setup")}, output
    assert status != 0
