"""What keys the service makes and takes: sizes by type, and curves by their two names.

Source: "About keys" of Managed HSM; curve names: JsonWebKeyCurveName (API description 7.6) and SEC 2, version 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SIZES: Final[Mapping[str, tuple[int, ...]]] = {"RSA-HSM": (2048, 3072, 4096), "EC-HSM": (), "oct-HSM": (128, 192, 256)}
"""Bits by key type; an elliptic key has a curve instead."""

CURVES: Final[Mapping[str, str]] = {
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
    "secp256k1": "P-256K",
}
"""The service's name of each curve by its name in SEC 2, which certificates and PEM readers have."""
