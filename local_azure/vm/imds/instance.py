"""What a machine is told of itself: ``GET /metadata/instance`` ("Azure Instance Metadata Service")."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Any

from local_azure.arm import ids
from local_azure.arm.resources import Resources, Stored
from local_azure.core.http import JsonObject, Request, Response, json_response
from local_azure.core.world import World
from local_azure.vm import place
from local_azure.vm.imds.errors import MetadataError

VERSIONS = (
    "2017-03-01",
    "2017-04-02",
    "2017-08-01",
    "2017-10-01",
    "2017-12-01",
    "2018-02-01",
    "2018-04-02",
    "2018-10-01",
    "2019-02-01",
    "2019-03-11",
    "2019-04-30",
    "2019-06-01",
    "2019-06-04",
    "2019-08-01",
    "2019-08-15",
    "2019-11-01",
    "2020-06-01",
    "2020-07-15",
    "2020-09-01",
    "2020-10-01",
    "2020-12-01",
    "2021-01-01",
    "2021-02-01",
    "2021-03-01",
    "2021-05-01",
    "2021-10-01",
    "2021-11-01",
    "2021-11-15",
    "2021-12-13",
    "2023-07-01",
    "2023-11-15",
    "2024-07-17",
    "2025-04-07",
)
_ROOT = "/metadata/instance"


def versions(request: Request) -> Response:
    """Every api-version; the only question that needs none."""
    del request
    return json_response({"apiVersions": list(VERSIONS)})


def instance(world: World, machine: Stored, request: Request) -> Response:
    """The whole document, or the part of it that the path names."""
    version = request.query.get("api-version")
    newest: dict[str, Any] = {"newest-versions": list(VERSIONS[:-4:-1])}
    if version is None:
        message = "Bad request. api-version was not specified in the request. For more information refer to "
        raise MetadataError(400, "BadRequest", f"{message}aka.ms/azureimds", **newest)
    if version not in VERSIONS:
        message = "Bad request. api-version is invalid or was not specified in the request. For more information refer "
        raise MetadataError(400, "BadRequest", f"{message}to aka.ms/azureimds", **newest)
    found: Any = {"compute": _compute(machine), "network": {"interface": _interfaces(world, machine)}}
    for segment in request.path.removeprefix(_ROOT).strip("/").split("/"):
        if segment:
            found = _part(found, segment)
    return _shown(found, request.query.get("format", "json").lower())


def _part(document: Any, segment: str) -> Any:
    if isinstance(document, dict) and segment in document:
        return document[segment]
    if isinstance(document, list) and segment.isdecimal() and int(segment) < len(document):
        return document[int(segment)]
    raise MetadataError(404, "NotFound", "Not found")


def _shown(found: Any, form: str) -> Response:
    if isinstance(found, dict | list):
        if form == "text":
            keys = found.keys() if isinstance(found, dict) else range(len(found))
            lines = "\n".join(f"{key}/" for key in keys)
            return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, lines.encode())
        return json_response(found)
    if form != "text":
        raise MetadataError(
            400, "BadRequest", "Bad request. The requested leaf is text: add the query parameter format=text."
        )
    text = found if isinstance(found, str) else json.dumps(found)
    return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, text.encode())


def _compute(machine: Stored) -> JsonObject:
    properties = machine.properties
    image = properties.get("storageProfile", {}).get("imageReference", {})
    tags = machine.resource.get("tags", {})
    profile = properties.get("osProfile", {})
    return {
        "azEnvironment": "AzurePublicCloud",
        "location": machine.location,
        "name": machine.name,
        "offer": image.get("offer", ""),
        "osProfile": {
            "adminUsername": profile.get("adminUsername", ""),
            "computerName": profile.get("computerName", machine.name),
            "disablePasswordAuthentication": str(
                profile.get("linuxConfiguration", {}).get("disablePasswordAuthentication", False)
            ).lower(),
        },
        "osType": "Linux",
        "provider": "Microsoft.Compute",
        "publisher": image.get("publisher", ""),
        "resourceGroupName": ids.group_of(machine.id),
        "resourceId": machine.id,
        "securityProfile": {"securityType": properties.get("securityProfile", {}).get("securityType", "")},
        "sku": image.get("sku", ""),
        "subscriptionId": ids.subscription_of(machine.id),
        "tags": ";".join(f"{name}:{value}" for name, value in tags.items()),
        "tagsList": [{"name": name, "value": value} for name, value in tags.items()],
        "version": image.get("version", ""),
        "vmId": properties["vmId"],
        "vmScaleSetName": "",
        "vmSize": properties["hardwareProfile"]["vmSize"],
        "zone": "".join(machine.resource.get("zones", [])[:1]),
    }


def _interfaces(world: World, machine: Stored) -> list[JsonObject]:
    """Each IP configuration as an interface with one address; the link-layer address is of Microsoft's range."""
    found = []
    for number, configuration in enumerate(place.configurations(world, machine)):
        found.append(
            {
                "ipv4": {
                    "ipAddress": [{"privateIpAddress": configuration["privateIPAddress"], "publicIpAddress": ""}],
                    "subnet": [_subnet(world, configuration["subnet"]["id"])],
                },
                "ipv6": {"ipAddress": []},
                "macAddress": f"000D3A{number:06X}",
            }
        )
    return found


def _subnet(world: World, subnet_id: str) -> JsonObject:
    subnet = Resources(world).find(subnet_id)
    properties = subnet.properties if subnet is not None else {}
    prefix = IPv4Network(properties.get("addressPrefix") or properties["addressPrefixes"][0])
    return {"address": str(prefix.network_address), "prefix": str(prefix.prefixlen)}
