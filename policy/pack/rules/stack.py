"""Whether the pack that looks is the one that is meant for this stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from policy.pack.resource_types import MANAGED_HSM, SETUP
from policy.pack.rule import Declared, Option, Rule, Settings, Violation


def _environment(resources: Sequence[Declared], settings: Settings) -> Iterator[Violation]:
    """A stack for which the levels of another environment were given."""
    declared = {each.input("environment"): each for each in resources if each.type == SETUP}
    if not declared and any(each.type == MANAGED_HSM for each in resources):
        yield Violation("environment", "the stack does not say which it is for")
    for environment, setup in declared.items():
        if environment != settings["environment"]:
            yield Violation(
                "environment",
                f"the stack is for {environment}, the rules are those for {settings['environment']}",
                setup,
            )


RULES: Final = (
    Rule(
        name="environment",
        why="What may pass in dev may not in prod.",
        way_out="Give the pack the configuration of the stack's environment (--policy-pack-config), or none for prod.",
        check=_environment,
        options={"environment": Option("prod", {"type": "string", "enum": ["dev", "prod"]})},
    ),
)
