"""Microsoft.Compute, api-version 2024-11-01 (virtualMachine.json and runCommand.json of the API description)."""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA
from local_azure.plugin.tables.compute_instance_view import INSTANCE_VIEW

_SHAPES: Mapping[str, str] = {
    "compute:VirtualMachine": (
        "extendedLocation:ExtendedLocation identity:VirtualMachineIdentity location* placement:Placement plan:Plan "
        "tags zones etag! managedBy! name! resources!:[VirtualMachineExtension] systemData!:SystemData type! "
        "properties> additionalCapabilities:AdditionalCapabilities applicationProfile:ApplicationProfile "
        "availabilitySet:SubResource billingProfile:BillingProfile capacityReservation:CapacityReservationProfile "
        "diagnosticsProfile:DiagnosticsProfile evictionPolicy extensionsTimeBudget hardwareProfile:HardwareProfile "
        "host:SubResource hostGroup:SubResource licenseType networkProfile:NetworkProfile osProfile:OSProfile "
        "platformFaultDomain priority proximityPlacementGroup:SubResource "
        "scheduledEventsPolicy:ScheduledEventsPolicy scheduledEventsProfile:ScheduledEventsProfile "
        "securityProfile:SecurityProfile storageProfile:StorageProfile userData virtualMachineScaleSet:SubResource "
        "instanceView!:VirtualMachineInstanceView provisioningState! timeCreated! vmId!"
    ),
    "AdditionalCapabilities": "hibernationEnabled ultraSSDEnabled",
    "ApplicationProfile": "galleryApplications:[VMGalleryApplication]",
    "VMGalleryApplication": (
        "packageReferenceId* configurationReference enableAutomaticUpgrade order tags treatFailureAsDeploymentFailure"
    ),
    "SubResource": "id",
    "BillingProfile": "maxPrice",
    "CapacityReservationProfile": "capacityReservationGroup:SubResource",
    "DiagnosticsProfile": "bootDiagnostics:BootDiagnostics",
    "BootDiagnostics": "enabled storageUri",
    "ExtendedLocation": "name type",
    "HardwareProfile": "vmSize vmSizeProperties:VMSizeProperties",
    "VMSizeProperties": "vCPUsAvailable vCPUsPerCore",
    "VirtualMachineIdentity": "type userAssignedIdentities:set(UserAssignedIdentitiesValue) principalId! tenantId!",
    "UserAssignedIdentitiesValue": "clientId! principalId!",
    "NetworkProfile": (
        "networkApiVersion networkInterfaceConfigurations:[VirtualMachineNetworkInterfaceConfiguration] "
        "networkInterfaces:[NetworkInterfaceReference]"
    ),
    "VirtualMachineNetworkInterfaceConfiguration": (
        "name* properties> ipConfigurations*:[VirtualMachineNetworkInterfaceIPConfiguration] auxiliaryMode "
        "auxiliarySku deleteOption disableTcpStateTracking "
        "dnsSettings:VirtualMachineNetworkInterfaceDnsSettingsConfiguration dscpConfiguration:SubResource "
        "enableAcceleratedNetworking enableFpga enableIPForwarding networkSecurityGroup:SubResource primary"
    ),
    "VirtualMachineNetworkInterfaceIPConfiguration": (
        "name* properties> applicationGatewayBackendAddressPools:[SubResource] "
        "applicationSecurityGroups:[SubResource] loadBalancerBackendAddressPools:[SubResource] primary "
        "privateIPAddressVersion publicIPAddressConfiguration:VirtualMachinePublicIPAddressConfiguration "
        "subnet:SubResource"
    ),
    "VirtualMachinePublicIPAddressConfiguration": (
        "name* sku:PublicIPAddressSku properties> deleteOption "
        "dnsSettings:VirtualMachinePublicIPAddressDnsSettingsConfiguration idleTimeoutInMinutes "
        "ipTags:[VirtualMachineIpTag] publicIPAddressVersion publicIPAllocationMethod publicIPPrefix:SubResource"
    ),
    "VirtualMachinePublicIPAddressDnsSettingsConfiguration": "domainNameLabel* domainNameLabelScope",
    "VirtualMachineIpTag": "ipTagType tag",
    "PublicIPAddressSku": "name tier",
    "VirtualMachineNetworkInterfaceDnsSettingsConfiguration": "dnsServers",
    "NetworkInterfaceReference": "id properties> deleteOption primary",
    "OSProfile": (
        "adminPassword adminUsername allowExtensionOperations computerName customData "
        "linuxConfiguration:LinuxConfiguration requireGuestProvisionSignal secrets:[VaultSecretGroup] "
        "windowsConfiguration:WindowsConfiguration"
    ),
    "LinuxConfiguration": (
        "disablePasswordAuthentication enableVMAgentPlatformUpdates patchSettings:LinuxPatchSettings "
        "provisionVMAgent ssh:SshConfiguration"
    ),
    "LinuxPatchSettings": (
        "assessmentMode automaticByPlatformSettings:LinuxVMGuestPatchAutomaticByPlatformSettings patchMode"
    ),
    "LinuxVMGuestPatchAutomaticByPlatformSettings": "bypassPlatformSafetyChecksOnUserSchedule rebootSetting",
    "SshConfiguration": "publicKeys:[SshPublicKey]",
    "SshPublicKey": "keyData path",
    "VaultSecretGroup": "sourceVault:SubResource vaultCertificates:[VaultCertificate]",
    "VaultCertificate": "certificateStore certificateUrl",
    "WindowsConfiguration": (
        "additionalUnattendContent:[AdditionalUnattendContent] enableAutomaticUpdates patchSettings:PatchSettings "
        "provisionVMAgent timeZone winRM:WinRMConfiguration enableVMAgentPlatformUpdates!"
    ),
    "AdditionalUnattendContent": "componentName content passName settingName",
    "PatchSettings": (
        "assessmentMode automaticByPlatformSettings:WindowsVMGuestPatchAutomaticByPlatformSettings "
        "enableHotpatching patchMode"
    ),
    "WindowsVMGuestPatchAutomaticByPlatformSettings": "bypassPlatformSafetyChecksOnUserSchedule rebootSetting",
    "WinRMConfiguration": "listeners:[WinRMListener]",
    "WinRMListener": "certificateUrl protocol",
    "Placement": "excludeZones includeZones zonePlacementPolicy",
    "Plan": "name product promotionCode publisher",
    "ScheduledEventsPolicy": (
        "scheduledEventsAdditionalPublishingTargets:ScheduledEventsAdditionalPublishingTargets "
        "userInitiatedReboot:UserInitiatedReboot userInitiatedRedeploy:UserInitiatedRedeploy"
    ),
    "ScheduledEventsAdditionalPublishingTargets": "eventGridAndResourceGraph:EventGridAndResourceGraph",
    "EventGridAndResourceGraph": "enable",
    "UserInitiatedReboot": "automaticallyApprove",
    "UserInitiatedRedeploy": "automaticallyApprove",
    "ScheduledEventsProfile": (
        "osImageNotificationProfile:OSImageNotificationProfile "
        "terminateNotificationProfile:TerminateNotificationProfile"
    ),
    "OSImageNotificationProfile": "enable notBeforeTimeout",
    "TerminateNotificationProfile": "enable notBeforeTimeout",
    "SecurityProfile": (
        "encryptionAtHost encryptionIdentity:EncryptionIdentity proxyAgentSettings:ProxyAgentSettings securityType "
        "uefiSettings:UefiSettings"
    ),
    "EncryptionIdentity": "userAssignedIdentityResourceId",
    "ProxyAgentSettings": "enabled imds:HostEndpointSettings keyIncarnationId mode wireServer:HostEndpointSettings",
    "HostEndpointSettings": "inVMAccessControlProfileReferenceId mode",
    "UefiSettings": "secureBootEnabled vTpmEnabled",
    "StorageProfile": (
        "alignRegionalDisksToVMZone dataDisks:[DataDisk] diskControllerType imageReference:ImageReference osDisk:OSDisk"
    ),
    "DataDisk": (
        "createOption* lun* caching deleteOption detachOption diskSizeGB image:VirtualHardDisk "
        "managedDisk:ManagedDiskParameters name sourceResource:ApiEntityReference toBeDetached vhd:VirtualHardDisk "
        "writeAcceleratorEnabled diskIOPSReadWrite! diskMBpsReadWrite!"
    ),
    "VirtualHardDisk": "uri",
    "ManagedDiskParameters": (
        "diskEncryptionSet:DiskEncryptionSetParameters id securityProfile:VMDiskSecurityProfile storageAccountType"
    ),
    "DiskEncryptionSetParameters": "id",
    "VMDiskSecurityProfile": "diskEncryptionSet:DiskEncryptionSetParameters securityEncryptionType",
    "ApiEntityReference": "id",
    "ImageReference": "communityGalleryImageId id offer publisher sharedGalleryImageId sku version exactVersion!",
    "OSDisk": (
        "createOption* caching deleteOption diffDiskSettings:DiffDiskSettings diskSizeGB "
        "encryptionSettings:DiskEncryptionSettings image:VirtualHardDisk managedDisk:ManagedDiskParameters name "
        "osType vhd:VirtualHardDisk writeAcceleratorEnabled"
    ),
    "DiffDiskSettings": "option placement",
    "DiskEncryptionSettings": (
        "diskEncryptionKey:KeyVaultSecretReference enabled keyEncryptionKey:KeyVaultKeyReference"
    ),
    "KeyVaultSecretReference": "secretUrl* sourceVault*:SubResource",
    "KeyVaultKeyReference": "keyUrl* sourceVault*:SubResource",
    "compute:VirtualMachineRunCommandByVirtualMachine": (
        "location* tags name! systemData!:SystemData type! properties> asyncExecution "
        "errorBlobManagedIdentity:RunCommandManagedIdentity errorBlobUri "
        "outputBlobManagedIdentity:RunCommandManagedIdentity outputBlobUri parameters:[RunCommandInputParameter] "
        "protectedParameters:[RunCommandInputParameter] runAsPassword runAsUser "
        "source:VirtualMachineRunCommandScriptSource timeoutInSeconds treatFailureAsDeploymentFailure "
        "instanceView!:VirtualMachineRunCommandInstanceView provisioningState!"
    ),
    "RunCommandManagedIdentity": "clientId objectId",
    "RunCommandInputParameter": "name* value*",
    "VirtualMachineRunCommandScriptSource": (
        "commandId script scriptUri scriptUriManagedIdentity:RunCommandManagedIdentity"
    ),
    "VirtualMachineRunCommandInstanceView": (
        "endTime! error! executionMessage! executionState! exitCode! output! startTime! statuses!:[InstanceViewStatus]"
    ),
}
SHAPES = Shapes(SYSTEM_DATA, INSTANCE_VIEW, _SHAPES)
_PROVIDER = GROUP + "/providers/Microsoft.Compute"

RESOURCE_TYPES = (
    ResourceType(
        "compute:VirtualMachine",
        path=_PROVIDER + "/virtualMachines/{vmName}",
        api_version="2024-11-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
    ResourceType(
        "compute:VirtualMachineRunCommandByVirtualMachine",
        path=_PROVIDER + "/virtualMachines/{vmName}/runCommands/{runCommandName}",
        api_version="2024-11-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
)
