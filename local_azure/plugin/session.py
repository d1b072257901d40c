"""The way to Azure: made with the first call that needs one, then kept."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from local_azure.plugin.arm import ArmClient
from local_azure.plugin.clouds import configured_cloud
from local_azure.plugin.configuration import Configuration
from local_azure.plugin.credentials import configured_credential
from local_azure.plugin.errors import ConfigurationError, CredentialError, PluginError
from local_azure.plugin.transport import Http, Transport
from local_azure.plugin.waiting import Deadline

_GROUPS_VERSION = "2024-03-01"
_AZURE_CLI_SECONDS = 60


class Session:
    """One configured provider's connection, credential and subscription. Thread-safe."""

    def __init__(self, configuration: Configuration, http: Http | None = None) -> None:
        """``http`` None: the network, as the environment leads there."""
        self.configuration = configuration
        self._http = http
        self._lock = threading.RLock()
        self._group_locations: dict[str, str] = {}

    @property
    def client(self) -> ArmClient:
        """Raises ConfigurationError or ConnectionFailed where there is no way to Azure."""
        with self._lock:
            return self._client

    @property
    def subscription_id(self) -> str:
        """The configured one, else that of ``az login``. Raises ConfigurationError where there is none."""
        with self._lock:
            return self._subscription_id

    def group_location(self, group: str, deadline: Deadline) -> str | None:
        """Where a resource group is; None where it cannot be found out."""
        if group not in self._group_locations:
            resource_id = f"/subscriptions/{self.subscription_id}/resourceGroups/{group}"
            try:
                found = self.client.read(resource_id, _GROUPS_VERSION, deadline)
            except PluginError:
                return None
            if found is None or not isinstance(found.get("location"), str):
                return None
            self._group_locations[group] = found["location"]
        return self._group_locations[group]

    def client_config(self) -> dict[str, Any]:
        """Who is signed in: what ``authorization:getClientConfig`` answers, read from an access token's claims."""
        claims = _claims(self.client.credential.token(self.client.scope))
        return {
            "clientId": claims.get("appid") or self.configuration.text("clientId") or "",
            "objectId": claims.get("oid", ""),
            "subscriptionId": self.subscription_id,
            "tenantId": claims.get("tid") or self.configuration.text("tenantId") or "",
        }

    @cached_property
    def _client(self) -> ArmClient:
        transport = self._http or Transport(self.configuration.environment)
        cloud = configured_cloud(self.configuration, transport)
        return ArmClient(cloud, configured_credential(self.configuration, cloud, transport), transport)

    @cached_property
    def _subscription_id(self) -> str:
        configured = self.configuration.text("subscriptionId")
        return configured or _azure_cli_subscription(self.configuration)


def _azure_cli_subscription(configuration: Configuration) -> str:
    # Rare, and slow to import.
    import shutil
    import subprocess

    signs_in_otherwise = any(configuration.text(name) for name in ("clientSecret", "clientCertificatePath")) or any(
        configuration.is_on(name) for name in ("useOidc", "useMsi", "useDefaultAzureCredential")
    )
    az = None if signs_in_otherwise else shutil.which("az", path=configuration.environment.get("PATH"))
    if az is None:
        return configuration.required("subscriptionId", "every call to Azure")
    done = subprocess.run(
        [az, "account", "show", "--output", "json"],
        capture_output=True,
        text=True,
        timeout=_AZURE_CLI_SECONDS,
        check=False,
        env=dict(configuration.environment),
    )
    if done.returncode != 0:
        raise CredentialError(f"the Azure CLI names no subscription: {done.stderr or done.stdout}")
    try:
        return str(json.loads(done.stdout)["id"])
    except (KeyError, TypeError, ValueError):
        raise ConfigurationError("the Azure CLI's answer names no subscription") from None


def _claims(token: str) -> Mapping[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        raise CredentialError("the access token is no JSON Web Token, so it names nobody") from None
    if not isinstance(claims, dict):
        raise CredentialError("the access token's claims are no JSON object")
    return claims
