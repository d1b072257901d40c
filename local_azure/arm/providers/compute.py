"""Microsoft.Compute/virtualMachines: the machine as ARM knows it, with its identity and its network interfaces.

Shapes: the REST description of Microsoft.Compute, ``virtualMachine.json``.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from local_azure.arm import api_versions, errors, identity, ids, operations, rbac
from local_azure.arm.providers.network_common import INTERFACE
from local_azure.arm.resource_type import Arm, ArmRequest, ArmRoute, Change, LongRunning, Poll, ResourceType
from local_azure.arm.resources import Stored
from local_azure.arm.schema import (
    ANYTHING,
    BOOLEAN,
    READ_ONLY,
    REFERENCE,
    STRING,
    STRINGS,
    Field,
    array,
    choice,
    obj,
)
from local_azure.core.clock import iso
from local_azure.core.http import JsonObject, Response, json_response

MACHINE = "Microsoft.Compute/virtualMachines"
_LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
_COMPUTER_NAME = re.compile(r"[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?")
_LONGEST_COMPUTER_NAME = 64
RUNNING = "running"
_DEALLOCATED, _STOPPED = "deallocated", "stopped"

_OS_PROFILE = obj(
    computerName=STRING,
    adminUsername=STRING,
    adminPassword=Field(write_only=True),
    customData=Field(write_only=True),
    linuxConfiguration=ANYTHING,
    windowsConfiguration=ANYTHING,
    secrets=array(ANYTHING, default=[]),
    allowExtensionOperations=Field("boolean", default=True),
    requireGuestProvisionSignal=BOOLEAN,
)
_NETWORK_PROFILE = obj(
    required=True,
    networkApiVersion=STRING,
    networkInterfaceConfigurations=array(ANYTHING),
    networkInterfaces=array(
        obj(id=Field(required=True), properties=obj(primary=BOOLEAN, deleteOption=choice("Delete", "Detach")))
    ),
)
_STORAGE_PROFILE = obj(
    required=True,
    imageReference=obj(
        publisher=STRING,
        offer=STRING,
        sku=STRING,
        version=STRING,
        id=STRING,
        exactVersion=STRING,
        sharedGalleryImageId=STRING,
        communityGalleryImageId=STRING,
    ),
    osDisk=ANYTHING,
    dataDisks=array(ANYTHING, default=[]),
    diskControllerType=STRING,
)


def power_of(machine: Stored) -> str:
    """``running``, ``deallocated`` or ``stopped``."""
    return str(machine.hidden.get("power", RUNNING))


def _prepare(change: Change) -> None:
    interfaces = change.properties["networkProfile"].get("networkInterfaces", [])
    if not interfaces:
        raise errors.bad_request(
            "InvalidParameter", "A virtual machine must have at least one network interface (networkProfile)."
        )
    for interface in interfaces:
        _check_interface(change, interface)
    if change.existing is None and "osProfile" not in change.properties:
        raise errors.bad_request("InvalidParameter", "Required parameter 'osProfile' is missing (null).")
    if len(interfaces) > 1 and sum(bool(each.get("properties", {}).get("primary")) for each in interfaces) != 1:
        raise errors.bad_request(
            "InvalidParameter", "Exactly one of several network interfaces must be the primary one."
        )
    _check_computer_name(change.properties.get("osProfile", {}).get("computerName", change.id.name))
    _check_image(change)
    identity.prepare(change)
    change.properties.setdefault("vmId", str(uuid.uuid4()))
    change.properties.setdefault("timeCreated", iso(change.arm.world.clock.now()))
    change.stored.hidden.setdefault("power", RUNNING)


def _check_image(change: Change) -> None:
    """A machine is made from an image once and for all (pulumi/pulumi-azure-native issue 1117)."""
    if change.existing is None:
        return
    before, now = (_image(each.properties) for each in (change.existing, change.stored))
    if before != now:
        name = "imageReference.id" if before.get("id") != now.get("id") else "imageReference"
        raise errors.conflict("PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.")


def _image(properties: JsonObject) -> JsonObject:
    found: JsonObject = properties["storageProfile"].get("imageReference", {})
    return {name: value for name, value in found.items() if name != "exactVersion"}


def _check_computer_name(name: str) -> None:
    if len(name) > _LONGEST_COMPUTER_NAME or not _COMPUTER_NAME.fullmatch(name):
        raise errors.bad_request(
            "InvalidParameter",
            f"Linux host name cannot exceed {_LONGEST_COMPUTER_NAME} characters in length or contain other characters "
            f"than letters, digits, '-' and '.': computerName is {name!r}.",
        )


def _check_interface(change: Change, interface: JsonObject) -> None:
    parsed = ids.parse(interface["id"])
    found = change.arm.find(interface["id"]) if parsed and parsed.type.lower() == INTERFACE.lower() else None
    if found is None:
        raise errors.not_found(
            "NotFound",
            f"Resource {interface['id']} referenced by resource {change.stored.id} was not found.",
        )
    if found.location != change.stored.location:
        raise errors.bad_request(
            "InvalidParameter",
            f"Network interface {found.id} is in {found.location}, the virtual machine in {change.stored.location}.",
        )
    user = found.properties.get("virtualMachine", {}).get("id")
    if "private_endpoint" in found.hidden or (user is not None and not ids.same(user, change.stored.id)):
        raise errors.bad_request("NicInUse", f"Network interface {found.id} is used by another resource already.")
    action = f"{INTERFACE}/join/action"
    rbac.require_linked(change.arm.resources, change.caller, action, change.stored.id, found.id)
    interface["id"] = found.id


def _written(arm: Arm, stored: Stored) -> None:
    """Its interfaces know the machine; those that it no longer has forget it."""
    wanted = {each["id"].lower() for each in stored.properties["networkProfile"]["networkInterfaces"]}
    for interface in arm.resources.of_type(INTERFACE):
        mine = ids.same(interface.properties.get("virtualMachine", {}).get("id"), stored.id)
        if interface.id.lower() in wanted and not mine:
            interface.properties["virtualMachine"] = {"id": stored.id}
            interface.properties["primary"] = True
            arm.resources.put(interface)
        elif mine and interface.id.lower() not in wanted:
            interface.properties.pop("virtualMachine")
            arm.resources.put(interface)


def _deleted(arm: Arm, stored: Stored) -> None:
    identity.remove(arm, stored)
    for each in stored.properties["networkProfile"]["networkInterfaces"]:
        interface = arm.find(each["id"])
        if interface is None:
            continue
        interface.properties.pop("virtualMachine", None)
        if each.get("properties", {}).get("deleteOption") == "Delete":
            arm.resources.remove(interface.id)
        else:
            arm.resources.put(interface)


def _instance_view(arm_request: ArmRequest) -> Response:
    return json_response(_view(arm_request.arm, _machine(arm_request)))


def _view(arm: Arm, stored: Stored) -> JsonObject:
    power = power_of(stored)
    now = iso(arm.world.clock.now())
    return {
        "computerName": stored.properties.get("osProfile", {}).get("computerName", stored.name),
        "osName": "ubuntu",
        "osVersion": "24.04",
        "vmAgent": {
            "vmAgentVersion": "2.14.0.1",
            "statuses": [
                {
                    "code": "ProvisioningState/succeeded",
                    "level": "Info",
                    "displayStatus": "Ready",
                    "message": "Guest Agent is running",
                    "time": now,
                }
            ],
        },
        "hyperVGeneration": "V2",
        "statuses": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
                "time": now,
            },
            {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"},
        ],
    }


def _set_power(power: str) -> ArmRoute:
    action = {RUNNING: "start", _DEALLOCATED: "deallocate", _STOPPED: "powerOff"}[power]

    def handle(arm_request: ArmRequest) -> Response:
        stored = _machine(arm_request)
        stored.hidden["power"] = power
        arm = arm_request.arm
        arm.resources.put(stored)
        document = operations.start(arm, operations.WRITE, stored.id, _ACTING, api_version=arm_request.api_version)
        return Response(202, operations.headers(arm.world, arm_request.request, document))

    return ArmRoute("POST", f"{_PATH}/{action}", handle, api_versions.COMPUTE, f"{MACHINE}/{action}/action", _PATH)


def _machine(arm_request: ArmRequest) -> Stored:
    machine_id = arm_request.request.path.rpartition("/")[0]
    stored = arm_request.arm.find(machine_id)
    if stored is None:
        parsed = ids.parse(machine_id)
        raise errors.resource_not_found(parsed) if parsed else errors.not_found("NotFound", machine_id)
    return stored


_WRITE = LongRunning(
    figure="virtual_machine.create",
    update_figure="virtual_machine.update",
    state="Creating",
    update_state="Updating",
    statuses=f"{_LOCATION}/operations/{{operation}}",
    results=f"{_LOCATION}/operationResults/{{operation}}",
)
_ACTING = replace(_WRITE, figure="virtual_machine.update", poll=Poll.BOTH, status=202, body="none")
_PATH = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{machine}"

TYPES = (
    ResourceType(
        name=MACHINE,
        api_versions=api_versions.COMPUTE,
        properties={
            "hardwareProfile": obj(required=True, vmSize=Field(required=True), vmSizeProperties=ANYTHING),
            "storageProfile": _STORAGE_PROFILE,
            "osProfile": _OS_PROFILE,
            "networkProfile": _NETWORK_PROFILE,
            "securityProfile": ANYTHING,
            "diagnosticsProfile": ANYTHING,
            "additionalCapabilities": ANYTHING,
            "availabilitySet": REFERENCE,
            "proximityPlacementGroup": REFERENCE,
            "priority": STRING,
            "evictionPolicy": STRING,
            "licenseType": STRING,
            "userData": Field(write_only=True),
            "extensionsTimeBudget": STRING,
            "scheduledEventsProfile": ANYTHING,
            "instanceView": READ_ONLY,
            "provisioningState": READ_ONLY,
            "timeCreated": READ_ONLY,
            "vmId": READ_ONLY,
        },
        envelope={
            "identity": identity.IDENTITY,
            "zones": STRINGS,
            "plan": ANYTHING,
            "extendedLocation": ANYTHING,
            "resources": READ_ONLY,
            "managedBy": READ_ONLY,
        },
        name_pattern=r"[0-9A-Za-z]([0-9A-Za-z_.-]{0,62}[0-9A-Za-z_])?",
        write=_WRITE,
        delete=_ACTING,
        etag="weak",
        delete_rank=15,
        prepare=_prepare,
        written=_written,
        deleted=_deleted,
        expansions={"instanceView": _view},
        invalid_code="InvalidParameter",
    ),
)

ROUTES = (
    ArmRoute(
        "GET", f"{_PATH}/instanceView", _instance_view, api_versions.COMPUTE, f"{MACHINE}/instanceView/read", _PATH
    ),
    _set_power(RUNNING),
    _set_power(_DEALLOCATED),
    _set_power(_STOPPED),
)
