"""Secrets on the wire: what is recorded of the real service, and what the REST description says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.local_azure.key_vault.support import HOST, Client, make_vault, policy

URL = f"https://{HOST}"


def test_a_secret_is_set_and_read_as_the_walkthrough_does(client: Client) -> None:
    made = client.send("PUT", "/secrets/ExampleSecret?api-version=2016-10-01", {"value": "hunter2"})
    assert made.status == 200
    read = client.send("GET", "/secrets/ExampleSecret?api-version=2016-10-01")
    assert read.status == 200
    assert read.json["value"] == "hunter2"
    assert read.json["id"] == made.json["id"]
    assert read.json["id"].startswith(f"{URL}/secrets/ExampleSecret/")
    attributes = read.json["attributes"]
    assert attributes["enabled"] is True
    assert attributes["created"] == attributes["updated"]
    assert attributes["recoveryLevel"] == "CustomizedRecoverable+Purgeable"
    assert list(read.json) == ["value", "id", "attributes"]


def test_each_set_makes_a_version_and_the_latest_answers(client: Client) -> None:
    first = client.send("PUT", "/secrets/a", {"value": "one"}).json["id"].rpartition("/")[2]
    client.send("PUT", "/secrets/a", {"value": "two", "contentType": "text/plain", "tags": {"t": "1"}})
    latest = client.send("GET", "/secrets/A").json
    assert (latest["value"], latest["contentType"], latest["tags"]) == ("two", "text/plain", {"t": "1"})
    assert client.send("GET", f"/secrets/a/{first}").json["value"] == "one"
    versions = client.send("GET", "/secrets/a/versions").json["value"]
    assert len(versions) == 2
    assert not any("value" in each for each in versions)


def test_an_update_changes_what_it_names_and_shows_no_value(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one", "contentType": "text/plain", "attributes": {"exp": 2000000000}})
    changed = client.send("PATCH", "/secrets/a/", {"attributes": {"enabled": False}}).json
    assert "value" not in changed
    assert changed["attributes"]["enabled"] is False
    assert (changed["contentType"], changed["attributes"]["exp"]) == ("text/plain", 2000000000)
    refused = client.send("GET", "/secrets/a")
    assert (refused.status, refused.reason) == (403, "SecretDisabled")
    assert refused.message == "Operation get is not allowed on a disabled secret."


def test_an_expired_secret_can_still_be_read(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one", "attributes": {"exp": 1000}})
    assert client.send("GET", "/secrets/a").json["value"] == "one"


def test_lists_go_page_by_page_with_the_links_of_the_service(client: Client) -> None:
    for name in ("c", "a", "b"):
        client.send("PUT", f"/secrets/{name}", {"value": name})
    first = client.send("GET", "/secrets?api-version=7.4&maxresults=2").json
    assert [each["id"] for each in first["value"]] == [f"{URL}/secrets/a", f"{URL}/secrets/b"]
    assert first["nextLink"].startswith(f"{URL}:443/secrets?api-version=7.4&$skiptoken=")
    second = client.send("GET", first["nextLink"].removeprefix(f"{URL}:443")).json
    assert [each["id"] for each in second["value"]] == [f"{URL}/secrets/c"]
    assert second["nextLink"] is None


def test_a_deleted_secret_holds_its_name_until_it_is_purged(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one"})
    deleted = client.send("DELETE", "/secrets/a")
    assert deleted.json["recoveryId"] == f"{URL}/deletedsecrets/a"
    assert deleted.json["scheduledPurgeDate"] - deleted.json["deletedDate"] == 7 * 86_400
    assert client.send("GET", "/secrets/a").status == 404
    refused = client.send("PUT", "/secrets/a", {"value": "two"})
    assert (refused.status, refused.reason) == (409, "ObjectIsDeletedButRecoverable")
    assert len(client.send("GET", "/deletedsecrets").json["value"]) == 1
    assert client.send("DELETE", "/deletedsecrets/a").status == 204
    assert client.send("GET", "/deletedsecrets/a").code == "SecretNotFound"
    assert client.send("PUT", "/secrets/a", {"value": "two"}).status == 200


def test_a_recovered_secret_is_what_it_was(client: Client) -> None:
    made = client.send("PUT", "/secrets/a", {"value": "one"}).json
    client.send("DELETE", "/secrets/a")
    recovered = client.send("POST", "/deletedsecrets/a/recover")
    assert (recovered.status, recovered.json["id"]) == (200, made["id"])
    assert client.send("GET", "/secrets/a").json == made


def test_a_deleted_secret_goes_by_itself_after_the_retention(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one"})
    client.send("DELETE", "/secrets/a")
    client.world.clock.move(timedelta(days=7, seconds=1))
    assert client.send("GET", "/deletedsecrets").json["value"] == []
    assert client.send("POST", "/deletedsecrets/a/recover").status == 404


def test_purge_protection_keeps_deleted_secrets(deployer: Client) -> None:
    make_vault(deployer, policy(deployer.object_id, "set", "delete", "purge"), enablePurgeProtection=True)
    made = deployer.send("PUT", "/secrets/a", {"value": "one"})
    assert made.json["attributes"]["recoveryLevel"] == "CustomizedRecoverable"
    deployer.send("DELETE", "/secrets/a")
    refused = deployer.send("DELETE", "/deletedsecrets/a")
    assert (refused.status, refused.reason) == (403, "ForbiddenByPolicy")


def test_a_backup_brings_the_secret_back_with_its_versions(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one"})
    latest = client.send("PUT", "/secrets/a", {"value": "two"}).json
    blob = client.send("POST", "/secrets/a/backup").json["value"]
    assert client.send("POST", "/secrets/restore", {"value": blob}).status == 409
    client.send("DELETE", "/secrets/a")
    assert client.send("POST", "/secrets/restore", {"value": blob}).reason == "ObjectIsDeletedButRecoverable"
    client.send("DELETE", "/deletedsecrets/a")
    restored = client.send("POST", "/secrets/restore", {"value": blob})
    assert (restored.status, restored.json["id"]) == (200, latest["id"])
    assert "value" not in restored.json
    assert len(client.send("GET", "/secrets/a/versions").json["value"]) == 2


@pytest.mark.parametrize("blob", ["", "AAAA", "KEF6dXJlS2V5VmF1bHRTZWNyZXRCYWNrdXBWMS5taWNyb3NvZnQuY29tKWEuLmIuYy5k"])
def test_a_blob_that_is_no_backup_is_refused(client: Client, blob: str) -> None:
    assert client.send("POST", "/secrets/restore", {"value": blob}).status == 400


def test_a_secret_that_is_not_there_is_told_with_the_way_to_recover(client: Client) -> None:
    refused = client.send("GET", "/secrets/none")
    assert (refused.status, refused.code) == (404, "SecretNotFound")
    assert refused.message.startswith("A secret with (name/id) none was not found in this key vault.")
    client.send("PUT", "/secrets/a", {"value": "one"})
    assert "(name/id) a/0123 was" in client.send("GET", "/secrets/a/0123").message


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/secrets/under_score", {"value": "v"}, "The request URI contains an invalid name: under_score"),
        ("/secrets/a", {}, "Property value is required"),
        ("/secrets/a", {"value": 5}, "Property value must be a string"),
        ("/secrets/a", {"value": "v" * 25601}, "Property value has more than 25600 octets"),
        ("/secrets/a", {"value": "v", "contentType": "c" * 256}, "Property contentType has more than 255 characters"),
        ("/secrets/a", {"value": "v", "tags": {str(n): "" for n in range(16)}}, "Property tags can have at most 15"),
        ("/secrets/a?api-version=2016-10-02", {"value": "v"}, "The specified version (2016-10-02) is not recognized."),
        ("/secrets/a?api-version=", {"value": "v"}, "api-version must be specified"),
    ],
)
def test_what_the_service_cannot_mean_is_refused(client: Client, path: str, body: object, told: str) -> None:
    refused = client.send("PUT", path, body)
    assert (refused.status, refused.code) == (400, "BadParameter")
    assert refused.message.startswith(told)


@pytest.mark.parametrize("maxresults", ["0", "26", "x", "-1"])
def test_a_page_has_1_to_25_items(client: Client, maxresults: str) -> None:
    assert client.send("GET", f"/secrets?api-version=7.4&maxresults={maxresults}").status == 400


@pytest.mark.parametrize("path", ["/keys", "/keys/k/create", "/certificates", "/storage", "/nonsense"])
def test_what_is_not_played_says_so(client: Client, path: str) -> None:
    assert client.send("GET", path).status == 501


def test_a_method_that_no_operation_has_is_refused(client: Client) -> None:
    assert client.send("POST", "/secrets/a").status == 405
