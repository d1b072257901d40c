"""Previews that the real engine made of a real stack, one for each change, and the changes themselves.

``python -m tests.record_previews`` makes the recording anew; tests/integration/test_preview_gate.py holds it to what
the engine says today.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import yaml

from local_azure.instance import REPOSITORY

RECORDING: Final = Path(__file__).parent / "recorded" / "previews.json"
OTHERS: Final = "1f9a7c3e-6b50-4d28-9e84-c2d5a0b716f3"
"""Object id of a group of administrators."""
Config = dict[str, Any]
Edit = Callable[[Config], None]


def base() -> Config:
    """The walkthrough, with something of everything that can be endangered."""
    config: Config = yaml.safe_load((REPOSITORY / "Pulumi.dev.yaml").read_text())["config"]
    config["managed-hsm:hsm"]["onDestroy"] = "softDelete"
    config["managed-hsm:securityDomain"]["quorum"] = 3
    config["managed-hsm:roleAssignments"].append(
        {"role": "Managed HSM Administrator", "principal": {"objectId": OTHERS}, "scope": "/"}
    )
    config["managed-hsm:keys"] |= {
        "oldkey": {"type": "EC-HSM", "curve": "P-384"},
        "purgedkey": {"type": "EC-HSM", "curve": "P-256", "onRemove": "purge"},
        "forgottenkey": {"type": "EC-HSM", "curve": "P-256", "onRemove": "retain"},
    }
    config["managed-hsm:diagnostics"] = {"storage": {"name": "contosohsmlogs"}}
    return config


def _hsm(**changes: Any) -> Edit:
    return lambda config: config["managed-hsm:hsm"].update(changes)


def _firewall(**changes: Any) -> Edit:
    return lambda config: config["managed-hsm:hsm"]["firewall"].update(changes)


def _custody(**changes: Any) -> Edit:
    return lambda config: config["managed-hsm:securityDomain"].update({"reissue": "az400popMHSM", **changes})


def _key(name: str, **changes: Any) -> Edit:
    return lambda config: config["managed-hsm:keys"].setdefault(name, {}).update(changes)


def _no_key(name: str) -> Edit:
    return lambda config: config["managed-hsm:keys"].pop(name)


def _role(role: str, scope: str) -> Edit:
    assignment = {"role": f"Managed HSM {role}", "principal": {"objectId": OTHERS}, "scope": scope}
    return lambda config: config["managed-hsm:roleAssignments"].append(assignment)


def _scope(number: int, scope: str) -> Edit:
    return lambda config: config["managed-hsm:roleAssignments"][number].update(scope=scope)


def _no_role(number: int) -> Edit:
    return lambda config: config["managed-hsm:roleAssignments"].pop(number)


def _section(name: str, value: Any) -> Edit:
    return lambda config: config.update({f"managed-hsm:{name}": value})


def _network(**changes: Any) -> Edit:
    def edit(config: Config) -> None:
        config["managed-hsm:network"].update(changes)
        config["managed-hsm:proof"] = {"run": False}

    return edit


def _secret(config: Config) -> None:
    """Another value, encrypted with the local Azure's passphrase as well: the stack's own ``encryptionsalt`` fits."""
    config["managed-hsm:vault"]["secrets"]["othersecret"] = config["managed-hsm:vault"]["secrets"]["contososecret"]


_FOUR = [{"name": "custodian-4", "certificate": ".local/custodians/cert_3.cer"}]

EDITS: Final[dict[str, Edit]] = {
    "nothing": lambda _config: None,
    # Dangers, by what the issue calls them.
    "the pool is replaced": _hsm(name="az400other"),
    "a destroy purges from now on": _hsm(onDestroy="purge"),
    "a lower quorum": _custody(quorum=2),
    "other custodians": lambda config: (
        _custody()(config),
        config["managed-hsm:securityDomain"]["custodians"].__setitem__(2, _FOUR[0]),
    )[0],
    "the activation is touched": _custody(),
    "a key is deleted": _no_key("oldkey"),
    "a key is abandoned": _no_key("forgottenkey"),
    "a key is purged": _no_key("purgedkey"),
    "a key is replaced": _key("purgedkey", curve="P-384"),
    "a key will be purged": _key("oldkey", onRemove="purge"),
    "a key is disabled": _key("oldkey", enabled=False),
    "a key is used for more": _key("myrsakey", operations=["wrapKey", "unwrapKey", "sign"]),
    "a role is widened": _scope(0, "/"),
    "a wide role is given": _role("Crypto Officer", "/"),
    "an administrator too many": lambda config: config["managed-hsm:roleAssignments"].append(
        {"role": "Managed HSM Administrator", "principal": "deployer", "scope": "/"}
    ),
    "a role is removed": _no_role(1),
    "a role is narrowed": _scope(0, "/keys/myrsakey"),
    "the last administrator is gone": _no_role(3),
    "the firewall is opened": _firewall(defaultAction="Allow", ipRules=[]),
    "the firewall lets in a part of the internet": _firewall(ipRules=["64.0.0.0/4"]),
    "the firewall lets in another address": _firewall(ipRules=["203.0.113.10", "198.51.100.0/24"]),
    "the private endpoint is removed": _network(privateEndpoints=[]),
    "the private name is removed": _network(dns="external"),
    "diagnostics are switched off": lambda config: config.pop("managed-hsm:diagnostics"),
    "the vault is removed": lambda config: config.pop("managed-hsm:vault"),
    "the proof is switched off": _section("proof", {"run": False}),
    # What lies near each of them, and is harmless.
    "the pool gets a tag": _hsm(tags={"owner": "crypto"}),
    "a key is added": _key("newkey", type="RSA-HSM", size=3072),
    "a key gets a tag": _key("oldkey", tags={"owner": "crypto"}),
    "a purged key is kept softly": _key("purgedkey", onRemove="softDelete"),
    "a role at one key is given": _role("Crypto User", "/keys/oldkey"),
    "an auditor is added": _role("Crypto Auditor", "/"),
    "the firewall is closed": _firewall(bypass="None"),
    "a private endpoint is added": lambda config: config["managed-hsm:vault"].update(
        privateEndpoints=[{"name": "contosomivault-endpoint"}]
    ),
    "logs go to another place too": _section(
        "diagnostics", {"storage": {"name": "contosohsmlogs"}, "logAnalytics": {"name": "contosohsm"}}
    ),
    "the proof is run again": _section("proof", {"again": "today"}),
    "a secret is added": _secret,
    # What the program itself refuses.
    "the quorum without the ceremony": lambda config: config["managed-hsm:securityDomain"].update(quorum=2),
}
"""By what happens."""


def edited(name: str) -> Config:
    """The configuration after one of the changes."""
    config = copy.deepcopy(base())
    EDITS[name](config)
    return config


def recorded(name: str) -> dict[str, Any]:
    """What the engine printed of that change."""
    recording = json.loads(RECORDING.read_text())
    found = {**recording["previews"][name]["head"], "steps": recording["previews"][name]["steps"]}
    changed = {step["urn"] for step in found["steps"]}
    same = [step for step in recording["same"] if step["urn"] not in changed]
    return {**found, "steps": [*found["steps"], *(same if found.get("changeSummary", {}).get("same") else [])]}
