"""The rules in the form that Pulumi's engine asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

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
from pulumi_policy.proxy import UnknownValueError

from policy.pack.rule import UNKNOWN, Declared, Rule

_VERSIONED: Final = re.compile(r"^azure-native(?:_[^:]+)?:([a-z]+)(?:/v[^:]+)?:")
_LEVELS: Final = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}


def policies(rules: Iterable[Rule]) -> list[Policy]:
    """A policy for each rule."""
    return [_of_resources(rule) if rule.types else _of_stack(rule) for rule in rules]


def _of_resources(rule: Rule) -> Policy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        declared = _declared(args)
        if declared.type in rule.types:
            for violation in rule.violations([declared], args.get_config()):
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
    # Whichever version of the API the program has chosen, the resource is the same.
    kind = _VERSIONED.sub(r"azure-native:\1:", args.resource_type)
    return Declared(kind, args.name, args.urn, known(args.props), args.opts.protect)


def known(value: Any) -> Any:
    """Plain data from the SDK's proxies, which raise for what only the update will know: that is UNKNOWN here.

    Raised into the SDK, the one value would keep the whole rule from running before the update.
    """
    if isinstance(value, Mapping):
        return {key: _known_at(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_known_at(value, index) for index in range(len(value))]
    return value


def _known_at(container: Any, key: Any) -> Any:
    try:
        return known(container[key])
    except UnknownValueError:
        return UNKNOWN


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    if not rule.options:
        return None
    return PolicyConfigSchema(
        properties={name: {**option.schema, "default": option.default} for name, option in rule.options.items()}
    )
