"""The rules in the form that Pulumi's engine asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.pack.rule import Declared, Rule

_LEVELS: Final = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}


def policies(rules: Iterable[Rule]) -> list[Policy]:
    """A policy for each rule."""
    return [_of_resources(rule) if rule.types else _of_stack(rule) for rule in rules]


def _of_resources(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type in rule.types:
            for violation in rule.violations([_declared(args)], args.get_config()):
                report(rule.message(violation), None)

    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.why,
        validate=validate,
        enforcement_level=_LEVELS[rule.level],
        config_schema=_schema(rule),
        remediation_steps=rule.way_out,
    )


def _of_stack(rule: Rule) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for violation in rule.violations([_declared(each) for each in args.resources], args.get_config()):
            report(rule.message(violation), violation.at.urn if violation.at else None)

    return StackValidationPolicy(
        name=rule.name,
        description=rule.why,
        validate=validate,
        enforcement_level=_LEVELS[rule.level],
        config_schema=_schema(rule),
        remediation_steps=rule.way_out,
    )


def _declared(args: ResourceValidationArgs | PolicyResource) -> Declared:
    return Declared(args.resource_type, args.name, args.urn, args.props, args.opts.protect)


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    if not rule.options:
        return None
    return PolicyConfigSchema(
        properties={name: {**option.schema, "default": option.default} for name, option in rule.options.items()}
    )
