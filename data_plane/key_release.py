"""Release policies: the attestation under which an exportable key leaves the HSM (secure key release).

Source: documentation "Azure Key Vault secure key release policy grammar"; ``KeyReleasePolicy`` of azure-keyvault-keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReleasePolicy:
    """A policy in a form in which two that say the same are equal."""

    text: str
    """JSON with sorted members and no spaces."""
    immutable: bool = False
    """Whether it can never be changed again."""


def canonical(policy: Mapping[str, Any]) -> str:
    """The policy as JSON with sorted members and no spaces."""
    return json.dumps(policy, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def policy_of(found: Any) -> ReleasePolicy | None:
    """The SDK's policy as ours; None for a key that has none."""
    if found is None or not found.encoded_policy:
        return None
    return ReleasePolicy(canonical(json.loads(found.encoded_policy)), bool(found.immutable))


def for_request(policy: ReleasePolicy | None) -> Any:
    """Our policy as the SDK's."""
    from azure.keyvault.keys import KeyReleasePolicy

    return None if policy is None else KeyReleasePolicy(policy.text.encode(), immutable=policy.immutable)
