"""The account as a whole: its containers, its kind, keys that stand for somebody."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from local_azure.core.http import Response
from local_azure.entra.tokens import Claims
from local_azure.storage import containers, documents, paging, signing
from local_azure.storage.context import Context, http_date
from local_azure.storage.errors import StorageError, authentication_failed, wrong_body
from local_azure.storage.writing import service_of

_LONGEST_DELEGATION = timedelta(days=7)


def list_containers(context: Context) -> Response:
    """List Containers."""
    prefix, marker, most = paging.asked(context)
    shown = [each for each in containers.of_account(context.world, context.account) if each.name.startswith(prefix)]
    after = [each for each in shown if each.name >= marker]
    root = Element("EnumerationResults", ServiceEndpoint=f"https://{context.account.name}.blob.core.windows.net/")
    paging.repeat(root, context)
    with_metadata = "metadata" in (context.parameter("include") or "").split(",")
    listed = documents.add(root, "Containers")
    for container in after[:most]:
        item = documents.add(listed, "Container")
        documents.add(item, "Name", container.name)
        facts = documents.add(item, "Properties")
        documents.add(facts, "Last-Modified", http_date(container.modified))
        documents.add(facts, "Etag", container.etag)
        documents.add(facts, "LeaseStatus", "unlocked")
        documents.add(facts, "LeaseState", "available")
        if container.public_access != "None":
            documents.add(facts, "PublicAccess", container.public_access.lower())
        documents.add(facts, "DefaultEncryptionScope", "$account-encryption-key")
        documents.add(facts, "DenyEncryptionScopeOverride", "false")
        documents.add(facts, "HasImmutabilityPolicy", str(container.retention is not None).lower())
        documents.add(facts, "HasLegalHold", str(bool(container.legal_holds)).lower())
        documents.add(facts, "ImmutableStorageWithVersioningEnabled", str(container.keeps_versions).lower())
        if with_metadata:
            noted = documents.add(item, "Metadata")
            for name, value in container.metadata.items():
                documents.add(noted, name, value)
    documents.add(root, "NextMarker", after[most].name if len(after) > most else None)
    return documents.answer(root)


def information(context: Context) -> Response:
    """Get Account Information."""
    headers = {
        "x-ms-sku-name": context.account.sku,
        "x-ms-account-kind": context.account.kind,
        "x-ms-is-hns-enabled": str(bool(context.account.properties.get("isHnsEnabled", False))).lower(),
    }
    return Response(200, headers)


def properties(context: Context) -> Response:
    """Get Blob Service Properties; they are changed through ARM."""
    service = service_of(context.world, context.account)
    root = Element("StorageServiceProperties")
    logging = documents.add(root, "Logging")
    documents.add(logging, "Version", "1.0")
    for name in ("Read", "Write", "Delete"):
        documents.add(logging, name, "false")
    documents.add(documents.add(logging, "RetentionPolicy"), "Enabled", "false")
    for name in ("HourMetrics", "MinuteMetrics"):
        metrics = documents.add(root, name)
        documents.add(metrics, "Version", "1.0")
        documents.add(metrics, "Enabled", "false")
        documents.add(documents.add(metrics, "RetentionPolicy"), "Enabled", "false")
    documents.add(root, "Cors")
    retention = service.get("deleteRetentionPolicy") or {}
    deleted = documents.add(root, "DeleteRetentionPolicy")
    documents.add(deleted, "Enabled", str(bool(retention.get("enabled"))).lower())
    if retention.get("enabled"):
        documents.add(deleted, "Days", retention["days"])
    documents.add(documents.add(root, "StaticWebsite"), "Enabled", "false")
    return documents.answer(root)


def delegation_key(context: Context) -> Response:
    """Get User Delegation Key: for whoever has an access token, at most seven days."""
    claims = context.caller.claims
    if claims is None:
        raise authentication_failed("Only authentication scheme Bearer is supported")
    asked = documents.read(context.request.body, "KeyInfo")
    now = context.world.clock.now()
    start, expiry = _moment(asked.findtext("Start"), now), _moment(asked.findtext("Expiry"), None)
    if not now < expiry <= now + _LONGEST_DELEGATION or start >= expiry:
        raise StorageError(
            400,
            "InvalidXmlNodeValue",
            "The value for one of the XML nodes is not in the correct format.",
            elements={"XmlNodeName": "Expiry", "XmlNodeValue": asked.findtext("Expiry") or ""},
        )
    made_for = _made_for(claims, start, expiry, context.version)
    key = signing.delegation_key(context.world, context.account, made_for)
    root = Element("UserDelegationKey")
    names = ("SignedOid", "SignedTid", "SignedStart", "SignedExpiry", "SignedService", "SignedVersion")
    for name, field in zip(names, signing.DELEGATION_FIELDS, strict=True):
        documents.add(root, name, made_for[field])
    documents.add(root, "Value", base64.b64encode(key).decode())
    return documents.answer(root)


def _made_for(claims: Claims, start: datetime, expiry: datetime, version: str) -> dict[str, str]:
    given = (claims.object_id, claims.tenant_id, _text(start), _text(expiry), "b", version)
    return dict(zip(signing.DELEGATION_FIELDS, given, strict=True))


def _moment(text: str | None, otherwise: datetime | None) -> datetime:
    if not text and otherwise is not None:
        return otherwise
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        raise wrong_body() from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
