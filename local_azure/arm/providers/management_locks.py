"""Microsoft.Authorization/locks; what they hold up is in :mod:`local_azure.arm.locks`."""

from __future__ import annotations

from local_azure.arm import api_versions, errors
from local_azure.arm.locks import LOCKS
from local_azure.arm.resource_type import Change, ResourceType
from local_azure.arm.schema import STRING, array, choice, obj


def _prepare_lock(change: Change) -> None:
    if change.properties["level"] == "NotSpecified":
        raise errors.bad_request("LockLevelNotSpecified", "The level of the lock must be CanNotDelete or ReadOnly.")


TYPES = (
    ResourceType(
        name=LOCKS,
        api_versions=api_versions.LOCKS,
        properties={
            "level": choice("NotSpecified", "CanNotDelete", "ReadOnly", required=True),
            "notes": STRING,
            "owners": array(obj(applicationId=STRING)),
        },
        tracked=False,
        extension=True,
        has_state=False,
        patch=None,
        methods=frozenset({"GET", "PUT", "DELETE"}),
        system_data=True,
        delete_rank=70,
        prepare=_prepare_lock,
        missing_read=lambda resource: errors.not_found(
            "LockNotFound", f"The lock '{resource.name}' could not be found."
        ),
    ),
)
