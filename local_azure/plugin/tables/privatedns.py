"""Microsoft.Network: private DNS, api-version 2024-06-01 (privatedns.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "privatedns:PrivateZone": (
        "location tags etag! name! systemData!:SystemData type! properties> internalId! maxNumberOfRecordSets! "
        "maxNumberOfVirtualNetworkLinks! maxNumberOfVirtualNetworkLinksWithRegistration! numberOfRecordSets! "
        "numberOfVirtualNetworkLinks! numberOfVirtualNetworkLinksWithRegistration! provisioningState!"
    ),
    "privatedns:VirtualNetworkLink": (
        "location tags etag! name! systemData!:SystemData type! properties> registrationEnabled resolutionPolicy "
        "virtualNetwork:SubResource provisioningState! virtualNetworkLinkState!"
    ),
    "SubResource": "id",
    "privatedns:PrivateRecordSet": (
        "etag! name! systemData!:SystemData type! properties> aRecords:[ARecord] aaaaRecords:[AaaaRecord] "
        "cnameRecord:CnameRecord metadata mxRecords:[MxRecord] ptrRecords:[PtrRecord] soaRecord:SoaRecord "
        "srvRecords:[SrvRecord] ttl txtRecords:[TxtRecord] fqdn! isAutoRegistered!"
    ),
    "ARecord": "ipv4Address",
    "AaaaRecord": "ipv6Address",
    "CnameRecord": "cname",
    "MxRecord": "exchange preference",
    "PtrRecord": "ptrdname",
    "SoaRecord": "email expireTime host minimumTtl refreshTime retryTime serialNumber",
    "SrvRecord": "port priority target weight",
    "TxtRecord": "value",
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.Network"

RESOURCE_TYPES = (
    ResourceType(
        "privatedns:PrivateZone",
        path=_PROVIDER + "/privateDnsZones/{privateZoneName}",
        api_version="2024-06-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "privatedns:VirtualNetworkLink",
        path=_PROVIDER + "/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
        api_version="2024-06-01",
        shapes=SHAPES,
    ),
    ResourceType(
        "privatedns:PrivateRecordSet",
        path=_PROVIDER + "/privateDnsZones/{privateZoneName}/{recordType}/{relativeRecordSetName}",
        api_version="2024-06-01",
        shapes=SHAPES,
    ),
)
