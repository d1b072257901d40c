"""Azure's clouds, and what their services are called.

Which one it is follows from one setting, ``azure-native:environment`` (or ARM_ENVIRONMENT). Sources: "Compare Azure
Government and global Azure", "Azure operated by 21Vianet: developer guide", the table of clouds in azure-cli-core,
"Azure Private Endpoint private DNS zone values", "Microsoft Entra workload identities: federated identity credentials"
(audiences). The private DNS zone of a Managed HSM is documented for the public cloud alone; the others' are formed the
same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Cloud:
    """One of Azure's clouds. Addresses have no slash at the end."""

    name: str
    authority: str
    """Host of Entra ID."""
    resource_manager: str
    """Address of ARM."""
    graph: str
    """Address of Microsoft Graph."""
    managed_hsm: str
    """What the names of pools end with."""
    vault_link: str
    """What the names of vaults end with behind a private endpoint."""
    storage: str
    """What the names of storage accounts end with."""
    token_exchange: str
    """The audience of federated tokens."""

    @property
    def hsm_scope(self) -> str:
        """What a token for pools is asked for."""
        return f"https://{self.managed_hsm}/.default"

    @property
    def hsm_zone(self) -> str:
        """The private DNS zone of pools."""
        return f"privatelink.{self.managed_hsm}"

    @property
    def vault_zone(self) -> str:
        """The private DNS zone of vaults."""
        return f"privatelink.{self.vault_link}"


PUBLIC: Final = Cloud(
    name="public",
    authority="login.microsoftonline.com",
    resource_manager="https://management.azure.com",
    graph="https://graph.microsoft.com",
    managed_hsm="managedhsm.azure.net",
    vault_link="vaultcore.azure.net",
    storage="core.windows.net",
    token_exchange="api://AzureADTokenExchange",  # noqa: S106 (an audience, no secret)
)
US_GOVERNMENT: Final = Cloud(
    name="usgovernment",
    authority="login.microsoftonline.us",
    resource_manager="https://management.usgovcloudapi.net",
    graph="https://graph.microsoft.us",
    managed_hsm="managedhsm.usgovcloudapi.net",
    vault_link="vaultcore.usgovcloudapi.net",
    storage="core.usgovcloudapi.net",
    token_exchange="api://AzureADTokenExchangeUSGov",  # noqa: S106
)
CHINA: Final = Cloud(
    name="china",
    authority="login.partner.microsoftonline.cn",
    resource_manager="https://management.chinacloudapi.cn",
    graph="https://microsoftgraph.chinacloudapi.cn",
    managed_hsm="managedhsm.azure.cn",
    vault_link="vaultcore.azure.cn",
    storage="core.chinacloudapi.cn",
    token_exchange="api://AzureADTokenExchangeChina",  # noqa: S106
)
CLOUDS: Final[Mapping[str, Cloud]] = {each.name: each for each in (PUBLIC, US_GOVERNMENT, CHINA)}
"""By the names that azure-native has for them."""
BLOB_CONTAINER: Final = (
    rf"https://[a-z0-9]{{3,24}}\.blob\.(?:{'|'.join(re.escape(each.storage) for each in CLOUDS.values())})"
    r"/[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]"
)
"""Pattern of a blob container's address. Of known hosts only: a token for storage goes to whatever stands there."""
