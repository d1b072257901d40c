"""Which Azure: the endpoints of a cloud, known or asked for."""

from __future__ import annotations

from dataclasses import dataclass

from local_azure.plugin.configuration import Configuration
from local_azure.plugin.errors import ConfigurationError
from local_azure.plugin.transport import Http

_METADATA_VERSION = "2022-09-01"


@dataclass(frozen=True)
class Cloud:
    """Endpoints, without a slash at the end."""

    resource_manager: str
    authority: str
    """Where Entra ID signs in."""
    audience: str
    """Whom ARM's tokens are for."""
    vault_suffix: str


PUBLIC = Cloud(
    "https://management.azure.com",
    "https://login.microsoftonline.com",
    "https://management.azure.com",
    "vault.azure.net",
)
_CLOUDS = {
    "public": PUBLIC,
    "usgovernment": Cloud(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
        "vault.usgovcloudapi.net",
    ),
    "china": Cloud(
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
        "vault.azure.cn",
    ),
}


def configured_cloud(configuration: Configuration, transport: Http) -> Cloud:
    """The cloud that ``metadataHost`` describes, else the one that ``environment`` names, else the public one.

    Raises ConfigurationError where the name is unknown or the host gives no description.
    """
    host = configuration.text("metadataHost")
    if host:
        return _described(host, transport)
    name = configuration.text("environment") or "public"
    key = name.lower().removeprefix("azure").removesuffix("cloud") or "public"
    if key not in _CLOUDS:
        raise ConfigurationError(f"azure-native:environment is '{name}'; it must be one of {', '.join(_CLOUDS)}")
    return _CLOUDS[key]


def _described(host: str, transport: Http) -> Cloud:
    url = f"https://{host.removeprefix('https://').rstrip('/')}/metadata/endpoints?api-version={_METADATA_VERSION}"
    answer = transport.request("GET", url, {"Accept": "application/json"})
    try:
        body = answer.value()
        if isinstance(body, list):
            body = body[0]
        sign_in = body["authentication"]
        return Cloud(
            resource_manager=body["resourceManager"].rstrip("/"),
            authority=sign_in["loginEndpoint"].rstrip("/"),
            audience=sign_in["audiences"][0].rstrip("/"),
            vault_suffix=body.get("suffixes", {}).get("keyVaultDns", PUBLIC.vault_suffix).lstrip("."),
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        raise ConfigurationError(
            f"azure-native:metadataHost is '{host}', which answers {answer.status} and no description of a cloud"
        ) from None
