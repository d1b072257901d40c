"""A way to the pool that is shut: which rule, for whom, and what leads on, in one line."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from data_plane import pool as pools
from data_plane import session, way_in
from data_plane.errors import CredentialError, ForbiddenError, NotFoundError, UnreachableError
from data_plane.keys import Keys
from data_plane.pool import Network, Pool, PrivateEndpoint
from tests.unit.data_plane.support import HSM_ID, FakeClock, make_pool

CLOSED = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": []}


def pool_with(**network: Any) -> Pool:
    uri = "https://az400popmhsm.managedhsm.azure.net/"
    return Pool(HSM_ID, "az400popMHSM", uri, "2026-11-21T00:00:00Z", "Active", "", Network(**network))


def refused(words: str = "Client address (203.0.113.10) is not authorized and caller is not a trusted service.") -> Any:
    return ForbiddenError(f"key k in https://h: 403 ForbiddenByFirewall: {words} — let it in", status=403, code="F")


def line(error: Any, **network: Any) -> str:
    explained = way_in.explained(pool_with(**network), error)
    assert type(explained) is type(error)
    return str(explained)


def test_a_refusal_names_rule_address_and_ways_on() -> None:
    assert line(refused(), default_action="Deny") == (
        "key k in https://h: 403 ForbiddenByFirewall: Client address (203.0.113.10) is not authorized and caller is"
        " not a trusted service. — defaultAction is Deny and ipRules (none) do not name 203.0.113.10; ways on: declare"
        " 203.0.113.10 in managed-hsm:hsm.firewall.ipRules; or run inside the virtual network (the pool has no private"
        " endpoint yet: managed-hsm:network.privateEndpoints); or set up openly first (defaultAction: Allow) and Deny"
        " with a second up"
    )


def test_the_rules_that_do_not_help_are_shown() -> None:
    shown = line(refused(), default_action="Deny", ip_rules=("198.51.100.7", "192.0.2.0/24"))
    assert "ipRules (198.51.100.7, 192.0.2.0/24) do not name 203.0.113.10" in shown


def test_a_rule_alone_does_not_help_where_public_access_is_disabled() -> None:
    shown = line(refused(), public_network_access="Disabled", default_action="Deny", ip_rules=("203.0.113.10",))
    assert " — publicNetworkAccess is Disabled; ways on: declare 203.0.113.10" in shown
    assert "ipRules with publicNetworkAccess: Enabled and defaultAction: Deny; or" in shown


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("Pending", "main: Pending, approve it (az keyvault private-endpoint-connection approve --id /pool/c)"),
        ("Rejected", "main: Rejected, make it anew"),
        ("Disconnected", "main: Disconnected, make it anew"),
    ],
)
def test_a_private_endpoint_that_leads_nowhere_is_named(status: str, advice: str) -> None:
    endpoint = PrivateEndpoint("main", status, "/main", "/pool/c")
    shown = line(refused(), default_action="Deny", private_endpoints=(endpoint,))
    assert f"(private endpoints: {advice})" in shown


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def look_up(*_: Any) -> list[Any]:
        if not addresses:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)


APPROVED = {"default_action": "Deny", "private_endpoints": (PrivateEndpoint("main", "Approved"),)}


def test_a_name_that_leads_past_the_private_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "52.168.109.101")
    assert (
        "(private endpoints: main: Approved; here az400popmhsm.managedhsm.azure.net resolves to 52.168.109.101, no"
        " private address: inside the virtual network, link the zone privatelink.managedhsm.azure.net to it, with an A"
        " record az400popmhsm)" in line(refused(), **APPROVED)
    )


def test_a_name_that_does_not_resolve_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch)
    error = UnreachableError("https://az400popmhsm.managedhsm.azure.net: the host name does not resolve — check it")
    assert line(error, **APPROVED, public_network_access="Disabled") == (
        f"{error}; publicNetworkAccess is Disabled (private endpoints: main: Approved; here"
        " az400popmhsm.managedhsm.azure.net does not resolve)"
    )


def test_a_name_with_a_private_address_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.1.4")
    assert "(private endpoints: main: Approved)" in line(refused(), **APPROVED)


def test_behind_a_proxy_nothing_is_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "52.168.109.101")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert "(private endpoints: main: Approved)" in line(refused(), **APPROVED)


@pytest.mark.parametrize(
    ("network", "let_in"),
    [
        (Network(), True),
        (Network("Disabled"), False),
        (Network(default_action="Deny"), False),
        (Network(default_action="Deny", ip_rules=("203.0.113.8/29",)), True),
        (Network("Disabled", "Deny", ("203.0.113.10",)), False),
    ],
)
def test_whom_the_rules_let_in(network: Network, let_in: bool) -> None:
    assert network.lets_in("203.0.113.10") is let_in


# Against the local Azure.


@pytest.mark.daemon
@pytest.mark.usefixtures("signed_in")
def test_somebody_shut_out_of_a_real_pool_is_told_at_once() -> None:
    pool = make_pool(networkAcls={**CLOSED, "ipRules": [{"value": "198.51.100.7"}]})
    assert pool.network == Network(default_action="Deny", ip_rules=("198.51.100.7",), bypass="AzureServices")
    keys, clock = Keys(session.current(), pool.uri), FakeClock()
    with pytest.raises(ForbiddenError) as info:
        way_in.kept_trying(lambda: keys.find("k"), session.current(), pool.id, clock=clock)
    assert info.value.by_firewall
    assert info.value.client_address == "203.0.113.10"
    assert "ipRules (198.51.100.7) do not name 203.0.113.10; ways on: declare 203.0.113.10" in str(info.value)
    assert not clock.pauses


@pytest.mark.daemon
@pytest.mark.usefixtures("signed_in")
def test_whom_the_rules_let_in_waits_until_they_have_spread() -> None:
    pool = make_pool(networkAcls={**CLOSED, "ipRules": [{"value": "203.0.113.10"}]})
    clock, said = FakeClock(), list[str]()

    def spread_after_five_seconds() -> str:
        if clock.now < 5:
            raise refused()
        return "in"

    found = way_in.kept_trying(spread_after_five_seconds, session.current(), pool.id, say=said.append, clock=clock)
    assert found == "in"
    assert said == ["az400popMHSM: the firewall refuses 203.0.113.10, which its rules let in: waiting for the change"]


@pytest.mark.daemon
@pytest.mark.usefixtures("signed_in")
def test_a_change_that_never_spreads_ends_the_waiting() -> None:
    pool = make_pool(networkAcls={**CLOSED, "ipRules": [{"value": "203.0.113.10"}]})
    clock = FakeClock()

    def never() -> None:
        raise refused()

    with pytest.raises(ForbiddenError, match="a change of them is still spreading, run again later"):
        way_in.kept_trying(never, session.current(), pool.id, clock=clock)
    assert clock.now == way_in.SPREADING_SECONDS


@pytest.mark.daemon
@pytest.mark.usefixtures("signed_in")
def test_other_errors_pass_as_they_are() -> None:
    pool = make_pool()
    for error in (
        ForbiddenError("k: 403 AccessDenied: Not authorized — give a role", status=403, code="AccessDenied"),
        UnreachableError("https://az400popmhsm.managedhsm.azure.net/: the connection was refused — check"),
        NotFoundError("k: 404"),
        CredentialError("nobody"),
    ):

        def operation(error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)) as info:
            way_in.kept_trying(operation, session.current(), pool.id)
        assert info.value is error


@pytest.mark.daemon
@pytest.mark.usefixtures("signed_in")
def test_an_unreachable_pool_that_is_closed_is_explained_and_another_host_is_not() -> None:
    pool = make_pool(publicNetworkAccess="Disabled", networkAcls=CLOSED)

    def ask(host: str) -> str:
        def operation() -> None:
            raise UnreachableError(f"https://{host}/: the connection was refused — check the network")

        with pytest.raises(UnreachableError) as info:
            way_in.kept_trying(operation, session.current(), pool.id)
        return str(info.value)

    assert "publicNetworkAccess is Disabled (the pool has no private endpoint yet" in ask(
        "az400popmhsm.managedhsm.azure.net"
    )
    assert (
        ask("management.azure.com") == "https://management.azure.com/: the connection was refused — check the network"
    )


@pytest.mark.daemon
@pytest.mark.usefixtures("signed_in")
def test_of_a_pool_that_is_gone_the_refusal_stays_as_it_was() -> None:
    error = refused()

    def operation() -> None:
        raise error

    with pytest.raises(ForbiddenError) as info:
        way_in.kept_trying(operation, session.current(), f"{HSM_ID}-gone")
    assert info.value is error
    assert pools.read(session.current(), f"{HSM_ID}-gone") is None
