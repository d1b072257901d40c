"""Keys that Azure services encrypt with (customer-managed keys)."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from config.access import Principal
from config.fields import Section, refusal, setting

Service = Literal["storage", "sql", "disk"]
"""Storage accounts, Azure SQL (transparent data encryption), managed disks (disk encryption sets)."""

_KINDS = ("identity", "objectId", "servicePrincipal")
_ACCEPTED = "one of {identity: …}, {objectId: …}, {servicePrincipal: …}"


def _service_identity(principal: Principal) -> Principal:
    if principal.kind not in _KINDS:
        raise refusal(_ACCEPTED)
    return principal


class KeyUse(Section):
    """A service that wraps its own keys with a key of the pool, as the identity that it has."""

    service: Service = setting(
        what="The service, whose own rules for keys are checked.",
        accepted="storage, sql or disk",
        example="storage",
    )
    principal: Annotated[Principal, AfterValidator(_service_identity)] = setting(
        what="The identity that the service has: that of the storage account, the SQL server, the disk encryption set.",
        accepted=_ACCEPTED,
        example={"objectId": "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"},
    )
