"""Who deploys, where somebody else previews."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pulumi
import pytest
from pulumi_azure_native import authorization

from components import surroundings
from components.surroundings import deployer
from config import Settings, parse
from data_plane.credentials import Principal, identity
from local_azure.stack import material
from tests.unit.components.recorder import dev

DEPLOYER = "5c0e9f43-27ab-4d18-9b6e-e1f3a8d2c704"
PREVIEWER = "b1c7d0a2-6f3e-4d59-8a14-92e0c5f7d836"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    material.make(tmp_path / ".local")
    return parse({**dev(), "managed-hsm:deployer": DEPLOYER}, tmp_path)


def signed_in(monkeypatch: pytest.MonkeyPatch, object_id: str, *, previewing: bool) -> None:
    client = SimpleNamespace(
        client_id="client", object_id=object_id, tenant_id="tenant", subscription_id="subscription"
    )
    monkeypatch.setattr(authorization, "get_client_config", lambda: client)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: previewing)


def test_in_a_preview_by_somebody_else_the_deployer_is_the_one_that_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(monkeypatch, PREVIEWER, previewing=True)
    assert deployer(settings, identity({}, {})).object_id == DEPLOYER


def test_a_default_chain_that_ends_at_two_principals_stops_the_preview(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(monkeypatch, DEPLOYER, previewing=True)
    own = SimpleNamespace(principal=lambda: Principal(PREVIEWER, "contoso-previewer"))
    monkeypatch.setattr(surroundings, "current", lambda: own)
    chain = identity({"useDefaultAzureCredential": "true"}, {})
    with pytest.raises(pulumi.RunError, match=f"^ARM_USE_DEFAULT_AZURE_CREDENTIAL: .*{PREVIEWER}.*{DEPLOYER}; set"):
        deployer(settings, chain)
    own.principal = lambda: Principal(DEPLOYER, "contoso-deployer")
    assert deployer(settings, chain).object_id == DEPLOYER


def test_the_deployer_that_is_named_deploys(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, DEPLOYER.upper(), previewing=False)
    assert deployer(settings, identity({}, {})).object_id == DEPLOYER.upper()


def test_nobody_else_deploys(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(monkeypatch, PREVIEWER, previewing=False)
    with pytest.raises(
        pulumi.RunError, match=f"^managed-hsm:deployer: {DEPLOYER} deploys this stack, but {PREVIEWER} is"
    ):
        deployer(settings, identity({}, {}))
