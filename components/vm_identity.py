"""Virtual machines of the workload, and the identities that they sign in with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from pulumi_azure_native import compute, managedidentity, network


@dataclass(frozen=True)
class UserAssignedIdentityArgs:
    """What an identity of its own is made from."""

    resource_group: pulumi.Input[str]
    location: str
    name: str


class UserAssignedIdentity(pulumi.ComponentResource):
    """An identity that is made apart from any machine, can be authorised before it is used, and outlives machines."""

    id: pulumi.Output[str]
    principal_id: pulumi.Output[str]
    client_id: pulumi.Output[str]

    def __init__(self, name: str, args: UserAssignedIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:UserAssignedIdentity", name, {}, opts)
        made = managedidentity.UserAssignedIdentity(
            name,
            resource_group_name=args.resource_group,
            resource_name_=args.name,
            location=args.location,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = made.id
        self.principal_id = made.principal_id
        self.client_id = made.client_id
        self.register_outputs({"principalId": self.principal_id})


def existing_identity(name: str, identity_id: str) -> managedidentity.UserAssignedIdentity:
    """A user-assigned identity that somebody else owns: read in every preview, never written or deleted."""
    return managedidentity.UserAssignedIdentity.get(name, identity_id)


@dataclass(frozen=True)
class VirtualMachineArgs:
    """What a virtual machine is made from."""

    resource_group: pulumi.Input[str]
    location: str
    name: str
    subnet_id: pulumi.Input[str]
    size: str
    image: str
    """``publisher:offer:sku:version``"""
    admin_username: str
    ssh_public_key: str | None
    """None makes a key whose private half nobody keeps: the machine is then reached by run command only."""
    system_assigned_identity: bool
    """Whether the machine gets an identity that is made and deleted with it."""
    user_assigned_identities: Sequence[pulumi.Input[str]] = ()
    """ARM ids."""
    addresses_after: Sequence[pulumi.Resource] = ()
    """What takes its address in the subnet before the machine does."""


class VirtualMachine(pulumi.ComponentResource):
    """A Linux machine in the subnet, without a public address."""

    id: pulumi.Output[str]
    instance: pulumi.Output[str]
    """A GUID that another machine of the same id does not have."""
    location: str
    principal_id: pulumi.Output[str] | None
    """The system-assigned identity's; None where the machine has none."""

    def __init__(self, name: str, args: VirtualMachineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mhsm:components:VirtualMachine", name, {}, opts)
        interface = network.NetworkInterface(
            f"{name}-nic",
            resource_group_name=args.resource_group,
            network_interface_name=f"{args.name}-nic",
            location=args.location,
            ip_configurations=[
                network.NetworkInterfaceIPConfigurationArgs(
                    name="primary",
                    subnet=network.SubnetArgs(id=args.subnet_id),
                    private_ip_allocation_method="Dynamic",
                )
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(args.addresses_after)),
        )
        machine = compute.VirtualMachine(
            name,
            resource_group_name=args.resource_group,
            vm_name=args.name,
            location=args.location,
            hardware_profile=compute.HardwareProfileArgs(vm_size=args.size),
            network_profile=compute.NetworkProfileArgs(
                network_interfaces=[compute.NetworkInterfaceReferenceArgs(id=interface.id, primary=True)]
            ),
            storage_profile=_storage_profile(args.image),
            os_profile=_os_profile(args),
            identity=_identity(args),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Azure takes the operating system's profile when it creates the machine and never again.
                ignore_changes=["osProfile"],
                # The image neither; another one is another machine, which needs the name and the interface of this.
                replace_on_changes=["storageProfile.imageReference"],
                delete_before_replace=True,
            ),
        )
        self.id = machine.id
        self.instance = machine.vm_id
        self.location = args.location
        self.principal_id = (
            machine.identity.apply(lambda identity: str(identity.principal_id))
            if args.system_assigned_identity
            else None
        )
        self.register_outputs({"id": self.id, "principalId": self.principal_id})


def _storage_profile(image: str) -> compute.StorageProfileArgs:
    publisher, offer, sku, version = image.split(":")
    return compute.StorageProfileArgs(
        image_reference=compute.ImageReferenceArgs(publisher=publisher, offer=offer, sku=sku, version=version),
        os_disk=compute.OSDiskArgs(
            create_option="FromImage",
            managed_disk=compute.ManagedDiskParametersArgs(storage_account_type="Standard_LRS"),
            delete_option="Delete",
        ),
    )


def _os_profile(args: VirtualMachineArgs) -> compute.OSProfileArgs:
    return compute.OSProfileArgs(
        computer_name=args.name,
        admin_username=args.admin_username,
        linux_configuration=compute.LinuxConfigurationArgs(
            disable_password_authentication=True,
            ssh=compute.SshConfigurationArgs(
                public_keys=[
                    compute.SshPublicKeyArgs(
                        key_data=args.ssh_public_key or _public_key_without_a_private_one(),
                        path=f"/home/{args.admin_username}/.ssh/authorized_keys",
                    )
                ]
            ),
        ),
    )


def _identity(args: VirtualMachineArgs) -> compute.VirtualMachineIdentityArgs | None:
    user_assigned = list(args.user_assigned_identities)
    kinds = ["SystemAssigned"] * args.system_assigned_identity + ["UserAssigned"] * bool(user_assigned)
    if not kinds:
        return None
    return compute.VirtualMachineIdentityArgs(type=", ".join(kinds), user_assigned_identities=user_assigned or None)


def _public_key_without_a_private_one() -> str:
    public_key = ed25519.Ed25519PrivateKey.generate().public_key()
    return public_key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
