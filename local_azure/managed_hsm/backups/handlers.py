"""Full backup, full restore, the restore of one key, their checks, and how each stands."""

from __future__ import annotations

from local_azure.core.errors import ServiceError
from local_azure.core.http import JsonObject, Response, json_response
from local_azure.managed_hsm.backups import content, jobs
from local_azure.managed_hsm.backups.container import READ, WRITE, Container, bad_request, container_of, failure_of
from local_azure.managed_hsm.backups.jobs import Job
from local_azure.managed_hsm.context import HsmRequest
from local_azure.managed_hsm.errors import bad_parameter
from local_azure.managed_hsm.keys.body import optional_object, required_string
from local_azure.managed_hsm.keys.errors import deleted_but_recoverable, key_exists
from local_azure.managed_hsm.keys.state import KeyStore

_INVALID_BACKUP = "Invalid backup provided"
_RETRY_AFTER = 10
"""Seconds, as recorded; less where the local Azure is told to be faster than Azure."""
_BEFORE_IDENTITIES = frozenset({"7.2-preview", "7.2", "7.3-preview", "7.3", "7.4-preview.1", "7.4"})
"""Versions whose description has no ``useManagedIdentity``."""
_BEFORE_CHECKS = _BEFORE_IDENTITIES | {"7.5-preview.1", "7.5"}
"""Versions whose description has neither ``/prebackup`` nor ``/prerestore``."""


def full_backup(hsm: HsmRequest) -> Response:
    """POST /backup"""
    container = _container(hsm, hsm.request.json())
    with hsm.world.store.transaction():
        jobs.require_idle(hsm.world, hsm.pool)
        failure = failure_of(lambda: container.open(WRITE))
        folder = _folder_name(hsm)
        if failure is None:
            container.put(f"{folder}/{content.BLOB}", content.capture(hsm.world, hsm.pool))
        url = None if failure else f"{container.url}/{folder}"
        return _begun(hsm, jobs.begin(hsm.world, hsm.pool, "backup", failure, url))


def check_backup(hsm: HsmRequest) -> Response:
    """POST /prebackup: whether a backup would succeed; writes nothing."""
    _require_checks(hsm)
    container = _container(hsm, hsm.request.json())
    with hsm.world.store.transaction():
        jobs.require_idle(hsm.world, hsm.pool)
        failure = failure_of(lambda: container.open(WRITE))
        return _begun(hsm, jobs.begin(hsm.world, hsm.pool, "backup check", failure))


def full_restore(hsm: HsmRequest) -> Response:
    """PUT /restore: everything in the pool gives way to what the backup holds."""
    container, folder = _backup(hsm, "folderToRestore")
    with hsm.world.store.transaction():
        _require_restorable(hsm)
        failure, found = _found(hsm, container, folder)
        if found is not None:
            content.restore(hsm.world, hsm.pool, found)
        return _begun(hsm, jobs.begin(hsm.world, hsm.pool, "restore", failure))


def check_restore(hsm: HsmRequest) -> Response:
    """PUT /prerestore: whether a restore would succeed; changes nothing."""
    _require_checks(hsm)
    container, folder = _backup(hsm, "folderToRestore")
    with hsm.world.store.transaction():
        _require_restorable(hsm)
        failure, _ = _found(hsm, container, folder)
        return _begun(hsm, jobs.begin(hsm.world, hsm.pool, "restore check", failure))


def restore_key(hsm: HsmRequest) -> Response:
    """PUT /keys/{name}/restore: one key with all its versions, whose name has to be free: "must be purged"."""
    container, folder = _backup(hsm, "folder")
    name, store = hsm.request.parameters["key_name"], KeyStore(hsm.world, hsm.pool)
    with hsm.world.store.transaction():
        jobs.require_idle(hsm.world, hsm.pool)
        if store.find_deleted(name) is not None:
            raise deleted_but_recoverable(name)
        if store.find(name) is not None:
            raise key_exists(name)
        failure, found = _found(hsm, container, folder)
        key = None if found is None else content.key_in(found, name)
        if key is not None:
            store.put(key)
        elif failure is None:
            failure = f"Key {name} is not in the backup provided"
        return _begun(hsm, jobs.begin(hsm.world, hsm.pool, "key restore", failure))


def backup_status(hsm: HsmRequest) -> Response:
    """GET /backup/{job}/pending"""
    return _status(hsm, ("backup", "backup check"))


def restore_status(hsm: HsmRequest) -> Response:
    """GET /restore/{job}/pending: of a restore of one key too."""
    return _status(hsm, ("restore", "key restore", "restore check"))


def _status(hsm: HsmRequest, kinds: tuple[jobs.Kind, ...]) -> Response:
    job = jobs.find(hsm.world, hsm.pool, hsm.request.parameters["job_id"])
    if job is None or job.kind not in kinds:
        raise ServiceError(404, "NotFound", "There is no such operation")
    return json_response(job.body(hsm.world.clock.timestamp()))


def _begun(hsm: HsmRequest, job: Job) -> Response:
    path = "backup" if job.kind in ("backup", "backup check") else "restore"
    headers = {"azure-asyncoperation": f"{hsm.base_url}/{path}/{job.id}/pending"}
    seconds = round(_RETRY_AFTER * min(hsm.world.latency.scale, 1.0))
    if seconds:
        headers["Retry-After"] = str(seconds)
    # The first answer is that of a job which has only begun, however short it is.
    return json_response(job.body(job.began - 1), 202, headers)


def _container(hsm: HsmRequest, parameters: JsonObject) -> Container:
    version = hsm.request.query["api-version"].lower()
    return container_of(hsm.world, hsm.pool, parameters, knows_identities=version not in _BEFORE_IDENTITIES)


def _backup(hsm: HsmRequest, folder: str) -> tuple[Container, str]:
    body = hsm.request.json()
    parameters = optional_object(body, "sasTokenParameters")
    if parameters is None:
        raise bad_parameter("Property sasTokenParameters is required")
    return _container(hsm, parameters), required_string(body, folder).strip("/")


def _found(hsm: HsmRequest, container: Container, folder: str) -> tuple[str | None, JsonObject | None]:
    """Why the backup cannot be used, or what it holds."""
    failure = failure_of(lambda: container.open(READ))
    if failure is not None:
        return failure, None
    found = content.opened(hsm.world, hsm.pool, container.get(f"{folder}/{content.BLOB}"))
    return (_INVALID_BACKUP, None) if found is None else (None, found)


def _require_restorable(hsm: HsmRequest) -> None:
    """The rule of "Full restore"; the words in which the service holds to it are published nowhere."""
    jobs.require_idle(hsm.world, hsm.pool)
    if not jobs.has_own_backup(hsm.world, hsm.pool):
        raise bad_request("A full backup of this HSM must be completed at least 30 minutes before a restore operation")


def _require_checks(hsm: HsmRequest) -> None:
    version = hsm.request.query["api-version"]
    if version.lower() in _BEFORE_CHECKS:
        raise bad_parameter(f"The operation is not known in version {version}")


def _folder_name(hsm: HsmRequest) -> str:
    """With hundredths of a second at its end, as recorded; the page names seconds only."""
    now = hsm.world.clock.now()
    return f"mhsm-{hsm.pool.name}-{now:%Y%m%d%H%M%S}{now.microsecond // 10_000:02d}"
