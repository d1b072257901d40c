"""Whether the state is itself encrypted with a key of the pool that it describes."""

from __future__ import annotations

from collections.abc import Iterator

from data_plane import storage_accounts
from data_plane.session import Session


def problems(session: Session, subscription_id: str, account: str, container: str, pool_name: str) -> Iterator[str]:
    """Asks ARM for the account and the container. Raises DataPlaneError where it cannot be asked."""
    found = storage_accounts.find(session, subscription_id, account)
    if found is None:
        yield (
            f"the account {account} is not in subscription {subscription_id}, or cannot be read there: nobody knows"
            " what it is encrypted with"
        )
        return
    hosts = {found.key_host, storage_accounts.container_key_host(session, found, container) or ""}
    if any(host.lower().split(".")[0] == pool_name and ".managedhsm." in host.lower() for host in hosts):
        yield (
            f"the account {account} encrypts {container} with a key of the pool {pool_name}, which its state describes:"
            " with the pool the state would be lost; use a key of a vault, or Azure's own"
        )
