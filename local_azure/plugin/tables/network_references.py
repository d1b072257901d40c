"""Microsoft.Network: shapes that the types of :mod:`local_azure.plugin.tables.network` only refer to."""

from __future__ import annotations

from collections.abc import Mapping

REFERENCES: Mapping[str, str] = {
    "ApplicationGatewayIPConfiguration": "id name etag! type! properties> subnet:SubResource provisioningState!",
    "FlowLog": (
        "etag! name! type! id! identity!:ManagedServiceIdentity location! tags! properties> provisioningState! "
        "storageId! targetResourceGuid! targetResourceId! enabled! enabledFilteringCriteria! "
        "flowAnalyticsConfiguration!:TrafficAnalyticsProperties format!:FlowLogFormatParameters "
        "retentionPolicy!:RetentionPolicyParameters"
    ),
    "TrafficAnalyticsProperties": ("networkWatcherFlowAnalyticsConfiguration!:TrafficAnalyticsConfigurationProperties"),
    "TrafficAnalyticsConfigurationProperties": (
        "enabled! trafficAnalyticsInterval! workspaceId! workspaceRegion! workspaceResourceId!"
    ),
    "FlowLogFormatParameters": "type! version!",
    "ManagedServiceIdentity": (
        "principalId! tenantId! type! userAssignedIdentities!:{ManagedServiceIdentityResponseUserAssignedIdentities}"
    ),
    "ManagedServiceIdentityResponseUserAssignedIdentities": "clientId! principalId!",
    "RetentionPolicyParameters": "days! enabled!",
    "NetworkInterfaceTapConfiguration": (
        "etag! type! id! name! properties> provisioningState! virtualNetworkTap!:VirtualNetworkTap"
    ),
    "VirtualNetworkTap": (
        "id location tags etag! name! type! properties> "
        "destinationLoadBalancerFrontEndIPConfiguration:FrontendIPConfiguration "
        "destinationNetworkInterfaceIPConfiguration:NetworkInterfaceIPConfiguration destinationPort "
        "networkInterfaceTapConfigurations!:[NetworkInterfaceTapConfiguration] provisioningState! resourceGuid!"
    ),
    "FrontendIPConfiguration": (
        "id name zones etag! type! properties> gatewayLoadBalancer:SubResource privateIPAddress "
        "privateIPAddressVersion privateIPAllocationMethod publicIPAddress:PublicIPAddress "
        "publicIPPrefix:SubResource subnet:Subnet inboundNatPools!:[SubResource] inboundNatRules!:[SubResource] "
        "loadBalancingRules!:[SubResource] outboundRules!:[SubResource] provisioningState!"
    ),
    "PublicIPAddress": (
        "extendedLocation:ExtendedLocation id location sku:PublicIPAddressSku tags zones etag! name! type! "
        "properties> ddosSettings:DdosSettings deleteOption dnsSettings:PublicIPAddressDnsSettings "
        "idleTimeoutInMinutes ipAddress ipTags:[IpTag] linkedPublicIPAddress:PublicIPAddress migrationPhase "
        "natGateway:NatGateway publicIPAddressVersion publicIPAllocationMethod publicIPPrefix:SubResource "
        "servicePublicIPAddress:PublicIPAddress ipConfiguration!:IPConfiguration provisioningState! resourceGuid!"
    ),
    "DdosSettings": "ddosProtectionPlan:SubResource protectionMode",
    "PublicIPAddressDnsSettings": "domainNameLabel domainNameLabelScope fqdn reverseFqdn",
    "IpTag": "ipTagType tag",
    "NatGateway": (
        "id location sku:NatGatewaySku tags zones etag! name! type! properties> idleTimeoutInMinutes "
        "publicIpAddresses:[SubResource] publicIpPrefixes:[SubResource] provisioningState! resourceGuid! "
        "subnets!:[SubResource]"
    ),
    "NatGatewaySku": "name",
    "PublicIPAddressSku": "name tier",
    "ApplicationGatewayBackendAddressPool": (
        "id name etag! type! properties> backendAddresses:[ApplicationGatewayBackendAddress] "
        "backendIPConfigurations!:[NetworkInterfaceIPConfiguration] provisioningState!"
    ),
    "ApplicationGatewayBackendAddress": "fqdn ipAddress",
    "BackendAddressPool": (
        "id name etag! type! properties> drainPeriodInSeconds "
        "loadBalancerBackendAddresses:[LoadBalancerBackendAddress] location syncMode "
        "tunnelInterfaces:[GatewayLoadBalancerTunnelInterface] virtualNetwork:SubResource "
        "backendIPConfigurations!:[NetworkInterfaceIPConfiguration] inboundNatRules!:[SubResource] "
        "loadBalancingRules!:[SubResource] outboundRule!:SubResource outboundRules!:[SubResource] "
        "provisioningState!"
    ),
    "LoadBalancerBackendAddress": (
        "name properties> adminState ipAddress loadBalancerFrontendIPConfiguration:SubResource subnet:SubResource "
        "virtualNetwork:SubResource inboundNatRulesPortMapping!:[NatRulePortMapping] "
        "networkInterfaceIPConfiguration!:SubResource"
    ),
    "NatRulePortMapping": "backendPort! frontendPort! inboundNatRuleName!",
    "GatewayLoadBalancerTunnelInterface": "identifier port protocol type",
    "InboundNatRule": (
        "id name etag! type! properties> backendAddressPool:SubResource backendPort enableFloatingIP "
        "enableTcpReset frontendIPConfiguration:SubResource frontendPort frontendPortRangeEnd "
        "frontendPortRangeStart idleTimeoutInMinutes protocol "
        "backendIPConfiguration!:NetworkInterfaceIPConfiguration provisioningState!"
    ),
    "PrivateLinkService": (
        "extendedLocation:ExtendedLocation id location tags etag! name! type! properties> "
        "autoApproval:PrivateLinkServicePropertiesAutoApproval destinationIPAddress enableProxyProtocol fqdns "
        "ipConfigurations:[PrivateLinkServiceIpConfiguration] "
        "loadBalancerFrontendIpConfigurations:[FrontendIPConfiguration] "
        "visibility:PrivateLinkServicePropertiesVisibility alias! networkInterfaces!:[NetworkInterface] "
        "privateEndpointConnections!:[PrivateEndpointConnection] provisioningState!"
    ),
    "PrivateEndpointConnection": (
        "etag! type! id! name! properties> linkIdentifier! privateEndpoint!:PrivateEndpoint "
        "privateEndpointLocation! provisioningState! "
        "privateLinkServiceConnectionState!:PrivateLinkServiceConnectionState"
    ),
    "PrivateLinkServiceIpConfiguration": (
        "id name etag! type! properties> primary privateIPAddress privateIPAddressVersion "
        "privateIPAllocationMethod subnet:Subnet provisioningState!"
    ),
    "ResourceNavigationLink": "id name etag! type! properties> link linkedResourceType provisioningState!",
    "ServiceAssociationLink": (
        "id name etag! type! properties> link linkedResourceType provisioningState! allowDelete! locations!"
    ),
    "ServiceEndpointPolicy": (
        "etag id location tags kind! name! type! properties> contextualServiceEndpointPolicies serviceAlias "
        "serviceEndpointPolicyDefinitions:[ServiceEndpointPolicyDefinition] provisioningState! resourceGuid! "
        "subnets!:[Subnet]"
    ),
    "ServiceEndpointPolicyDefinition": (
        "etag id name type properties> description service serviceResources provisioningState!"
    ),
    "IPConfigurationProfile": "etag! type! id! name! properties> provisioningState! subnet!:Subnet",
    "PrivateLinkServicePropertiesAutoApproval": "subscriptions",
    "PrivateLinkServicePropertiesVisibility": "subscriptions",
}
