"""The storage container of a backup, and by what right the pool reads and writes there.

Either the pool's user-assigned identity does, which has to have a role at the container (Storage Blob Data
Contributor), and comes in as a trusted service where the account's firewall lets those in; or a shared access signature
with the permissions ``crdw`` does, for which the account has to be open ("Full backup and restore and selective key
restore").
Seen nowhere: the words in which a pool without an identity refuses, and which of several identities is used (here the
first that has the right).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from local_azure.arm.resources import Resources
from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject
from local_azure.core.world import World
from local_azure.entra import directory, tokens
from local_azure.managed_hsm.keys.body import optional_boolean, optional_string, required_string
from local_azure.managed_hsm.pools import Pool
from local_azure.storage import blobs, containers
from local_azure.storage.accounts import Account
from local_azure.storage.errors import StorageError, immutable

_AUDIENCE = "https://storage.azure.com"
_BLOB_ACTIONS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


@dataclass(frozen=True)
class Rights:
    """What an operation needs at the container."""

    actions: tuple[str, ...]
    """Data actions of Azure RBAC on blobs."""
    letters: str
    """Permissions of a signature."""


READ, WRITE = Rights(("read",), "r"), Rights(("read", "write", "delete"), "crdw")


@dataclass(frozen=True)
class Container:
    """A container in a storage account, as a request names it."""

    world: World
    pool: Pool
    url: str
    """Without a slash at its end."""
    account: str
    name: str
    signature: Mapping[str, str] | None
    """The parameters of a shared access signature; None where the pool's identity is to be used."""

    def open(self, rights: Rights) -> None:
        """Raises StorageError where the account, the container or one of the rights is missing."""
        known = blobs.require_account(self.world, self.account)
        if not _lets_in(known, trusted=self.signature is None):
            raise StorageError(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
        if self.signature is None:
            self._open_as_identity(rights)
        else:
            for letter in rights.letters:
                blobs.authorize_sas(
                    self.world, self.account, self.name, self.signature, letter, blob="mhsm", origin=None
                )
        found = containers.require(self.world, known, self.name)
        immutability = found.retention or found.legal_holds or _keeps_versions_for_good(known)
        if "write" in rights.actions and immutability:
            raise immutable("hold" if found.legal_holds else "policy")

    def put(self, name: str, content: bytes) -> None:
        """Writes a blob."""
        blobs.put_blob(self.world, self.account, self.name, name, content)

    def get(self, name: str) -> bytes | None:
        """Reads a blob."""
        return blobs.get_blob(self.world, self.account, self.name, name)

    def _open_as_identity(self, rights: Rights) -> None:
        refusal: ServiceError | None = None
        for claims in _identities(self.world, self.pool):
            try:
                for action in rights.actions:
                    blobs.authorize_token(self.world, self.account, self.name, claims, f"{_BLOB_ACTIONS}/{action}")
            except ServiceError as error:
                refusal = refusal or error
            else:
                return
        raise refusal or no_identity()


def container_of(world: World, pool: Pool, body: JsonObject, *, knows_identities: bool) -> Container:
    """``SASTokenParameter`` of the description. Raises ServiceError 400.

    ``knows_identities``: whether the version of the API has ``useManagedIdentity``.
    """
    url = required_string(body, "storageResourceUri").rstrip("/")
    split = urlsplit(url)
    account, _, suffix = (split.hostname or "").partition(".")
    name = split.path.strip("/")
    if split.scheme != "https" or suffix != "blob.core.windows.net" or not name or "/" in name or split.query:
        raise bad_request(f"The storage resource URI {url.partition('?')[0]} is not that of a blob container")
    if knows_identities and optional_boolean(body, "useManagedIdentity"):
        if not _identity_ids(world, pool):
            raise no_identity()
        return Container(world, pool, url, account, name, None)
    token = optional_string(body, "token")
    if not token:
        raise bad_request("A SAS token is required unless a managed identity is used")
    signature = dict(parse_qsl(token.removeprefix("?"), keep_blank_values=True))
    for parameter, field in (("se", "expiry"), ("sig", "signature")):
        if not signature.get(parameter):
            malformed = "The customer provided SAS token is malformed."
            raise bad_request(f"{malformed} The SAS token does not contain the {field} field")
    return Container(world, pool, url, account, name, signature)


def failure_of(operation: Callable[[], None]) -> str | None:
    """The code by which storage refuses the operation, which the details of a failed job say (recorded)."""
    try:
        operation()
    except StorageError as error:
        return error.code
    return None


def bad_request(message: str) -> ServiceError:
    """400, with the code that the service is recorded to have for these operations."""
    return ServiceError(400, "BadRequest", message)


def no_identity() -> ServiceError:
    """400: the pool has no identity that could be used."""
    return bad_request("No user-assigned managed identity is associated with this HSM")


def _identity_ids(world: World, pool: Pool) -> list[str]:
    found = Resources(world).find(pool.arm_id)
    identity = {} if found is None else found.resource.get("identity") or {}
    return list(identity.get("userAssignedIdentities") or {})


def _identities(world: World, pool: Pool) -> list[tokens.Claims]:
    """A verified token of each of the pool's identities that exists still."""
    wanted = {each.lower() for each in _identity_ids(world, pool)}
    return [
        tokens.verify(world, tokens.issue(world, principal, _AUDIENCE), [_AUDIENCE])
        for principal in directory.principals(world)
        if (principal.managed_identity_resource_id or "").lower() in wanted
    ]


def _lets_in(account: Account, *, trusted: bool) -> bool:
    rules = account.properties.get("networkAcls") or {}
    is_open = account.properties.get("publicNetworkAccess") != "Disabled" and rules.get("defaultAction") != "Deny"
    return is_open or (trusted and "AzureServices" in str(rules.get("bypass", "AzureServices")))


def _keeps_versions_for_good(account: Account) -> bool:
    return bool((account.properties.get("immutableStorageWithVersioning") or {}).get("enabled"))
