"""The provider's configuration: ``azure-native:*``, else the ARM_* variables.

Names after the configuration of pulumi-azure-native 3.29.0 ("Azure Native: installation and configuration").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local_azure.plugin.errors import ConfigurationError

_VARIABLES = {
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
    "tenantId": "ARM_TENANT_ID",
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "clientCertificatePath": "ARM_CLIENT_CERTIFICATE_PATH",
    "clientCertificatePassword": "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "useOidc": "ARM_USE_OIDC",
    "oidcToken": "ARM_OIDC_TOKEN",
    "oidcTokenFilePath": "ARM_OIDC_TOKEN_FILE_PATH",
    "oidcRequestToken": "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "oidcRequestUrl": "ACTIONS_ID_TOKEN_REQUEST_URL",
    "oidcAudience": "ARM_OIDC_AUDIENCE",
    "useMsi": "ARM_USE_MSI",
    "useDefaultAzureCredential": "ARM_USE_DEFAULT_AZURE_CREDENTIAL",
    "environment": "ARM_ENVIRONMENT",
    "metadataHost": "ARM_METADATA_HOSTNAME",
    "location": "ARM_LOCATION",
}


@dataclass(frozen=True)
class Configuration:
    """What the engine configured, over what the environment says. Secrets among it are never shown."""

    values: Mapping[str, Any] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)

    def text(self, name: str) -> str | None:
        """The value; None where it is neither configured nor in the environment, or empty."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None or value == "":
            value = self.environment.get(_VARIABLES[name])
        return str(value) if value not in (None, "") else None

    def is_on(self, name: str) -> bool:
        """Whether a switch is set: it says ``true``, in these letters."""
        return self.text(name) == "true"

    def required(self, name: str, purpose: str) -> str:
        """The value; ConfigurationError says what it is for and where it is set."""
        value = self.text(name)
        if value is None:
            raise ConfigurationError(
                f"{purpose} needs azure-native:{name}: set it in the stack's configuration or as {_VARIABLES[name]}"
            )
        return value
