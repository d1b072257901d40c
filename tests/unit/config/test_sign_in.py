from __future__ import annotations

import pulumi
import pytest

import config


def test_the_stacks_azure_native_settings_say_who_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    given = {"azure-native:clientId": "c", "azure-native:clientSecret": "s", "azure-native:location": "eastus2"}
    pulumi.runtime.set_all_config({**given, "managed-hsm:environment": "dev"}, ["azure-native:clientSecret"])
    try:
        assert config.azure_native() == {"clientId": "c", "clientSecret": "s"}
    finally:
        pulumi.runtime.set_all_config({}, [])
