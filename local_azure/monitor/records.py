"""One line of the audit log: who asked a pool or a vault for what, from where, and how it ended.

Shapes: the examples of "Managed HSM logging" and of "Azure Key Vault logging", which differ. In a pool's line the
identity is JSON within a string, and the code of the answer lies at the top. A vault says ``Success`` also of what it
refused (so its published examples); what a pool says then is published nowhere, ``Failure`` is made.

Nothing of a body, of a token, or of what an answer held is in it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from local_azure.arm import ids
from local_azure.core.clock import iso
from local_azure.core.http import JsonObject, Request

CATEGORY = "AuditEvent"
_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
_UPN = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"
_UNAUTHORIZED, _FORBIDDEN, _FAILURES = 401, 403, 400


@dataclass(frozen=True)
class Call:
    """A request to a data plane that has been answered."""

    resource_id: str
    """ARM id of the pool or the vault."""
    tenant_id: str
    operation: str
    request: Request
    status: int
    description: str
    """Why it was refused; empty where it was not."""
    milliseconds: int
    moment: datetime

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the token says, which the service has verified; nothing where it proved nothing."""
        token = self.request.headers.get("authorization", "").partition(" ")[2].strip()
        if self.status == _UNAUTHORIZED or not token:
            return {}
        payload = token.split(".")[1]
        claims: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims

    @property
    def caller_address(self) -> str:
        """The address that the caller is seen at: its private one, where it came by a private endpoint."""
        origin = self.request.origin
        return (origin.private_address if origin.private_endpoint_id else origin.public_address) or ""

    @property
    def address(self) -> str:
        """What was asked for, without the query."""
        return f"https://{self.request.host}{self.request.path}"


def pool_record(call: Call, sku: Mapping[str, str]) -> JsonObject:
    """The line of a pool."""
    return {
        "TenantId": call.tenant_id,
        **_shared(call),
        "resultType": "Failure" if call.status >= _FAILURES else "Success",
        "durationMs": call.milliseconds,
        "identity": json.dumps({"claim": _nested_claim(call.claims)}, separators=(",", ":")),
        "properties": {
            "PoolType": "M-HSM",
            "sku_Family": str(sku.get("family", "")),
            "sku_Name": str(sku.get("name", "")),
        },
        "clientInfo": call.request.headers.get("user-agent", ""),
        "subnetId": "(unknown)",
        "httpStatusCode": call.status,
        "PoolName": _named(call.resource_id).lower(),
        "requestUri": call.address,
        "resourceGroup": ids.group_of(call.resource_id),
        "resourceProvider": "MICROSOFT.KEYVAULT",
        "resource": _named(call.resource_id),
        "resourceType": "managedHSMs",
    }


def vault_record(call: Call) -> JsonObject:
    """The line of a vault."""
    query = urlencode(call.request.query, safe=":")
    properties = {
        "id": call.address,
        "clientInfo": call.request.headers.get("user-agent", ""),
        "requestUri": f"{call.address}?{query}" if query else call.address,
        "httpStatusCode": call.status,
    }
    return {
        **_shared(call),
        "resultType": "Success",
        "durationMs": str(call.milliseconds),
        "identity": {"claim": _flat_claim(call.claims)} if call.claims else {},
        "properties": properties,
    }


def _shared(call: Call) -> JsonObject:
    return {
        "time": iso(call.moment),
        "resourceId": call.resource_id.upper(),
        "operationName": call.operation,
        "operationVersion": call.request.query.get("api-version", ""),
        "category": CATEGORY,
        "resultSignature": _phrase(call.status),
        # Other refusals may quote what was sent.
        "resultDescription": call.description if call.status in (_UNAUTHORIZED, _FORBIDDEN) else "",
        "callerIpAddress": call.caller_address,
        "correlationId": call.request.headers.get("x-ms-client-request-id", ""),
    }


def _flat_claim(claims: Mapping[str, Any]) -> JsonObject:
    found = {_OBJECT_ID: claims.get("oid"), _UPN: claims.get("upn"), "appid": claims.get("appid")}
    return {name: value for name, value in found.items() if value}


def _nested_claim(claims: Mapping[str, Any]) -> JsonObject:
    nested: JsonObject = {}
    if claims.get("appid"):
        nested["appid"] = claims["appid"]
    if claims.get("oid"):
        nested["http_schemas_microsoft_com_identity"] = {"claims": {"objectidentifier": claims["oid"]}}
    if claims.get("upn"):
        nested["http_schemas_xmlsoap_org_ws_2005_05_identity"] = {"claims": {"upn": claims["upn"]}}
    return nested


def _named(resource_id: str) -> str:
    return resource_id.rsplit("/", 1)[-1]


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else str(status)
