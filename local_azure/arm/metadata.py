"""``/metadata/endpoints``: what a client must know of a cloud before it can sign in; nobody need be known for it.

Three shapes: few fields before 2019-05-01, then an array of clouds, and since 2022-09-01 the one cloud that ARM is of
(what the Go SDKs of Pulumi and Terraform read).
"""

from __future__ import annotations

from local_azure.arm.errors import missing_api_version, unsupported_api_version
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Request, Response, json_response

_SHORT = ("1.0", "2015-01-01", "2017-10-01", "2018-01-01", "2018-05-01")
_ARRAY = ("2019-05-01", "2019-10-01", "2020-06-01", "2020-09-01", "2021-11-01")
_CLOUD = ("2022-09-01", "2023-11-01", "2023-12-01")
_ARM, _LOGIN, _GRAPH = (
    "https://management.azure.com/",
    "https://login.microsoftonline.com/",
    "https://graph.microsoft.com/",
)
_AUDIENCES = ["https://management.core.windows.net/", _ARM]

_SUFFIXES = {
    "acrLoginServer": "azurecr.io",
    "azureDatalakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
    "azureDatalakeStoreFileSystem": "azuredatalakestore.net",
    "azureFrontDoorEndpointSuffix": "azurefd.net",
    "attestationEndpoint": "attest.azure.net",
    "keyVaultDns": "vault.azure.net",
    "mhsmDns": "managedhsm.azure.net",
    "mysqlServerEndpoint": "mysql.database.azure.com",
    "postgresqlServerEndpoint": "postgres.database.azure.com",
    "mariadbServerEndpoint": "mariadb.database.azure.com",
    "sqlServerHostname": "database.windows.net",
    "storage": "core.windows.net",
    "storageSyncEndpointSuffix": "afs.azure.net",
    "synapseAnalytics": "dev.azuresynapse.net",
}


def endpoints(request: Request) -> Response:
    """The clouds, or the one cloud, by api-version."""
    if request.method != "GET":
        raise ServiceError(405, "MethodNotAllowed", f"'{request.method}' is not supported here.")
    version = request.query.get("api-version")
    if version is None:
        raise missing_api_version()
    if version in _SHORT:
        return json_response(
            {
                "galleryEndpoint": "https://gallery.azure.com/",
                "graphEndpoint": "https://graph.windows.net/",
                "portalEndpoint": "https://portal.azure.com",
                "authentication": {"loginEndpoint": _LOGIN, "audiences": _AUDIENCES},
            }
        )
    if version in _ARRAY:
        return json_response([_cloud()])
    if version in _CLOUD:
        return json_response(_cloud())
    raise unsupported_api_version(version, "Microsoft.Resources/metadata", (*_SHORT, *_ARRAY, *_CLOUD))


def _cloud() -> JsonObject:
    return {
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": _LOGIN,
            "audiences": _AUDIENCES,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.azure.net",
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "microsoftGraphResourceId": _GRAPH,
        "suffixes": dict(_SUFFIXES),
        "batch": "https://batch.core.windows.net/",
        "resourceManager": _ARM,
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "gallery": "https://gallery.azure.com/",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "attestationResourceId": "https://attest.azure.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
    }
