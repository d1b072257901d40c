"""The vault beside the pool, and where logs and metrics go."""

from typing import Annotated

from pydantic import BeforeValidator, SecretStr

from config.fields import ArmId, Integer, Section, Text, matching, setting

_SINK = "name of one that is made, or id of one that exists"


class Vault(Section):
    """A Key Vault for what cannot be a key."""

    name: Annotated[str, BeforeValidator(matching(r"(?!.*--)[A-Za-z][0-9A-Za-z-]{1,22}[0-9A-Za-z]"))] = setting(
        what="The vault's name, unique in the world.",
        accepted="3 to 24 letters, digits and single hyphens, starting with a letter, ending with a letter or digit",
        example="contosomivault",
    )
    secrets: dict[Annotated[str, BeforeValidator(matching(r"[0-9A-Za-z-]{1,127}"))], SecretStr] = setting(
        {},
        what="Secrets by name. Values are Pulumi secrets (`pulumi config set --secret`); plain text is refused.",
        accepted="names of 1 to 127 letters, digits and hyphens with secret values",
        example={"database-password": "(a Pulumi secret)"},
    )


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
