from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config import Settings

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]
Accepted = Callable[[Values], Settings]

POOL = (
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoResourceGroup"
    "/providers/Microsoft.KeyVault/managedHSMs/contoso-hsm"
)
SERVICE = {"objectId": "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"}


@pytest.fixture
def team() -> Values:
    """A team's stack on a pool of another one."""
    return {
        "azure-native:location": "eastus2",
        "managed-hsm:environment": "dev",
        "managed-hsm:resourceGroup": "PaymentsGroup",
        "managed-hsm:hsm": {"existing": POOL, "owner": "payments"},
        "managed-hsm:keys": {"payments-wrapping": {"type": "RSA-HSM", "size": 3072}},
        "managed-hsm:roleAssignments": [
            {"role": "Crypto User", "principal": SERVICE, "scope": "/keys/payments-wrapping"}
        ],
    }


def test_a_team_needs_the_pools_id_and_a_name_of_its_own(team: Values, accepted: Accepted, mistakes: Mistakes) -> None:
    assert accepted(team).hsm.name == "contoso-hsm"
    del team["managed-hsm:hsm"]["owner"]
    assert mistakes(team) == ["hsm.owner: is missing; 3 to 64 letters, digits, dots and hyphens"]


def test_an_id_of_something_else_is_no_pool(team: Values, mistakes: Mistakes) -> None:
    team["managed-hsm:hsm"]["existing"] = POOL.replace("managedHSMs", "vaults")
    (line,) = mistakes(team)
    assert line.endswith("is not accepted; the ARM id of a Managed HSM")


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("vault", {"name": "contosovault"}),
        ("roleDefinitions", [{"name": "Contoso Reader", "dataActions": ["keys/read/action"]}]),
    ],
)
def test_what_belongs_to_the_pools_own_stack_is_refused(
    team: Values, mistakes: Mistakes, section: str, value: object
) -> None:
    team[f"managed-hsm:{section}"] = value
    assert mistakes(team) == [f"{section}: is not accepted; it belongs to the stack that owns the pool"]


@pytest.mark.parametrize("scope", ["/", "/keys", "/keys/another-teams-key"])
def test_a_team_gives_access_to_its_own_keys_only(team: Values, mistakes: Mistakes, scope: str) -> None:
    team["managed-hsm:roleAssignments"][0]["scope"] = scope
    accepted = "/keys/ and the name of a key of this stack: wider ones belong to the stack that owns the pool"
    assert f"roleAssignments[0].scope: {scope} is not accepted; {accepted}" in mistakes(team)


def test_a_team_makes_nothing_in_the_pools_group(team: Values, mistakes: Mistakes) -> None:
    team["managed-hsm:identities"] = {"payments": {"userAssigned": True}}
    team["managed-hsm:resourceGroup"] = "contosoresourcegroup"
    (line,) = mistakes(team)
    assert line.startswith("resourceGroup: contosoresourcegroup is not accepted; a group of this stack's own")


def test_nobody_writes_the_mark_of_ownership_by_hand(team: Values, dev: Values, mistakes: Mistakes) -> None:
    team["managed-hsm:keys"]["payments-wrapping"]["tags"] = {"managed-by-stack": "fraud"}
    line = "is not accepted; hsm.owner sets it, on a pool of another stack"
    assert mistakes(team) == [f"keys.payments-wrapping.tags.managed-by-stack: {line}"]
    dev["managed-hsm:keys"]["myrsakey"]["tags"] = {"managed-by-stack": "payments"}
    assert mistakes(dev) == [f"keys.myrsakey.tags.managed-by-stack: {line}"]


def test_the_mark_takes_one_of_the_tags_that_a_key_can_have(team: Values, mistakes: Mistakes) -> None:
    team["managed-hsm:keys"]["payments-wrapping"]["tags"] = {f"tag-{number}": "x" for number in range(15)}
    assert mistakes(team) == [
        "keys.payments-wrapping.tags: 15 tags is not accepted; 14 of them beside managed-by-stack"
    ]


def test_no_pool_of_ones_own_and_of_another_stack_at_once(team: Values, mistakes: Mistakes) -> None:
    team["managed-hsm:hsm"]["sku"] = "Standard_B1"
    (line,) = mistakes(team)
    assert line.startswith("hsm.sku")


