"""Which identities and machines a configuration means, and what it must not say of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import Settings
from config.identities import ExistingIdentity, Identity, UserAssignedIdentity, VirtualMachine, VmIdentity
from config.machines import machines_of

Values = dict[str, Any]
Accepted = Callable[[Values], Settings]
Mistakes = Callable[[Values], list[str]]

SUBSCRIPTION = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoIdentities/providers"
SHARED = f"{SUBSCRIPTION}/Microsoft.ManagedIdentity/userAssignedIdentities/shared"
APPS = f"{SUBSCRIPTION}/Microsoft.Network/virtualNetworks/hub/subnets/apps"
IDENTITIES = "managed-hsm:identities"


def machines(values: Values, accepted: Accepted) -> dict[str, tuple[str, bool, tuple[str, ...]]]:
    """Size, whether it has an identity of its own, and the identities that are attached, by machine."""
    found = machines_of(accepted(values).identities)
    return {name: (each.made_from.size, each.system_assigned, each.attached) for name, each in found.items()}


def test_a_machine_has_its_own_identity_and_those_that_name_it(dev: Values, accepted: Accepted) -> None:
    dev[IDENTITIES] = {
        "testvmmhsm": {"vm": {"size": "Standard_D2s_v5"}},
        "batch": {"userAssigned": True, "vms": ["testvmmhsm", "batch-1"]},
        "shared": {"id": SHARED, "vms": ["batch-1"]},
    }
    assert machines(dev, accepted) == {
        "testvmmhsm": ("Standard_D2s_v5", True, ("batch",)),
        "batch-1": ("Standard_B2s", False, ("batch", "shared")),
    }


def test_an_identity_says_what_its_machines_are_made_from(dev: Values, accepted: Accepted) -> None:
    dev[IDENTITIES] = {
        "testvmmhsm": {"vm": {}},
        "batch": {"userAssigned": True, "vms": ["testvmmhsm", "batch-1"], "vmSettings": {"size": "Standard_D4s_v5"}},
    }
    found = machines(dev, accepted)
    assert found["batch-1"][0] == "Standard_D4s_v5"
    assert found["testvmmhsm"][0] == "Standard_B2s"


def test_an_identity_needs_no_machine(dev: Values, accepted: Accepted) -> None:
    dev[IDENTITIES] |= {"batch": {"userAssigned": True}, "shared": {"id": SHARED}}
    assert list(machines(dev, accepted)) == ["testvmmhsm"]


def test_two_descriptions_of_one_machine_are_refused_unless_they_say_the_same(dev: Values, mistakes: Mistakes) -> None:
    same = {"vms": ["both"], "vmSettings": {"size": "Standard_D2s_v5"}}
    dev[IDENTITIES] |= {
        "batch": {"userAssigned": True, **same},
        "night": {"userAssigned": True, **same},
        "reports": {"userAssigned": True, "vms": ["both"], "vmSettings": {"size": "Standard_D4s_v5"}},
    }
    assert mistakes(dev) == [
        "identities.reports.vmSettings: differs from vmSettings of batch, for the same machine both"
    ]


@pytest.mark.parametrize(
    ("identity", "mistake"),
    [
        (
            {"id": APPS},
            f"identities.other.id: {APPS} is not accepted; the ARM id of a user-assigned identity",
        ),
        (
            {"id": "shared"},
            "identities.other.id: shared is not accepted; the ARM id of a user-assigned identity",
        ),
        (
            {"id": SHARED.upper()},
            f"identities.other.id: {SHARED.upper()} is not accepted; an identity that shared is not",
        ),
        (
            {"userAssigned": True, "vmSettings": {}},
            "identities.other.vmSettings: describes no machine; none without vms",
        ),
        (
            {"vm": {"subnet": SHARED}},
            f"identities.other.vm.subnet: {SHARED} is not accepted; the ARM id of a subnet",
        ),
        (
            {"vm": {"location": "westus2"}},
            "identities.other.vm.location: westus2 is not accepted; none without subnet, as the stack's own lies in the"
            " network's region",
        ),
    ],
)
def test_what_an_identity_must_not_be(dev: Values, mistakes: Mistakes, identity: Values, mistake: str) -> None:
    dev[IDENTITIES] |= {"shared": {"id": SHARED}, "other": identity}
    line, *more = mistakes(dev)
    assert not more, more
    assert line.lower() == mistake.lower()


def test_an_identity_of_its_own_has_a_name_that_azure_takes(dev: Values, mistakes: Mistakes) -> None:
    dev[IDENTITIES] |= {"ab": {"userAssigned": True}, "cd": {"vm": {}}}
    assert mistakes(dev) == [
        "identities.ab: ab is not accepted; a name of 3 characters or more, as userAssigned is set"
    ]


def test_a_machine_of_another_network_says_where_that_is(dev: Values, accepted: Accepted) -> None:
    dev[IDENTITIES]["batch"] = {
        "userAssigned": True,
        "vms": ["batch-1"],
        "vmSettings": {"subnet": APPS, "location": "westus2"},
    }
    made_from = machines_of(accepted(dev).identities)["batch-1"].made_from
    assert (made_from.subnet, made_from.location) == (APPS, "westus2")


NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta"])
VMS = st.lists(NAMES, unique=True, max_size=3).map(tuple)
ANY_IDENTITY = st.one_of(
    st.just(VmIdentity(vm=VirtualMachine())),
    VMS.map(lambda vms: UserAssignedIdentity.model_validate({"userAssigned": True, "vms": vms})),
    VMS.map(lambda vms: ExistingIdentity(id=SHARED, vms=vms)),
)


@given(st.dictionaries(NAMES, ANY_IDENTITY))
def test_every_identity_is_on_just_the_machines_that_it_names(identities: dict[str, Identity]) -> None:
    found = machines_of(identities)
    for name, identity in identities.items():
        on = {machine for machine, each in found.items() if name in each.attached}
        if isinstance(identity, VmIdentity):
            assert found[name].system_assigned
            assert not on
        else:
            assert on == set(identity.vms)
    assert all(each.system_assigned or each.attached for each in found.values())
