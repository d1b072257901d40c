"""The workload's identities, and the virtual machines that have them."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Tag

from config.fields import ArmId, Boolean, Region, Section, Text, matching, refusal, setting

_VM_NAME = "1 to 64 letters, digits and hyphens, starting with a letter and not ending with a hyphen"
VmName = Annotated[str, BeforeValidator(matching(r"[A-Za-z]([0-9A-Za-z-]{0,62}[0-9A-Za-z])?", _VM_NAME))]


_MACHINE_ACCEPTED = "size, image, adminUsername, sshPublicKey, subnet and location, each optional"


class VirtualMachine(Section):
    """A Linux virtual machine, in the stack's subnet unless another is named."""

    size: Text = setting(
        "Standard_B2s", what="The machine's size.", accepted="an Azure VM size", example="Standard_B2s"
    )
    image: Annotated[str, BeforeValidator(matching(r"[^:\s]+:[^:\s]+:[^:\s]+:[^:\s]+"))] = setting(
        "Canonical:ubuntu-24_04-lts:server:latest",
        what="The image it starts from.",
        accepted="publisher:offer:sku:version",
        example="Canonical:ubuntu-24_04-lts:server:latest",
    )
    admin_username: Annotated[str, BeforeValidator(matching(r"[a-z_][a-z0-9_-]{0,31}"))] = setting(
        "azureuser",
        what="The name of its administrator.",
        accepted="1 to 32 lower-case letters, digits, _ and -, starting with a letter or _",
        example="azureuser",
    )
    ssh_public_key: Annotated[str, BeforeValidator(matching(r"ssh-(rsa|ed25519) [A-Za-z0-9+/=]+( .*)?"))] | None = (
        setting(
            None,
            what="The administrator's public SSH key, used when the machine is made. Left out, nobody can sign in.",
            accepted="a line that begins with ssh-rsa or ssh-ed25519",
            example="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL8dqLtWvsoAGUU0ogxJA1ScERfcyQCk4LnmAJg2mQ0B ops@contoso.com",
        )
    )
    subnet: ArmId | None = setting(
        None,
        what="A subnet that exists; the one of the section network if left out.",
        accepted="the ARM id of a subnet",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoNetworks"
            "/providers/Microsoft.Network/virtualNetworks/hub/subnets/apps"
        ),
    )
    location: Region | None = setting(
        None,
        what="The machine's region, which is its subnet's; that of the section network if left out.",
        accepted="an Azure region such as westus",
        example="westus",
    )


class VmIdentity(Section):
    """The system-assigned identity of a VM: made with it and gone with it. The VM bears the identity's name."""

    vm: VirtualMachine = setting(
        what="The virtual machine; `{}` takes every default.",
        accepted=_MACHINE_ACCEPTED,
        example={},
    )


def _only_true(value: bool) -> bool:
    if not value:
        raise refusal()
    return value


class AttachedIdentity(Section):
    """An identity that stands by itself: attached to any number of VMs, outlives them."""

    vms: tuple[VmName, ...] = setting(
        (),
        what="Names of virtual machines that are made with this identity.",
        accepted="a list of VM names",
        example=["batch-1", "batch-2"],
    )
    vm_settings: VirtualMachine | None = setting(
        None,
        what="What those of `vms` are made from that have no entry of their own.",
        accepted=_MACHINE_ACCEPTED,
        example={"size": "Standard_B2s"},
    )


class UserAssignedIdentity(AttachedIdentity):
    """A user-assigned identity that this stack makes, apart from any VM."""

    user_assigned: Annotated[Boolean, AfterValidator(_only_true)] = setting(
        what="That this identity stands by itself. Instead of vm.", accepted="true", example=True
    )


class ExistingIdentity(AttachedIdentity):
    """A user-assigned identity that somebody else owns, by id."""

    id: ArmId = setting(
        what="The id of a user-assigned identity that exists. Instead of vm and userAssigned.",
        accepted="the ARM id of a user-assigned identity",
        example=(
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/ContosoIdentities"
            "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/batch"
        ),
    )


def _identity_kind(value: object) -> str:
    if isinstance(value, ExistingIdentity) or (isinstance(value, dict) and "id" in value):
        return "<existing>"
    user_assigned = isinstance(value, UserAssignedIdentity) or (isinstance(value, dict) and "userAssigned" in value)
    return "<userAssigned>" if user_assigned else "<vm>"


Identity = Annotated[
    Annotated[VmIdentity, Tag("<vm>")]
    | Annotated[UserAssignedIdentity, Tag("<userAssigned>")]
    | Annotated[ExistingIdentity, Tag("<existing>")],
    Discriminator(_identity_kind),
]
