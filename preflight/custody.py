"""Who will be able to open the security domain, and whether it can be written where it shall lie."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from config.certificates import read_certificate
from config.security_domain import BlobDestination, PathDestination, SecurityDomain
from data_plane.errors import CustodyError, DataPlaneError, NotFoundError
from preflight.line import Deployment, Line, failed, passed, unseen

_CUSTODIANS: Final = "custodians"
_DESTINATIONS: Final = "destinations"


def check(deployment: Deployment) -> Iterator[Line]:
    """Every custodian's certificate, every place."""
    domain = deployment.settings.security_domain
    if domain is not None:
        yield _custodians(domain)
        for destination in domain.destinations:
            found = _path(destination) if isinstance(destination, PathDestination) else _blob(deployment, destination)
            # Without one that is optional the activation goes on.
            yield replace(found, result="notice") if destination.optional and found.result == "failed" else found


def _custodians(domain: SecurityDomain) -> Line:
    # That each can be read, and is none of another's, the configuration's reader has seen already.
    names = [f"{each.name} (…{read_certificate(each.certificate).thumbprint[-8:]})" for each in domain.custodians]
    return passed(_CUSTODIANS, f"any {domain.quorum} of {', '.join(names)}")


def _path(destination: PathDestination) -> Line:
    path = Path(destination.path)
    if destination.handed_over:
        return passed(_DESTINATIONS, f"{path}: handed over into custody")
    nearest = next(each for each in (path.parent, *path.parent.parents) if each.exists())
    if path.is_file():
        return passed(_DESTINATIONS, f"{path}: holds one already; it is adopted, or kept beside a new one")
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return failed(_DESTINATIONS, f"{path}: nothing can be written in {nearest}", "mount it, or change its rights")
    return passed(_DESTINATIONS, f"{path}: can be written")


def _blob(deployment: Deployment, destination: BlobDestination) -> Line:
    from data_plane.blobs import Blob

    own, name = deployment.settings.storage, destination.account_name
    if own is not None and name == own.name:
        return passed(_DESTINATIONS, f"{destination.blob}: in the account that the program makes")
    try:
        if destination.account is None and _found(deployment, name) is None:
            return failed(
                _DESTINATIONS, f"{destination.blob}: there is no account {name}", "make it, or correct its name"
            )
        there = Blob(destination.address(deployment.settings.hsm.name), deployment.session).read()
    except CustodyError as error:
        found, _, way_out = str(error).partition(" — ")
        return failed(_DESTINATIONS, found, way_out or "make the container, and give the deployer a role at it")
    except DataPlaneError as error:
        return unseen(_DESTINATIONS, str(error))
    holds = "holds one already" if there is not None else "can be reached"
    return passed(_DESTINATIONS, f"{destination.blob}: {holds}")


def _found(deployment: Deployment, name: str) -> object | None:
    from data_plane import storage_accounts

    try:
        return storage_accounts.find(deployment.session, deployment.subscription_id, name)
    except NotFoundError:
        return None
