"""Every operation of the blob service that is played, and what it asks of its caller.

Permissions of signatures: "Create a service SAS", "Create an account SAS"; roles: "Permissions for calling data
operations" in the Azure Storage REST reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from local_azure.core.errors import NotPlayed
from local_azure.core.http import Request
from local_azure.storage import authorization as rights
from local_azure.storage.context import Handler, Target
from local_azure.storage.handlers import account, blob_changes, blob_reads, blocks, container, retention, uploads

_COPY_SOURCE = "x-ms-copy-source"


@dataclass(frozen=True)
class Operation:
    """One operation."""

    handler: Handler
    sas: str
    """Letters of which a shared access signature must have one."""
    actions: tuple[str, ...]
    """Of which a role must allow one."""
    resource_type: str
    """What an account SAS calls it: ``s``, ``c`` or ``o``."""
    overwrites: bool = False
    """Whether the first letter, and the first action, alone allow it where the blob is there already."""
    public: tuple[str, ...] = ()
    """Levels of public access at which anybody may do it."""


_READ, _WRITE, _DELETE = (rights.READ_BLOB,), (rights.WRITE_BLOB,), (rights.DELETE_BLOB,)
_CREATE = (rights.WRITE_BLOB, rights.ADD_BLOB)
_SEEN = ("Blob", "Container")


def _blob(handler: Handler, sas: str, actions: tuple[str, ...], *, public: tuple[str, ...] = ()) -> Operation:
    return Operation(handler, sas, actions, "o", public=public)


def _new_blob(handler: Handler) -> Operation:
    return Operation(handler, "wc", _CREATE, "o", overwrites=True)


def _container(handler: Handler, sas: str, action: str, *, public: tuple[str, ...] = ()) -> Operation:
    return Operation(handler, sas, (action,), "c", public=public)


_ACCOUNT_INFORMATION = Operation(account.information, "rwdlacup", (rights.READ_BLOB, rights.READ_CONTAINER), "s")
_OPERATIONS: dict[tuple[str, str, str, str], Operation] = {
    # level, method, restype, comp
    ("account", "GET", "", "list"): Operation(account.list_containers, "l", (rights.READ_CONTAINER,), "s"),
    ("account", "GET", "service", "properties"): Operation(account.properties, "r", (rights.READ_SERVICE,), "s"),
    ("account", "POST", "service", "userdelegationkey"): Operation(account.delegation_key, "", (rights.DELEGATE,), "s"),
    **{
        (level, method, "account", "properties"): _ACCOUNT_INFORMATION
        for level in ("account", "container", "blob")
        for method in ("GET", "HEAD")
    },
    ("container", "PUT", "container", ""): _container(container.create, "wc", rights.WRITE_CONTAINER),
    ("container", "DELETE", "container", ""): _container(container.delete, "d", rights.DELETE_CONTAINER),
    **{
        ("container", method, "container", comp): _container(
            container.show, "r", rights.READ_CONTAINER, public=("Container",)
        )
        for method in ("GET", "HEAD")
        for comp in ("", "metadata")
    },
    ("container", "PUT", "container", "metadata"): _container(container.set_metadata, "w", rights.WRITE_CONTAINER),
    ("container", "GET", "container", "acl"): _container(container.access, "", rights.READ_CONTAINER),
    ("container", "HEAD", "container", "acl"): _container(container.access, "", rights.READ_CONTAINER),
    ("container", "PUT", "container", "acl"): _container(container.set_access, "", rights.WRITE_CONTAINER),
    ("container", "GET", "container", "list"): Operation(container.list_blobs, "l", _READ, "c", public=("Container",)),
    ("blob", "GET", "", ""): _blob(blob_reads.get, "r", _READ, public=_SEEN),
    ("blob", "HEAD", "", ""): _blob(blob_reads.head, "r", _READ, public=_SEEN),
    ("blob", "GET", "", "metadata"): _blob(blob_reads.metadata, "r", _READ, public=_SEEN),
    ("blob", "HEAD", "", "metadata"): _blob(blob_reads.metadata, "r", _READ, public=_SEEN),
    ("blob", "GET", "", "blocklist"): _blob(blocks.show, "r", _READ, public=_SEEN),
    ("blob", "PUT", "", ""): _new_blob(uploads.put),
    ("blob", "PUT", "", "block"): Operation(blocks.put, "wc", _CREATE, "o"),
    ("blob", "PUT", "", "blocklist"): _new_blob(blocks.commit),
    ("blob", "PUT", "", "appendblock"): _blob(uploads.append, "aw", (rights.WRITE_BLOB, rights.ADD_BLOB)),
    ("blob", "PUT", "", "metadata"): _blob(blob_changes.set_metadata, "w", _WRITE),
    ("blob", "PUT", "", "properties"): _blob(blob_changes.set_properties, "w", _WRITE),
    ("blob", "PUT", "", "tier"): _blob(blob_changes.set_tier, "w", _WRITE),
    ("blob", "PUT", "", "undelete"): _blob(blob_changes.undelete, "w", _WRITE),
    ("blob", "PUT", "", "seal"): _blob(blob_changes.seal, "wa", _WRITE),
    ("blob", "DELETE", "", ""): _blob(blob_changes.delete, "d", _DELETE),
    ("blob", "PUT", "", "immutabilitypolicies"): _blob(retention.set_policy, "i", _WRITE),
    ("blob", "DELETE", "", "immutabilitypolicies"): _blob(retention.delete_policy, "i", _WRITE),
    ("blob", "PUT", "", "legalhold"): _blob(retention.set_hold, "i", _WRITE),
}
_DELETE_VERSION = _blob(blob_changes.delete, "x", (rights.DELETE_VERSION,))


def find(request: Request, target: Target) -> Operation:
    """The operation that a request is. Raises NotPlayed."""
    restype, comp = (request.query.get(name, "").lower() for name in ("restype", "comp"))
    method = request.method
    found = _OPERATIONS.get((target.level, method, restype, comp))
    if found is not None and found.handler is blob_changes.delete and request.query.get("versionid"):
        return _DELETE_VERSION
    if found is not None and not (target.level == "blob" and "snapshot" in request.query):
        return found
    asked = "&".join(f"{name}={value}" for name, value in (("restype", restype), ("comp", comp)) if value)
    what = "snapshots" if "snapshot" in request.query else f"?{asked}" if asked else "this"
    raise NotPlayed(f"{what}: {method} on a {target.level} of Azure Storage")
