"""Resources of azure-native without the SDK's module of their service.

Importing one costs 0.1 to 0.3 s in every preview, for classes that only hand these inputs on. What a resource is given
here has the names of azure-native's schema; a test compares them with the SDK's classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_azure_native import _utilities


class NativeResource(pulumi.CustomResource):
    """One resource, by its token (``monitor:DiagnosticSetting``). Of what Azure answers, only its id is read."""

    def __init__(self, token: str, name: str, inputs: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """``inputs`` by the names of the schema (``storageAccountId``), those that are None left out."""
        defaults = _utilities.get_resource_opts_defaults()
        super().__init__(
            f"azure-native:{token}",
            name,
            {key: value for key, value in inputs.items() if value is not None},
            pulumi.ResourceOptions.merge(defaults, opts),
        )
