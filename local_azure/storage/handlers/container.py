"""One container: made, shown, changed, listed, deleted."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from local_azure.core.http import JsonObject, Response
from local_azure.storage import conditions, containers, documents
from local_azure.storage.containers import Container
from local_azure.storage.context import Context, http_date
from local_azure.storage.errors import StorageError, wrong_body, wrong_header
from local_azure.storage.listing import list_blobs
from local_azure.storage.properties import metadata_of, of_container

__all__ = ["access", "create", "delete", "list_blobs", "set_access", "set_metadata", "show"]

_ACCESS = {"container": "Container", "blob": "Blob"}
_MOST_POLICIES = 5


def create(context: Context) -> Response:
    """Create Container."""
    made = containers.create(
        context.world,
        context.account,
        context.target.container,
        metadata=metadata_of(context),
        public_access=_public_access(context),
    )
    return Response(201, _changed(made))


def show(context: Context) -> Response:
    """Get Container Properties, Get Container Metadata."""
    return Response(200, of_container(context.container))


def set_metadata(context: Context) -> Response:
    """Set Container Metadata: in place of all that was noted before."""
    container = context.container
    conditions.check_change(context, container.etag, container.modified)
    container.stored.properties["metadata"] = metadata_of(context)
    return Response(200, _changed(containers.save(context.world, container)))


def delete(context: Context) -> Response:
    """Delete Container: refused where anything in it must stay."""
    container = context.container
    conditions.check_change(context, container.etag, container.modified)
    containers.check_deletable(context.world, container)
    containers.remove(context.world, container)
    return Response(202)


def access(context: Context) -> Response:
    """Get Container ACL: for owners of the account's key, who alone make stored access policies."""
    container = context.container
    root = Element("SignedIdentifiers")
    for policy in container.stored.hidden.get("acl", []):
        item = documents.add(root, "SignedIdentifier")
        documents.add(item, "Id", policy["id"])
        told = documents.add(item, "AccessPolicy")
        for name, field in (("Start", "st"), ("Expiry", "se"), ("Permission", "sp")):
            if policy.get(field):
                documents.add(told, name, policy[field])
    answer = documents.answer(root)
    public = container.public_access
    told_access = {} if public == "None" else {"x-ms-blob-public-access": public.lower()}
    headers = {**answer.headers, **told_access, "ETag": container.etag, "Last-Modified": http_date(container.modified)}
    return Response(200, headers, b"" if context.request.method == "HEAD" else answer.body)


def set_access(context: Context) -> Response:
    """Set Container ACL: public access and stored access policies."""
    container = context.container
    public = _public_access(context)
    if public != "None" and not context.account.public_containers_allowed:
        raise StorageError(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
    container.stored.hidden["acl"] = _policies(context.request.body)
    container.stored.properties["publicAccess"] = public
    return Response(200, _changed(containers.save(context.world, container)))


def _policies(body: bytes) -> list[JsonObject]:
    if not body:
        return []
    found: list[JsonObject] = []
    for item in documents.read(body, "SignedIdentifiers"):
        policy = item.find("AccessPolicy")
        told = policy if policy is not None else Element("AccessPolicy")
        fields = {
            field: told.findtext(name) for name, field in (("Start", "st"), ("Expiry", "se"), ("Permission", "sp"))
        }
        found.append({"id": item.findtext("Id") or "", **fields})
    if len(found) > _MOST_POLICIES or not all(0 < len(each["id"]) <= 64 for each in found):
        raise wrong_body()
    return found


def _public_access(context: Context) -> str:
    given = context.header("x-ms-blob-public-access")
    if given is None:
        return "None"
    if given not in _ACCESS:
        raise wrong_header("x-ms-blob-public-access", given)
    return _ACCESS[given]


def _changed(container: Container) -> dict[str, str]:
    return {"ETag": container.etag, "Last-Modified": http_date(container.modified)}
