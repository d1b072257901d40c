"""The workload's machines and identities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy.gate.rules.kind import TAGS, Kind, changed, says

_GOES: Final = says("workload-changed")

KINDS: Final[Mapping[str, Kind]] = {
    "azure-native:compute:VirtualMachine": Kind(
        "virtual machine",
        says("new"),
        _GOES,
        _GOES,
        {
            **TAGS,
            "identity": changed("workload-changed"),
            "hardwareProfile": changed("changed"),
            "osProfile": changed("workload-changed"),
            "storageProfile": changed("workload-changed"),
            "networkProfile": changed("workload-changed"),
            "securityProfile": changed("workload-changed"),
        },
    ),
    "azure-native:managedidentity:UserAssignedIdentity": Kind("identity", says("new"), _GOES, _GOES, TAGS),
}
