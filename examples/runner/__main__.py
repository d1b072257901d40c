"""A place to run the program from: a virtual network, and in it a machine that may deploy by its own identity.

Its own small stack, because it has to be there before a pool that only its network reaches, and outlives it. Whoever
has a self-hosted runner in a virtual network already needs none of this.
"""

import pulumi
from pulumi_azure_native import authorization, compute, network, resources

LOCATION = "westus"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
"""The built-in role ("Azure built-in roles"); it may do everything but give roles."""

client = authorization.get_client_config()
group = resources.ResourceGroup("group", resource_group_name="ContosoRunners", location=LOCATION)
runners = network.VirtualNetwork(
    "network",
    resource_group_name=group.name,
    virtual_network_name="runners",
    location=LOCATION,
    address_space=network.AddressSpaceArgs(address_prefixes=["10.9.0.0/16"]),
    # The other stack adds its subnet for private endpoints.
    opts=pulumi.ResourceOptions(ignore_changes=["subnets"]),
)
subnet = network.Subnet(
    "subnet",
    resource_group_name=group.name,
    virtual_network_name=runners.name,
    subnet_name="runners",
    address_prefix="10.9.1.0/24",
    # The runner has to reach Azure Resource Manager and Microsoft Entra ID; a NAT gateway does the same.
    default_outbound_access=True,
)
interface = network.NetworkInterface(
    "interface",
    resource_group_name=group.name,
    network_interface_name="runner-nic",
    location=LOCATION,
    ip_configurations=[
        network.NetworkInterfaceIPConfigurationArgs(
            name="primary", subnet=network.SubnetArgs(id=subnet.id), private_ip_allocation_method="Dynamic"
        )
    ],
)
runner = compute.VirtualMachine(
    "runner",
    resource_group_name=group.name,
    vm_name="runner",
    location=LOCATION,
    identity=compute.VirtualMachineIdentityArgs(type="SystemAssigned"),
    hardware_profile=compute.HardwareProfileArgs(vm_size="Standard_B2s"),
    network_profile=compute.NetworkProfileArgs(
        network_interfaces=[compute.NetworkInterfaceReferenceArgs(id=interface.id, primary=True)]
    ),
    storage_profile=compute.StorageProfileArgs(
        image_reference=compute.ImageReferenceArgs(
            publisher="Canonical", offer="ubuntu-24_04-lts", sku="server", version="latest"
        ),
        os_disk=compute.OSDiskArgs(create_option="FromImage", delete_option="Delete"),
    ),
    os_profile=compute.OSProfileArgs(
        computer_name="runner",
        admin_username="azureuser",
        linux_configuration=compute.LinuxConfigurationArgs(
            disable_password_authentication=True,
            ssh=compute.SshConfigurationArgs(
                public_keys=[
                    compute.SshPublicKeyArgs(
                        key_data=pulumi.Config().require("sshPublicKey"),
                        path="/home/azureuser/.ssh/authorized_keys",
                    )
                ]
            ),
        ),
    ),
)
authorization.RoleAssignment(
    "deploys",
    scope=f"/subscriptions/{client.subscription_id}",
    principal_id=runner.identity.apply(lambda identity: str(identity.principal_id)),
    principal_type="ServicePrincipal",
    role_definition_id=(
        f"/subscriptions/{client.subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}"
    ),
)

pulumi.export("network", runners.id)
pulumi.export("principal", runner.identity.apply(lambda identity: identity.principal_id))
