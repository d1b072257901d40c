"""What the program has to know before it declares anything: who deploys, where, and what is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
from pulumi_azure_native import authorization, keyvault, resources

from components.stack import Deployer, Existing
from config import Settings
from config.hsm import Hsm


def deployer(settings: Settings) -> Deployer:
    """Who azure-native is signed in as, and on which subscription.

    Raises pulumi.RunError where it is signed in as nobody, or on another subscription than the settings allow.
    """
    client = _invoke("finding out who deploys", authorization.get_client_config)
    found = Deployer(client.tenant_id, client.subscription_id, client.object_id)
    wanted = settings.subscription_id
    if wanted is not None and wanted.lower() != found.subscription_id.lower():
        raise pulumi.RunError(
            f"managed-hsm:subscriptionId: signed in on subscription {found.subscription_id}, but the stack is for"
            f" {wanted}; set ARM_SUBSCRIPTION_ID (or az account set), or change the key"
        )
    return found


def existing(settings: Settings) -> Existing:
    """The group and the pool that ``hsm.adopt`` takes over, as far as they exist."""
    if not isinstance(settings.hsm, Hsm) or not settings.hsm.adopt:
        return Existing()
    name = settings.hsm.name
    group = _id_or_none(
        "looking for the resource group to adopt",
        lambda: resources.get_resource_group(resource_group_name=settings.resource_group),
    )
    pool = _id_or_none(
        "looking for the pool to adopt",
        lambda: keyvault.get_managed_hsm(resource_group_name=settings.resource_group, name=name),
    )
    return Existing(group, pool)


def _id_or_none(doing: str, look_up: Callable[[], Any]) -> str | None:
    try:
        return str(_invoke(doing, look_up).id)
    except pulumi.RunError as error:
        if "NotFound" in str(error):
            return None
        raise


def _invoke(doing: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # the engine's refusals have no class of their own
        cause = " ".join(str(error).split()).removeprefix("invoke of ")
        raise pulumi.RunError(f"{doing}: {cause}") from None
