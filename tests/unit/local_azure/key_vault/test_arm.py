"""Vaults and secrets as ARM has them, beside the data plane."""

from __future__ import annotations

from tests.unit.local_azure.key_vault.support import (
    SECRET_MANAGEMENT,
    VAULT_ID,
    Client,
    policy,
    vault_body,
)

SECRET_ID = f"{VAULT_ID}/secrets/a"
PURGE = (
    f"/subscriptions/{VAULT_ID.split('/')[2]}/providers/Microsoft.KeyVault/locations/eastus2"
    "/deletedVaults/ContosoMiVault"
)


def write(client: Client, value: str | None, **more: object) -> str:
    """A secret through ARM; answers its latest version."""
    properties = {**({} if value is None else {"value": value}), **more}
    answer = client.arm("PUT", SECRET_ID, {"properties": properties, "tags": {"t": "1"}})
    assert answer.status in (200, 201), answer
    assert value is None or value.encode() not in answer.body
    return str(answer.json["properties"]["secretUriWithVersion"].rpartition("/")[2])


def test_a_secret_written_through_arm_is_read_from_the_vault(client: Client) -> None:
    version = write(client, "hunter2", contentType="text/plain", attributes={"exp": 2000000000})
    read = client.send("GET", "/secrets/a").json
    assert (read["value"], read["contentType"], read["tags"]) == ("hunter2", "text/plain", {"t": "1"})
    assert read["attributes"]["exp"] == 2000000000
    assert read["id"].endswith(version)


def test_arm_never_shows_a_value_and_keeps_none(client: Client) -> None:
    write(client, "hunter2")
    assert b"hunter2" not in client.arm("GET", SECRET_ID).body
    assert b"hunter2" not in client.arm("GET", f"{VAULT_ID}/secrets").body
    assert "hunter2" not in str(client.world.store.scan("arm.microsoft.keyvault/vaults/secrets"))


def test_each_put_with_a_value_makes_a_version_and_a_patch_without_one_makes_none(client: Client) -> None:
    first = write(client, "one")
    second = write(client, "one")
    assert first != second
    answer = client.arm("PATCH", SECRET_ID, {"properties": {"attributes": {"enabled": False}}})
    assert answer.json["properties"]["secretUriWithVersion"].endswith(second)
    assert answer.json["properties"]["attributes"]["enabled"] is False
    assert client.send("GET", "/secrets/a").reason == "SecretDisabled"


def test_arm_sees_what_the_data_plane_does(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one"})
    shown = client.arm("GET", SECRET_ID).json
    assert (shown["name"], shown["location"]) == ("a", "eastus2")
    assert len(client.arm("GET", f"{VAULT_ID}/secrets").json["value"]) == 1
    client.send("DELETE", "/secrets/a")
    assert client.arm("GET", SECRET_ID).status == 404
    assert client.arm("PUT", SECRET_ID, {"properties": {"value": "two"}}).status == 409
    client.send("POST", "/deletedsecrets/a/recover")
    assert client.arm("GET", SECRET_ID).status == 200


def test_a_secret_needs_a_value_and_a_vault(client: Client) -> None:
    assert client.arm("PUT", SECRET_ID, {"properties": {}}).status == 400
    assert client.arm("PUT", SECRET_ID.replace("Contoso", "x"), {"properties": {"value": "v"}}).status == 404


def test_a_deleted_vault_is_gone_and_comes_back_with_its_secrets(client: Client) -> None:
    client.send("PUT", "/secrets/a", {"value": "one"})
    assert client.arm("DELETE", VAULT_ID).status == 200
    assert client.send("GET", "/secrets/a").status >= 500
    refused = client.arm("PUT", VAULT_ID, vault_body())
    assert (refused.status, refused.code) == (409, "ConflictError")
    assert refused.message.startswith("A vault with the same name already exists in deleted state.")
    body = vault_body(policy(client.object_id, *SECRET_MANAGEMENT), createMode="recover")
    assert client.arm("PUT", VAULT_ID, body).status == 200
    assert client.send("GET", "/secrets/a").json["value"] == "one"
    assert client.arm("GET", SECRET_ID).status == 200


def test_a_purged_vault_leaves_nothing_to_a_new_one_of_its_name(client: Client) -> None:
    for name in ("a", "b"):
        client.send("PUT", f"/secrets/{name}", {"value": "one"})
    client.send("DELETE", "/secrets/b")
    client.arm("DELETE", VAULT_ID)
    assert client.arm("POST", f"{PURGE}/purge").status == 202
    client.arm("GET", PURGE)
    assert client.arm("PUT", VAULT_ID, vault_body(policy(client.object_id, *SECRET_MANAGEMENT))).status == 200
    assert client.send("GET", "/secrets").json["value"] == []
    assert client.send("GET", "/deletedsecrets").json["value"] == []
