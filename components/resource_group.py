"""The resource group that everything of a stack lies in."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import resources


@dataclass(frozen=True)
class ResourceGroupArgs:
    """What a resource group is made from."""

    name: str
    location: str
    import_id: str | None = None
    """ARM id of a group that exists and is taken over; None makes a new one."""
    retain_on_delete: bool = False
    """Whether a destroy leaves it: a group's deletion deletes whatever is still in it."""


class ResourceGroup(pulumi.ComponentResource):
    """A resource group."""

    name: pulumi.Output[str]

    def __init__(self, name: str, args: ResourceGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:ResourceGroup", name, {}, opts)
        group = resources.ResourceGroup(
            name,
            resource_group_name=args.name,
            location=args.location,
            opts=pulumi.ResourceOptions(
                parent=self,
                import_=args.import_id,
                retain_on_delete=args.retain_on_delete,
                # What was there before may lie in another region, and that would take another group.
                ignore_changes=["location", "tags", "managedBy"],
            ),
        )
        self.name = group.name
        self.register_outputs({"name": self.name})
