"""Microsoft.Network: the bodies of networks, private endpoints and interfaces, api-version 2024-05-01.

Sources: virtualNetwork.json, privateEndpoint.json, networkInterface.json and networkSecurityGroup.json of the API
description. What they call ``…PropertiesFormat`` is flattened.
"""

from __future__ import annotations

from collections.abc import Mapping

SHAPES: Mapping[str, str] = {
    "network:VirtualNetwork": (
        "extendedLocation:ExtendedLocation id+ location tags etag! name! type! properties> "
        "addressSpace:AddressSpace bgpCommunities:VirtualNetworkBgpCommunities ddosProtectionPlan:SubResource "
        "dhcpOptions:DhcpOptions enableDdosProtection enableVmProtection encryption:VirtualNetworkEncryption "
        "flowTimeoutInMinutes ipAllocations:[SubResource] privateEndpointVNetPolicies subnets:[Subnet] "
        "virtualNetworkPeerings:[VirtualNetworkPeering] flowLogs!:[FlowLog] provisioningState! resourceGuid!"
    ),
    "AddressSpace": "addressPrefixes ipamPoolPrefixAllocations:[IpamPoolPrefixAllocation]",
    "IpamPoolPrefixAllocation": "numberOfIpAddresses allocatedAddressPrefixes! pool> id",
    "VirtualNetworkBgpCommunities": "virtualNetworkCommunity* regionalCommunity!",
    "SubResource": "id",
    "DhcpOptions": "dnsServers",
    "VirtualNetworkEncryption": "enabled* enforcement",
    "ExtendedLocation": "name type",
    "Subnet": (
        "etag id name type properties> addressPrefix addressPrefixes "
        "applicationGatewayIPConfigurations:[ApplicationGatewayIPConfiguration] defaultOutboundAccess "
        "delegations:[Delegation] ipAllocations:[SubResource] ipamPoolPrefixAllocations:[IpamPoolPrefixAllocation] "
        "natGateway:SubResource networkSecurityGroup:NetworkSecurityGroup privateEndpointNetworkPolicies "
        "privateLinkServiceNetworkPolicies provisioningState resourceNavigationLinks:[ResourceNavigationLink] "
        "routeTable:RouteTable serviceAssociationLinks:[ServiceAssociationLink] "
        "serviceEndpointPolicies:[ServiceEndpointPolicy] serviceEndpoints:[ServiceEndpointPropertiesFormat] "
        "serviceGateway+:SubResource sharingScope ipConfigurationProfiles!:[IPConfigurationProfile] "
        "ipConfigurations!:[IPConfiguration] privateEndpoints!:[PrivateEndpoint] purpose!"
    ),
    "Delegation": "etag id name type properties> actions serviceName provisioningState!",
    "NetworkSecurityGroup": (
        "etag id location tags name! type! properties> defaultSecurityRules:[SecurityRule] flushConnection "
        "provisioningState resourceGuid securityRules:[SecurityRule] flowLogs!:[FlowLog] "
        "networkInterfaces!:[NetworkInterface] subnets!:[Subnet]"
    ),
    "SecurityRule": (
        "etag id name type properties> access* direction* protocol* description destinationAddressPrefix "
        "destinationAddressPrefixes destinationApplicationSecurityGroups:[ApplicationSecurityGroup] "
        "destinationPortRange destinationPortRanges priority provisioningState sourceAddressPrefix "
        "sourceAddressPrefixes sourceApplicationSecurityGroups:[ApplicationSecurityGroup] sourcePortRange "
        "sourcePortRanges"
    ),
    "ApplicationSecurityGroup": "id location tags etag! name! type! properties> provisioningState! resourceGuid!",
    "NetworkInterface": (
        "etag! name! type! extendedLocation!:ExtendedLocation id! location! tags! properties> "
        "defaultOutboundConnectivityEnabled! dscpConfiguration!:SubResource hostedWorkloads! macAddress! primary! "
        "privateEndpoint!:PrivateEndpoint provisioningState! resourceGuid! "
        "tapConfigurations!:[NetworkInterfaceTapConfiguration] virtualMachine!:SubResource "
        "vnetEncryptionSupported! auxiliaryMode! auxiliarySku! disableTcpStateTracking! "
        "dnsSettings!:NetworkInterfaceDnsSettings enableAcceleratedNetworking! enableIPForwarding! "
        "ipConfigurations!:[NetworkInterfaceIPConfiguration] migrationPhase! "
        "networkSecurityGroup!:NetworkSecurityGroup nicType! privateLinkService!:PrivateLinkService workloadType!"
    ),
    "PrivateEndpoint": (
        "etag! name! type! extendedLocation!:ExtendedLocation id! location! tags! properties> "
        "networkInterfaces!:[NetworkInterface] provisioningState! "
        "applicationSecurityGroups!:[ApplicationSecurityGroup] customDnsConfigs!:[CustomDnsConfigPropertiesFormat] "
        "customNetworkInterfaceName! ipConfigurations!:[PrivateEndpointIPConfiguration] "
        "manualPrivateLinkServiceConnections!:[PrivateLinkServiceConnection] "
        "privateLinkServiceConnections!:[PrivateLinkServiceConnection] subnet!:Subnet"
    ),
    "CustomDnsConfigPropertiesFormat": "fqdn ipAddresses",
    "PrivateEndpointIPConfiguration": "name etag! type! properties> groupId memberName privateIPAddress",
    "PrivateLinkServiceConnection": (
        "id name etag! type! properties> groupIds "
        "privateLinkServiceConnectionState:PrivateLinkServiceConnectionState privateLinkServiceId requestMessage "
        "provisioningState!"
    ),
    "PrivateLinkServiceConnectionState": "actionsRequired description status",
    "IPConfiguration": (
        "etag! id! name! properties> provisioningState! privateIPAddress! privateIPAllocationMethod! "
        "publicIPAddress!:PublicIPAddress subnet!:Subnet"
    ),
    "NetworkInterfaceIPConfiguration": (
        "id name type etag! properties> "
        "applicationGatewayBackendAddressPools:[ApplicationGatewayBackendAddressPool] "
        "applicationSecurityGroups:[ApplicationSecurityGroup] gatewayLoadBalancer:SubResource "
        "loadBalancerBackendAddressPools:[BackendAddressPool] loadBalancerInboundNatRules:[InboundNatRule] primary "
        "privateIPAddress privateIPAddressPrefixLength privateIPAddressVersion privateIPAllocationMethod "
        "publicIPAddress:PublicIPAddress subnet:Subnet virtualNetworkTaps:[VirtualNetworkTap] "
        "privateLinkConnectionProperties!:NetworkInterfaceIPConfigurationPrivateLinkConnectionProperties "
        "provisioningState!"
    ),
    "NetworkInterfaceIPConfigurationPrivateLinkConnectionProperties": "fqdns! groupId! requiredMemberName!",
    "NetworkInterfaceDnsSettings": (
        "dnsServers internalDnsNameLabel appliedDnsServers! internalDomainNameSuffix! internalFqdn!"
    ),
    "RouteTable": (
        "etag id location tags name! type! properties> disableBgpRoutePropagation provisioningState routes:[Route] "
        "resourceGuid! subnets!:[Subnet]"
    ),
    "Route": (
        "etag id name type properties> nextHopType* addressPrefix nextHopIpAddress provisioningState hasBgpOverride!"
    ),
    "ServiceEndpointPropertiesFormat": "locations networkIdentifier:SubResource provisioningState service",
    "VirtualNetworkPeering": (
        "id name type etag! properties> allowForwardedTraffic allowGatewayTransit allowVirtualNetworkAccess "
        "doNotVerifyRemoteGateways enableOnlyIPv6Peering localAddressSpace:AddressSpace localSubnetNames "
        "localVirtualNetworkAddressSpace:AddressSpace peerCompleteVnets peeringState peeringSyncLevel "
        "remoteAddressSpace:AddressSpace remoteBgpCommunities:VirtualNetworkBgpCommunities remoteSubnetNames "
        "remoteVirtualNetwork:SubResource remoteVirtualNetworkAddressSpace:AddressSpace useRemoteGateways "
        "provisioningState! remoteVirtualNetworkEncryption!:VirtualNetworkEncryption resourceGuid!"
    ),
    "network:Subnet": (
        "id+ name type etag! properties> addressPrefix addressPrefixes "
        "applicationGatewayIPConfigurations:[ApplicationGatewayIPConfiguration] defaultOutboundAccess "
        "delegations:[Delegation] ipAllocations:[SubResource] ipamPoolPrefixAllocations:[IpamPoolPrefixAllocation] "
        "natGateway:SubResource networkSecurityGroup:NetworkSecurityGroup privateEndpointNetworkPolicies "
        "privateLinkServiceNetworkPolicies routeTable:RouteTable serviceEndpointPolicies:[ServiceEndpointPolicy] "
        "serviceEndpoints:[ServiceEndpointPropertiesFormat] sharingScope "
        "ipConfigurationProfiles!:[IPConfigurationProfile] ipConfigurations!:[IPConfiguration] "
        "privateEndpoints!:[PrivateEndpoint] provisioningState! purpose! "
        "resourceNavigationLinks!:[ResourceNavigationLink] serviceAssociationLinks!:[ServiceAssociationLink]"
    ),
    "network:PrivateEndpoint": (
        "extendedLocation:ExtendedLocation id+ location tags etag! name! type! properties> "
        "applicationSecurityGroups:[ApplicationSecurityGroup] customDnsConfigs:[CustomDnsConfigPropertiesFormat] "
        "customNetworkInterfaceName ipConfigurations:[PrivateEndpointIPConfiguration] "
        "manualPrivateLinkServiceConnections:[PrivateLinkServiceConnection] "
        "privateLinkServiceConnections:[PrivateLinkServiceConnection] subnet:Subnet "
        "networkInterfaces!:[NetworkInterface] provisioningState!"
    ),
    "network:PrivateDnsZoneGroup": (
        "id+ name etag! properties> privateDnsZoneConfigs:[PrivateDnsZoneConfig] provisioningState!"
    ),
    "PrivateDnsZoneConfig": "name properties> privateDnsZoneId recordSets!:[RecordSet]",
    "RecordSet": "provisioningState! fqdn! ipAddresses! recordSetName! recordType! ttl!",
    "network:NetworkInterface": (
        "extendedLocation:ExtendedLocation id+ location tags etag! name! type! properties> auxiliaryMode "
        "auxiliarySku disableTcpStateTracking dnsSettings:NetworkInterfaceDnsSettings enableAcceleratedNetworking "
        "enableIPForwarding ipConfigurations:[NetworkInterfaceIPConfiguration] migrationPhase "
        "networkSecurityGroup:NetworkSecurityGroup nicType privateLinkService:PrivateLinkService workloadType "
        "defaultOutboundConnectivityEnabled! dscpConfiguration!:SubResource hostedWorkloads! macAddress! primary! "
        "privateEndpoint!:PrivateEndpoint provisioningState! resourceGuid! "
        "tapConfigurations!:[NetworkInterfaceTapConfiguration] virtualMachine!:SubResource "
        "vnetEncryptionSupported!"
    ),
    "network:NetworkSecurityGroup": (
        "id+ location tags etag! name! type! properties> flushConnection securityRules:[SecurityRule] "
        "defaultSecurityRules!:[SecurityRule] flowLogs!:[FlowLog] networkInterfaces!:[NetworkInterface] "
        "provisioningState! resourceGuid! subnets!:[Subnet]"
    ),
}
