"""The unmodified azure-keyvault-secrets against the service."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.keyvault.secrets import ApiVersion

from local_azure.entra import directory
from tests.unit.local_azure.key_vault.support import Client


@pytest.mark.parametrize("version", list(ApiVersion))
def test_every_api_version_of_the_client_is_answered(client: Client, version: ApiVersion) -> None:
    sdk = client.sdk(api_version=version)
    made = sdk.set_secret("ExampleSecret", "hunter2", tags={"a": "b"}, content_type="text/plain")
    read = sdk.get_secret("ExampleSecret")
    assert (read.value, read.id, read.properties.tags) == ("hunter2", made.id, {"a": "b"})
    assert read.properties.recovery_level == "CustomizedRecoverable+Purgeable"


def test_versions_pages_and_attributes(client: Client) -> None:
    sdk = client.sdk()
    expires = datetime(2031, 1, 1, tzinfo=UTC)
    for number in range(30):
        sdk.set_secret(f"secret-{number:02d}", str(number))
    for number in range(30):
        sdk.set_secret("many", str(number), expires_on=expires)
    assert len(list(sdk.list_properties_of_secrets())) == 31
    assert len(list(sdk.list_properties_of_secrets(max_page_size=7))) == 31
    versions = list(sdk.list_properties_of_secret_versions("many"))
    assert len({each.version for each in versions}) == 30
    latest = sdk.get_secret("many")
    assert (latest.value, latest.properties.expires_on) == ("29", expires)
    changed = sdk.update_secret_properties("many", enabled=False, tags={"x": "y"})
    assert (changed.enabled, changed.tags, changed.expires_on) == (False, {"x": "y"}, expires)
    with pytest.raises(HttpResponseError, match="disabled secret"):
        sdk.get_secret("many")


def test_delete_recover_purge_backup_and_restore(client: Client) -> None:
    sdk = client.sdk()
    sdk.set_secret("a", "one")
    backup = sdk.backup_secret("a")
    with pytest.raises(ResourceExistsError):
        sdk.restore_secret_backup(backup)
    deleted = sdk.begin_delete_secret("a").result()
    assert deleted.recovery_id == f"{sdk.vault_url}/deletedsecrets/a"
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        sdk.set_secret("a", "two")
    sdk.begin_recover_deleted_secret("a").wait()
    assert sdk.get_secret("a").value == "one"
    sdk.begin_delete_secret("a").wait()
    assert [each.name for each in sdk.list_deleted_secrets()] == ["a"]
    sdk.purge_deleted_secret("a")
    with pytest.raises(ResourceNotFoundError):
        sdk.get_deleted_secret("a")
    assert sdk.restore_secret_backup(backup).name == "a"
    assert sdk.get_secret("a").value == "one"


def test_whoever_has_no_permission_is_told_which(client: Client) -> None:
    stranger = client.acting_as(directory.USER_OBJECT_ID).sdk()
    with pytest.raises(HttpResponseError, match="does not have secrets get permission") as caught:
        stranger.get_secret("a")
    assert caught.value.status_code == 403


class Forger:
    """Signs in as nobody."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("a.b.c", 2**31)


def test_a_bad_token_is_an_authentication_error(client: Client) -> None:
    with pytest.raises(ClientAuthenticationError, match="Error validating token"):
        client.sdk(Forger()).get_secret("a")
