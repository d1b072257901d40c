"""Shapes that every service shares (common-types of the API descriptions)."""

from __future__ import annotations

from collections.abc import Mapping

SYSTEM_DATA: Mapping[str, str] = {
    "SystemData": "createdAt! createdBy! createdByType! lastModifiedAt! lastModifiedBy! lastModifiedByType!",
}