def test_an_activation_elsewhere_needs_no_security_domain_and_takes_none(
    dev: Values, accepted: Accepted, mistakes: Mistakes
) -> None:
    dev["managed-hsm:hsm"]["activatedElsewhere"] = True
    (line,) = mistakes(dev)
    assert line == "securityDomain: is not accepted; none for a pool that is activated elsewhere"
    del dev["managed-hsm:securityDomain"]
    assert accepted(dev).security_domain is None


CMK_POOL = {"purgeProtection": True, "onDestroy": "softDelete"}


def used(dev: Values, service: str = "storage", **key: Any) -> Values:
    dev["managed-hsm:hsm"] |= CMK_POOL
    uses = [{"service": service, "principal": SERVICE}]
    dev["managed-hsm:keys"] = {"wrapping": {"type": "RSA-HSM", "size": 3072, "usedBy": uses, **key}}
    return dev


@pytest.mark.parametrize("service", ["storage", "sql", "disk"])
def test_a_service_is_given_its_role_at_the_key(dev: Values, accepted: Accepted, service: str) -> None:
    grant = accepted(used(dev, service)).role_assignments[-1]
    assert (grant.role, grant.scope) == ("Managed HSM Crypto Service Encryption User", "/keys/wrapping")
    assert (grant.principal.kind, grant.principal.value) == ("objectId", SERVICE["objectId"])


def test_two_uses_by_one_identity_are_one_assignment(dev: Values, accepted: Accepted) -> None:
    used(dev)["managed-hsm:keys"]["wrapping"]["usedBy"] *= 2
    count = len(dev["managed-hsm:roleAssignments"])
    assert len(accepted(dev).role_assignments) == count + 1


def test_a_grant_that_is_written_as_well_is_one_assignment(dev: Values, accepted: Accepted) -> None:
    written = {"role": "Crypto Service Encryption User", "principal": SERVICE, "scope": "/keys/wrapping"}
    dev["managed-hsm:roleAssignments"].append(written)
    assert len(accepted(used(dev)).role_assignments) == len(dev["managed-hsm:roleAssignments"])


@pytest.mark.parametrize(
    ("service", "key", "line"),
    [
        ("sql", {"size": 4096}, "keys.wrapping.size: 4096 is not accepted; 2048, 3072 for sql"),
        ("disk", {"enabled": False}, "keys.wrapping.enabled: false is not accepted; true while a service uses the key"),
        (
            "storage",
            {"operations": ["sign", "verify"]},
            'keys.wrapping.operations: ["sign", "verify"] is not accepted; wrapKey and unwrapKey among them for a key'
            " that a service uses",
        ),
        (
            "storage",
            {"type": "EC-HSM", "curve": "P-256", "size": None},
            "keys.wrapping.type: EC-HSM is not accepted; RSA-HSM for a key that a service uses",
        ),
    ],
)
def test_a_key_is_such_as_the_service_takes(
    dev: Values, mistakes: Mistakes, service: str, key: Values, line: str
) -> None:
    values = used(dev, service, **key)
    values["managed-hsm:keys"]["wrapping"] = {
        name: value for name, value in values["managed-hsm:keys"]["wrapping"].items() if value is not None
    }
    assert line in mistakes(values)


def test_the_pool_is_such_as_the_services_take(dev: Values, mistakes: Mistakes) -> None:
    used(dev)["managed-hsm:hsm"] |= {"purgeProtection": False}
    dev["managed-hsm:hsm"]["firewall"]["bypass"] = "None"
    assert mistakes(dev) == [
        "hsm.purgeProtection: false is not accepted; true: services refuse keys of a pool whose keys can be purged",
        "hsm.firewall.bypass: None is not accepted; AzureServices: services come from outside, as trusted ones",
    ]


def test_people_are_no_services(dev: Values, mistakes: Mistakes) -> None:
    used(dev)["managed-hsm:keys"]["wrapping"]["usedBy"][0]["principal"] = {"user": "kim.akers@contoso.com"}
    assert any(line.startswith("keys.wrapping.usedBy[0].principal") for line in mistakes(dev))


def test_the_pools_stack_gives_rights_at_a_key_that_a_team_will_make(
    dev: Values, accepted: Accepted, mistakes: Mistakes
) -> None:
    given = {"role": "Crypto User", "principal": SERVICE, "scope": "/keys/payments-wrapping", "elsewhere": True}
    dev["managed-hsm:roleAssignments"].append(given)
    assert accepted(dev).role_assignments[-1].scope == "/keys/payments-wrapping"
    given["scope"] = "/keys/myrsakey"
    assert mistakes(dev) == ["roleAssignments[3].elsewhere: true is not accepted; false: no key of another stack"]
