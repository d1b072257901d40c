"""Whether the pool's data plane can be reached: as it is, or as it will be once it is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.hsm import Hsm
from data_plane import pool as pools
from data_plane.errors import DataPlaneError, ForbiddenError, NotActivatedError, UnreachableError, mapped
from data_plane.way_in import explained
from preflight.line import Deployment, Line, failed, notice, passed, unseen

_WAY: Final = "way to the pool"
_FIREWALL: Final = "managed-hsm:hsm.firewall"
_ON: Final = f"run inside its network, or declare this machine's address in {_FIREWALL}.ipRules"


def check(deployment: Deployment) -> Iterator[Line]:
    """Knocks at a pool that is there; of one that is not, says from where it can be set up."""
    try:
        there = pools.read(deployment.session, deployment.pool)
        if there is None:
            yield _planned(deployment)
        else:
            yield _knock(deployment, there)
    except DataPlaneError as error:
        yield unseen(_WAY, str(error))


def _knock(deployment: Deployment, there: pools.Pool) -> Line:
    try:
        with mapped(there.uri):
            next(iter(deployment.session.access(there.uri).list_role_definitions("/")), None)
    except UnreachableError as error:
        return failed(_WAY, str(error), _ON)
    except ForbiddenError as error:
        if error.by_firewall:
            return failed(_WAY, str(explained(there, error)), _ON)
    except NotActivatedError:
        return passed(_WAY, f"{there.uri} answers; it is not activated")
    # Whoever is refused for lack of a role has come through.
    return passed(_WAY, f"{there.uri} answers")


def _planned(deployment: Deployment) -> Line:
    pool = deployment.settings.hsm
    if not isinstance(pool, Hsm):
        return unseen(_WAY, "the pool is not there")
    firewall = pool.firewall
    if not firewall.is_closed and firewall.default_action == "Allow":
        return passed(_WAY, "open to everybody")
    if not firewall.is_closed:
        rules = ", ".join(map(str, firewall.ip_rules))
        return notice(_WAY, f"this machine must come from {rules}: the pool sees addresses only once it is there")
    network = deployment.settings.network
    if network is None or not network.private_endpoints:
        return failed(
            _WAY,
            "closed to the public, and no private endpoint leads to it: nobody could activate it",
            f"declare managed-hsm:network.privateEndpoints, or this machine's address in {_FIREWALL}.ipRules",
        )
    return notice(_WAY, "closed to the public: run the up inside the network of its private endpoint")
