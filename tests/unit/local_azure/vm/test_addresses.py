"""Addresses that nobody configures."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from local_azure.core.world import World
from local_azure.vm import addresses


@given(st.text(st.characters(codec="ascii"), max_size=80), st.sampled_from([20, 52]))
def test_a_service_has_one_address_whatever_the_letters(name: str, first: int) -> None:
    found = addresses.of_service(name.lower(), first)
    assert found == addresses.of_service(name.upper(), first)
    assert IPv4Address(found) in IPv4Network(f"{first}.160.0.0/11")
    assert not found.endswith((".0", ".255"))


def test_a_machine_keeps_its_address_and_gives_it_back_when_it_goes(world: World) -> None:
    first = addresses.of_machine(world, "/vm/One", {"/vm/one"})
    second = addresses.of_machine(world, "/vm/two", {"/vm/one", "/vm/two"})
    assert (first, second) == ("192.0.2.4", "192.0.2.5")
    assert addresses.of_machine(world, "/vm/ONE", {"/vm/one", "/vm/two"}) == first
    assert addresses.of_machine(world, "/vm/three", {"/vm/two", "/vm/three"}) == first


def test_with_more_machines_than_addresses_the_last_one_is_shared(world: World) -> None:
    machines = [f"/vm/{number}" for number in range(260)]
    found = [addresses.of_machine(world, each, set(machines)) for each in machines]
    assert len(set(found)) == 251
    assert set(found[251:]) == {"192.0.2.254"}
