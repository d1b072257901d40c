"""Microsoft.Insights: diagnostic settings, put upon any resource, and alerts with whom they tell.

Of the API description: diagnosticsSettings_API.json, actionGroups_API.json, activityLogAlerts_API.json and
scheduledQueryRule_API.json.
"""

from __future__ import annotations

from collections.abc import Mapping

from local_azure.plugin.resource_types import GROUP, ResourceType
from local_azure.plugin.shapes import Shapes
from local_azure.plugin.tables.common import SYSTEM_DATA

_SHAPES: Mapping[str, str] = {
    "monitor:DiagnosticSetting": (
        "name! systemData!:SystemData type! properties> eventHubAuthorizationRuleId eventHubName "
        "logAnalyticsDestinationType logs:[DiagnosticsLogSettings] marketplacePartnerId "
        "metrics:[DiagnosticsMetricSettings] serviceBusRuleId storageAccountId workspaceId"
    ),
    "DiagnosticsLogSettings": "enabled* category categoryGroup retentionPolicy:MicrosoftCommonRetentionPolicy",
    "MicrosoftCommonRetentionPolicy": "days* enabled*",
    "DiagnosticsMetricSettings": "enabled* category retentionPolicy:MicrosoftCommonRetentionPolicy timeGrain",
    "monitor:ActionGroup": (
        "identity:ManagedServiceIdentity location tags name! systemData!:SystemData type! properties> enabled "
        "groupShortName* armRoleReceivers:[ArmRoleReceiver] "
        "automationRunbookReceivers:[AutomationRunbookReceiver] azureAppPushReceivers:[AzureAppPushReceiver] "
        "azureFunctionReceivers:[AzureFunctionReceiver] emailReceivers:[EmailReceiver] "
        "eventHubReceivers:[EventHubReceiver] incidentReceivers:[IncidentReceiver] itsmReceivers:[ItsmReceiver] "
        "logicAppReceivers:[LogicAppReceiver] smsReceivers:[SmsReceiver] voiceReceivers:[VoiceReceiver] "
        "webhookReceivers:[WebhookReceiver]"
    ),
    "ManagedServiceIdentity": "type* userAssignedIdentities:set(UserAssignedIdentity) principalId! tenantId!",
    "UserAssignedIdentity": "clientId! principalId!",
    "ArmRoleReceiver": "name* roleId* useCommonAlertSchema",
    "AutomationRunbookReceiver": (
        "automationAccountId* isGlobalRunbook* runbookName* webhookResourceId* managedIdentity name serviceUri "
        "useCommonAlertSchema"
    ),
    "AzureAppPushReceiver": "emailAddress* name*",
    "AzureFunctionReceiver": (
        "functionAppResourceId* functionName* httpTriggerUrl* name* managedIdentity useCommonAlertSchema"
    ),
    "EmailReceiver": "emailAddress* name* useCommonAlertSchema status!",
    "EventHubReceiver": (
        "eventHubName* eventHubNameSpace* name* subscriptionId* managedIdentity tenantId useCommonAlertSchema"
    ),
    "IncidentReceiver": "connection*:IncidentServiceConnection incidentManagementService* mappings* name*",
    "IncidentServiceConnection": "id* name*",
    "ItsmReceiver": "connectionId* name* region* ticketConfiguration* workspaceId*",
    "LogicAppReceiver": "callbackUrl* name* resourceId* managedIdentity useCommonAlertSchema",
    "SmsReceiver": "countryCode* name* phoneNumber* status!",
    "VoiceReceiver": "countryCode* name* phoneNumber*",
    "WebhookReceiver": (
        "name* serviceUri* identifierUri managedIdentity objectId tenantId useAadAuth useCommonAlertSchema"
    ),
    "monitor:ActivityLogAlert": (
        "location tags name! type! properties> actions*:ActionList condition*:AllOfCondition scopes* description"
        " enabled"
    ),
    "ActionList": "actionGroups:[CalledActionGroup]",
    "CalledActionGroup": "actionGroupId* webhookProperties",
    "AllOfCondition": "allOf*:[AnyOfOrLeafCondition]",
    "AnyOfOrLeafCondition": "anyOf:[LeafCondition] containsAny equals field",
    "LeafCondition": "containsAny equals field",
    "monitor:ScheduledQueryRule": (
        "identity:RuleIdentity kind location tags etag! name! systemData!:SystemData type! properties> actions:Actions "
        "autoMitigate checkWorkspaceAlertsStorageConfigured criteria:Criteria description displayName enabled "
        "evaluationFrequency muteActionsDuration overrideQueryTimeRange resolveConfiguration:ResolveConfiguration "
        "scopes severity skipQueryValidation targetResourceTypes windowSize createdWithApiVersion! "
        "isLegacyLogAnalyticsRule! isWorkspaceAlertsStorageConfigured!"
    ),
    "RuleIdentity": "type* userAssignedIdentities:set(UserAssignedIdentity) principalId! tenantId!",
    "Actions": "actionGroups actionProperties customProperties",
    "Criteria": "allOf:[Condition]",
    "Condition": (
        "alertSensitivity criterionType dimensions:[Dimension] failingPeriods:FailingPeriods ignoreDataBefore "
        "metricMeasureColumn metricName minRecurrenceCount operator query resourceIdColumn threshold timeAggregation"
    ),
    "Dimension": "name* operator* values*",
    "FailingPeriods": "minFailingPeriodsToAlert numberOfEvaluationPeriods",
    "ResolveConfiguration": "autoResolved timeToResolve",
}
SHAPES = Shapes(SYSTEM_DATA, _SHAPES)

_PROVIDER = GROUP + "/providers/Microsoft.Insights"

RESOURCE_TYPES = (
    ResourceType(
        "monitor:DiagnosticSetting",
        path="/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
        api_version="2021-05-01-preview",
        shapes=SHAPES,
    ),
    ResourceType(
        "monitor:ActionGroup",
        path=_PROVIDER + "/actionGroups/{actionGroupName}",
        api_version="2024-10-01-preview",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
    ResourceType(
        "monitor:ActivityLogAlert",
        path=_PROVIDER + "/activityLogAlerts/{activityLogAlertName}",
        api_version="2020-10-01",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
    ResourceType(
        "monitor:ScheduledQueryRule",
        path=_PROVIDER + "/scheduledQueryRules/{ruleName}",
        api_version="2025-01-01-preview",
        shapes=SHAPES,
        force_new=frozenset({"location"}),
    ),
)
