"""ARM as somebody with a script would use it, beside the program or behind its back."""

from __future__ import annotations

import time
from typing import Any

import requests

from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.instance import Instance

SUBSCRIPTION = f"/subscriptions/{SUBSCRIPTION_ID}"
POOLS, NETWORKS, DNS, MACHINES = "2024-11-01", "2024-05-01", "2024-06-01", "2024-11-01"
"""The api-versions of Microsoft.KeyVault, Microsoft.Network, its private DNS, and Microsoft.Compute."""
_SECONDS = 20.0


class ByHand:
    """The deployer's own requests to one local Azure, from outside, through its proxy."""

    def __init__(self, instance: Instance) -> None:
        given, _ = instance.variables({})
        self._session = requests.Session()
        self._session.proxies = {"https": given["HTTPS_PROXY"]}
        self._session.verify = given["REQUESTS_CA_BUNDLE"]
        self._session.trust_env = False
        self._credential = {
            "grant_type": "client_credentials",
            "client_id": given["AZURE_CLIENT_ID"],
            "client_secret": given["AZURE_CLIENT_SECRET"],
        }
        self._tenant = given["AZURE_TENANT_ID"]

    def token(self, resource: str) -> str:
        """An access token of the deployer for a resource such as ``https://managedhsm.azure.net``."""
        url = f"https://login.microsoftonline.com/{self._tenant}/oauth2/v2.0/token"
        answer = self._session.post(url, data={**self._credential, "scope": f"{resource}/.default"}, timeout=_SECONDS)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def ask(self, method: str, url: str, resource: str, body: Any = None) -> requests.Response:
        """The answer to a request with a token for that resource."""
        headers = {"Authorization": f"Bearer {self.token(resource)}"}
        return self._session.request(method, url, json=body, headers=headers, timeout=_SECONDS)

    def arm(self, method: str, resource_id: str, api_version: str, body: Any = None) -> Any:
        """The answer's body, once what was asked for is done; None where there is no such resource."""
        url = f"https://management.azure.com{resource_id}?api-version={api_version}"
        answer = self.ask(method, url, "https://management.azure.com", body)
        assert answer.ok or answer.status_code == 404, answer.text
        if method in ("PUT", "PATCH"):
            return self._finished(resource_id, api_version)
        return answer.json() if answer.ok and answer.content else None

    def _finished(self, resource_id: str, api_version: str) -> Any:
        deadline = time.monotonic() + _SECONDS
        while True:
            found = self.arm("GET", resource_id, api_version)
            state = (found.get("properties") or {}).get("provisioningState", "Succeeded")
            if state in ("Succeeded", "Failed"):
                assert state == "Succeeded", found
                return found
            assert time.monotonic() < deadline, state
            time.sleep(0.02)
