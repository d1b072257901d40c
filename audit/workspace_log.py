"""The log as a Log Analytics workspace keeps it: rows of a table.

Source: "Azure Monitor Log Analytics API"; the tables AzureDiagnostics and AZKVAuditLogs of "Azure Monitor Logs
reference". A diagnostic setting that says nothing else fills the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from audit.errors import AuditError, NoLogError
from audit.events import Event, of_row
from audit.places import Place
from audit.question import Question
from data_plane.errors import DataPlaneError, ForbiddenError, NotFoundError, RequestError, mapped
from data_plane.session import Session

_API: Final = "https://api.loganalytics.io"
_MOST_ROWS: Final = 30_000
"""Of an answer; the API gives no more at once."""
_UNRESOLVED: Final = "SEM0100"


def events(session: Session, place: Place, resource_id: str, question: Question) -> Iterator[Event]:
    """The events of the time that the question is about, oldest first. Raises AuditError and DataPlaneError."""
    table = "AZKVAuditLogs" if place.dedicated else "AzureDiagnostics"
    query = (
        f'{table} | where _ResourceId =~ "{resource_id}"'
        f" | where TimeGenerated between ({_literal(question.since)} .. {_literal(question.until)})"
        f" | order by TimeGenerated asc | take {_MOST_ROWS}"
    )
    found = _ask(session, place, query)
    columns = [str(column["name"]) for column in found["columns"]]
    rows = [dict(zip(columns, row, strict=True)) for row in found["rows"]]
    if len(rows) >= _MOST_ROWS:
        raise AuditError(f"{place.shown}: more than {_MOST_ROWS} events — ask for less time (--since, --until)")
    for row in rows:
        try:
            yield of_row(row)
        except (ValueError, KeyError, TypeError):
            raise AuditError(f"{place.shown}: a row of {table} is no audit event") from None


def _literal(moment: datetime) -> str:
    return f"datetime({moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')})"


def _ask(session: Session, place: Place, query: str) -> Any:
    from azure.core import PipelineClient
    from azure.core.pipeline import policies
    from azure.core.rest import HttpRequest

    client: Any = PipelineClient(
        _API,
        policies=[
            policies.UserAgentPolicy("managed-hsm"),
            policies.ProxyPolicy(),
            policies.RetryPolicy(retry_total=4),
            policies.BearerTokenCredentialPolicy(session.credential, f"{_API}/.default"),
        ],
    )
    try:
        with client, mapped(place.shown):
            url = f"{_API}/v1/workspaces/{place.address}/query"
            response = client.send_request(HttpRequest("POST", url, json={"query": query}))
            response.raise_for_status()
            return response.json()["tables"][0]
    except DataPlaneError as error:
        raise _refused(session, place, error) from None


def _refused(session: Session, place: Place, error: DataPlaneError) -> DataPlaneError:
    if isinstance(error, ForbiddenError):
        return AuditError(
            f"{place.shown}: {session.principal()} may not query it — name it in managed-hsm:diagnostics.readers, or"
            " give it the Azure role Log Analytics Reader (a new role takes some minutes)"
        )
    if isinstance(error, NotFoundError):
        return AuditError(f"{place.shown}: there is no such workspace — check the id")
    if isinstance(error, RequestError) and _UNRESOLVED in str(error):
        return NoLogError(f"{place.shown}: has no log yet — on Azure events take some minutes to arrive")
    return error
