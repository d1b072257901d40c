"""W4, managed identity v2, row by row."""

from __future__ import annotations

from azure.keyvault.secrets import SecretClient

from tests.unit.workload.managed_identity_v2.serving import ISSUE, PLATFORM, Serving
from workload.managed_identity_v2 import ManagedIdentityV2Credential, bound_client_options

VAULT, SCOPE = "https://contosomivault.vault.azure.net", "https://vault.azure.net/.default"


def test_an_unmodified_client_reads_a_secret_with_a_bound_token(azure: Serving) -> None:
    with (
        ManagedIdentityV2Credential() as credential,
        SecretClient(VAULT, credential, **bound_client_options(credential, SCOPE)) as client,
    ):
        assert client.get_secret("contososecret").value == "from the vault"
    assert len(azure.asked(PLATFORM)) == len(azure.asked(ISSUE)) == 1
