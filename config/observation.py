"""Where logs and metrics go."""

from config.fields import ArmId, Integer, Section, Text, setting

_SINK = "name of one that is made, or id of one that exists"


class Sink(Section):
    """A place that logs and metrics go to."""

    name: Text | None = setting(None, what="The name of one that is made.", accepted="a name", example="contosohsmlogs")
    id: ArmId | None = setting(
        None,
        what="The id of one that exists. Instead of name.",
        accepted="an ARM id",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoLogs"
            "/providers/Microsoft.OperationalInsights/workspaces/contoso"
        ),
    )
    retention_days: Integer | None = setting(
        None, what="How long they are kept there.", accepted="1 to 730 days", example=365, ge=1, le=730
    )


class Diagnostics(Section):
    """Where the pool's audit log and metrics go: each place alone, or several."""

    storage: Sink | None = setting(None, what="A storage account.", accepted=_SINK, example={"name": "contosohsmlogs"})
    event_hub: Sink | None = setting(None, what="An event hub.", accepted=_SINK, example={"name": "contosohsm"})
    log_analytics: Sink | None = setting(
        None, what="A Log Analytics workspace.", accepted=_SINK, example={"name": "contosohsm"}
    )
