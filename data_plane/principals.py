"""Principals by name: the object ids behind sign-in names and display names, from Microsoft Graph.

Source: "Microsoft Graph REST API v1.0 reference", get user, list groups, list servicePrincipals. Reading them takes
the permission Directory.Read.All or the role Directory Readers; object ids in the configuration need neither.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from data_plane.clouds import PUBLIC
from data_plane.errors import DataPlaneError, ForbiddenError, mapped

_COLLECTIONS: Final = {"user": "users", "group": "groups", "servicePrincipal": "servicePrincipals"}
_WORDS: Final = {"user": "user", "group": "group", "servicePrincipal": "service principal"}


class PrincipalError(DataPlaneError):
    """No principal has that name, or several have it."""


def object_id(credential: Any, kind: str, name: str, graph: str = PUBLIC.graph) -> str:
    """The object id of the one ``user`` (by sign-in name), ``group`` or ``servicePrincipal`` (by display name).

    ``graph``: the address of Microsoft Graph in the cloud at hand.

    Raises PrincipalError where there is not exactly one, and DataPlaneError where Graph does not answer.
    """
    attribute = "userPrincipalName" if kind == "user" else "displayName"
    found = _matching(credential, graph, _COLLECTIONS[kind], attribute, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise PrincipalError(
            f"no {_WORDS[kind]} of this tenant has the {attribute} {name!r}: check the name, or give {{objectId: …}}"
        )
    raise PrincipalError(
        f"{len(found)} {_WORDS[kind]}s have the {attribute} {name!r} ({', '.join(found)}): give {{objectId: …}} of the"
        " one that is meant"
    )


def _matching(credential: Any, graph: str, collection: str, attribute: str, name: str) -> list[str]:
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
    from azure.core.rest import HttpRequest, HttpResponse

    condition = quote(f"{attribute} eq '{name.replace(chr(39), chr(39) * 2)}'")
    request = HttpRequest("GET", f"{graph}/v1.0/{collection}?$select=id&$filter={condition}")
    policies = [RetryPolicy(), BearerTokenCredentialPolicy(credential, f"{graph}/.default")]
    client: PipelineClient[HttpRequest, HttpResponse] = PipelineClient(graph, policies=policies)
    with mapped(f"looking up {name!r} in Microsoft Graph"), client:
        response = client.send_request(request)
        if response.status_code == 403:
            raise ForbiddenError(
                f"looking up {name!r} in Microsoft Graph: 403: whoever deploys may not read the directory; give"
                " {objectId: …}, or grant Directory.Read.All",
                status=403,
            )
        response.raise_for_status()
        return [str(each["id"]) for each in response.json()["value"]]
