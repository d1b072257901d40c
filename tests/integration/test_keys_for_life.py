"""Keys through their life under the real engine: rotated, drifting, retired, purged, and many of them with a fault.

``docs/how-to/rotate-a-key.md`` and ``retire-a-key.md`` are followed as they are written.
"""

from __future__ import annotations

from typing import Any

import pytest
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient

from bench.many_keys import with_keys
from tests.integration.how_to import Reader
from tests.integration.project import Project

pytestmark = pytest.mark.engine

URL = "https://az400popmhsm.managedhsm.azure.net"
ROTATE, RETIRE = "rotate-a-key.md", "retire-a-key.md"
DAY = 86_400.0


def hand() -> KeyClient:
    """Somebody with the official client."""
    return KeyClient(URL, DefaultAzureCredential())


def key_of(project: Project, name: str = "myrsakey") -> dict[str, Any]:
    found: dict[str, Any] = project.answer("stack", "output", "keys", "--json")[name]
    return found


def named(project: Project, kind: str) -> set[str]:
    resources = project.answer("stack", "export")["deployment"]["resources"]
    return {
        each["urn"].rsplit("::", 1)[1] for each in resources if each["type"].endswith(f"mhsm:{kind}") and "id" in each
    }


def test_a_key_is_rotated_drifts_and_is_retired_and_many_are_made_in_spite_of_failures(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in project.environment.items():
        monkeypatch.setenv(name, value)
    with_keys(project.directory, 0)
    reader = Reader(project.directory, project.environment, {})

    reader.follow(ROTATE, "Let the service rotate it")
    first = key_of(project)
    assert first["versions"] == [first["version"]]

    # What the policy made is no difference.
    project.control.move_clock(91 * DAY)
    silent = project.pulumi("preview", "--refresh", "--expect-no-changes")
    assert "changed outside" not in silent.output

    # Triggered, and the outputs have every version.
    reader.follow(ROTATE, "Rotate it now")
    third = key_of(project)
    assert len(third["versions"]) == 3
    assert (third["versions"][0], third["versions"][2]) == (first["version"], third["version"])

    # By hand: told in words, by line and in the difference, and put right.
    made = hand().rotate_key("myrsakey").properties.version
    hand().update_key_properties("myrsakey", enabled=False)
    _, preview, _ = reader.follow(ROTATE, "See what somebody did by hand")
    assert f"key myrsakey: changed outside of this stack: version {made} was made by hand at" in preview
    assert "key myrsakey: changed outside of this stack: enabled: no instead of yes" in preview
    assert "- drift" in preview.replace("      ", " ").replace("  ", " ")
    assert hand().get_key("myrsakey").properties.enabled

    reader.follow(RETIRE, "Make its successor, and keep the old one")
    assert (project.directory / ".local" / "backups" / "myrsakey.keybackup").exists()
    reader.follow(RETIRE, "Switch the old one off")
    assert hand().get_key("myrsakey").properties.enabled is False
    reader.follow(RETIRE, "Take it out of the configuration")
    assert hand().get_deleted_key("myrsakey").name == "myrsakey"
    recovered, _, _ = reader.follow(RETIRE, "Purge it")
    assert "recovering the identical key that was deleted" in recovered
    assert [each.name for each in hand().list_deleted_keys()] == []
    assert [each.name for each in hand().list_properties_of_keys()] == ["myrsakey-2"]

    make_many_in_spite_of_failures(project)


def make_many_in_spite_of_failures(project: Project) -> None:
    """One key fails, others are throttled: what was made is known, nothing is made twice, the next up goes on."""
    with_keys(project.directory, 12)
    fault = project.control.add_fault
    fault("status", method="POST", path="/keys/key-0007/create", status=400, code="BadParameter", message="No.")
    fault("status", method="POST", path="/create", status=429, code="TooManyRequests", retry_after_seconds=1, count=3)
    failed = project.up(check=False)
    assert failed.status != 0
    assert "key key-0007 in https://az400popmhsm.managedhsm.azure.net" in failed.output
    kept = {name for name in named(project, "Key") if name.startswith("key-")}
    assert "key-0007" not in kept
    assert {each.name for each in hand().list_properties_of_keys()} - {"myrsakey-2"} == kept
    went_on = project.up()
    assert f"+ {12 - len(kept)} created" in went_on.changes()
    assert len(named(project, "Key")) == 12
    versions = [list(hand().list_properties_of_key_versions(f"key-{number:04}")) for number in range(12)]
    assert {len(each) for each in versions} == {1}
