"""What a machine sees in place of this computer's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local_azure.core.world import World
from local_azure.vm import files, place


def test_a_machine_has_its_own_resolver_hosts_and_authority(world: World, machine: Any) -> None:
    del machine
    mounts = {target: source for source, target in files.mounts(world, place.find(world, "testvmmhsm"))}
    assert mounts["/etc/resolv.conf"].read_text() == "nameserver 168.63.129.16\n"
    assert mounts["/etc/hosts"].read_text() == "127.0.0.1 localhost\n::1 localhost\n10.0.1.4 testvmmhsm\n"
    assert mounts["/etc/ssl/certs/ca-certificates.crt"] == world.home / "ca.pem"
    if "/etc/nsswitch.conf" in mounts:
        lines = mounts["/etc/nsswitch.conf"].read_text().splitlines()
        assert [line for line in lines if line.startswith("hosts:")] == ["hosts: files dns"]


def test_the_internet_asks_a_resolver_of_its_own(world: World) -> None:
    mounts = {target: source for source, target in files.mounts(world, place.find(world, "internet"))}
    assert mounts["/etc/resolv.conf"].read_text() == "nameserver 198.51.100.53\n"


def test_nobody_else_reads_a_machines_files(world: World, machine: Any) -> None:
    del machine
    found = files.directory(world, place.find(world, "testvmmhsm"))
    assert {each.stat().st_mode & 0o777 for each in (found, found.parent, found / "home")} == {0o700}


def test_the_files_of_machines_that_are_no_more_go(world: World, machine: Any) -> None:
    where = place.find(world, "testvmmhsm")
    kept, internet = files.directory(world, where), files.directory(world, place.find(world, "internet"))
    gone = world.home / "machines" / "5f0c6f1e-6f3e-4d52-9a42-3d8f5ad0c001" / "home"
    gone.mkdir(parents=True)
    (gone / "msal_token_cache.json").write_text("{}")
    files.remove_all_but(world, lambda: {machine["properties"]["vmId"]})
    assert (kept.exists(), internet.exists(), gone.parent.exists()) == (True, True, False)


def test_where_no_machine_ever_ran_nothing_is_removed(world: World) -> None:
    files.remove_all_but(world, set)
    assert not Path(world.home / "machines").exists()


def test_scripts_that_a_killed_daemon_left_go_and_nothing_else(world: World, machine: Any) -> None:
    del machine
    inside = files.directory(world, place.find(world, "testvmmhsm"))
    left = inside / files.SCRIPTS / "5f0c6f1e6f3e4d529a423d8f5ad0c001" / "script.sh"
    left.parent.mkdir(parents=True)
    left.write_text("echo something that must not lie about")
    (inside / "home" / "kept").write_text("")
    files.remove_interrupted_scripts(world)
    assert (left.parent.parent.exists(), (inside / "home" / "kept").exists()) == (False, True)
