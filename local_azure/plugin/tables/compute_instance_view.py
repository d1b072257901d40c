"""Microsoft.Compute: what only a running machine can tell, api-version 2024-11-01 (virtualMachine.json)."""

from __future__ import annotations

from collections.abc import Mapping

INSTANCE_VIEW: Mapping[str, str] = {
    "VirtualMachineInstanceView": (
        "assignedHost! isVMInStandbyPool! vmHealth!:VirtualMachineHealthStatus "
        "bootDiagnostics!:BootDiagnosticsInstanceView computerName! disks!:[DiskInstanceView] "
        "extensions!:[VirtualMachineExtensionInstanceView] hyperVGeneration! "
        "maintenanceRedeployStatus!:MaintenanceRedeployStatus osName! osVersion! "
        "patchStatus!:VirtualMachinePatchStatus platformFaultDomain! platformUpdateDomain! rdpThumbPrint! "
        "statuses!:[InstanceViewStatus] vmAgent!:VirtualMachineAgentInstanceView"
    ),
    "VirtualMachineHealthStatus": "status!:InstanceViewStatus",
    "InstanceViewStatus": "code! displayStatus! level! message! time!",
    "BootDiagnosticsInstanceView": "consoleScreenshotBlobUri! serialConsoleLogBlobUri! status!:InstanceViewStatus",
    "DiskInstanceView": "encryptionSettings!:[DiskEncryptionSettings] name! statuses!:[InstanceViewStatus]",
    "VirtualMachineExtensionInstanceView": (
        "name! statuses!:[InstanceViewStatus] substatuses!:[InstanceViewStatus] type! typeHandlerVersion!"
    ),
    "MaintenanceRedeployStatus": (
        "isCustomerInitiatedMaintenanceAllowed! lastOperationMessage! lastOperationResultCode! "
        "maintenanceWindowEndTime! maintenanceWindowStartTime! preMaintenanceWindowEndTime! "
        "preMaintenanceWindowStartTime!"
    ),
    "VirtualMachinePatchStatus": (
        "configurationStatuses!:[InstanceViewStatus] availablePatchSummary!:AvailablePatchSummary "
        "lastPatchInstallationSummary!:LastPatchInstallationSummary"
    ),
    "AvailablePatchSummary": (
        "assessmentActivityId! criticalAndSecurityPatchCount! error!:ApiError lastModifiedTime! otherPatchCount! "
        "rebootPending! startTime! status!"
    ),
    "ApiError": "code! details!:[ApiErrorBase] innererror!:InnerError message! target!",
    "ApiErrorBase": "code! message! target!",
    "InnerError": "errordetail! exceptiontype!",
    "LastPatchInstallationSummary": (
        "error!:ApiError excludedPatchCount! failedPatchCount! installationActivityId! installedPatchCount! "
        "lastModifiedTime! maintenanceWindowExceeded! notSelectedPatchCount! pendingPatchCount! startTime! status!"
    ),
    "VirtualMachineAgentInstanceView": (
        "extensionHandlers!:[VirtualMachineExtensionHandlerInstanceView] statuses!:[InstanceViewStatus] vmAgentVersion!"
    ),
    "VirtualMachineExtensionHandlerInstanceView": "status!:InstanceViewStatus type! typeHandlerVersion!",
    "VirtualMachineExtension": (
        "id! location! name! systemData!:SystemData type! tags! properties> provisioningState! "
        "autoUpgradeMinorVersion! enableAutomaticUpgrade! forceUpdateTag! "
        "instanceView!:VirtualMachineExtensionInstanceView protectedSettings! "
        "protectedSettingsFromKeyVault!:KeyVaultSecretReference provisionAfterExtensions! publisher! settings! "
        "suppressFailures! typeHandlerVersion!"
    ),
}
