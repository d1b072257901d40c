import json
from pathlib import Path

from local_azure.engine.language_host.packages import program_dependencies, required_packages


def sdk(directory: Path, package: str, content: dict[str, object]) -> None:
    (directory / package).mkdir(parents=True)
    (directory / package / "pulumi-plugin.json").write_text(json.dumps(content))


def test_the_providers_of_installed_sdks_are_reported_with_their_versions(tmp_path: Path) -> None:
    sdk(tmp_path, "pulumi_azure_native", {"resource": True, "name": "azure-native", "version": "3.29.0"})
    (found,) = required_packages([str(tmp_path)])
    assert (found.name, found.kind, found.version, found.server) == ("azure-native", "resource", "3.29.0", "")


def test_a_provider_from_elsewhere_is_reported_with_its_server(tmp_path: Path) -> None:
    sdk(tmp_path, "pulumi_x", {"resource": True, "name": "x", "version": "1.0.0", "server": "https://contoso.example"})
    (found,) = required_packages([str(tmp_path)])
    assert found.server == "https://contoso.example"


def test_a_provider_without_a_name_is_named_after_its_package(tmp_path: Path) -> None:
    sdk(tmp_path, "pulumi_azure_native", {"resource": True})
    (found,) = required_packages([str(tmp_path)])
    assert found.name == "azure-native"


def test_a_package_that_has_no_provider_is_not_reported(tmp_path: Path) -> None:
    sdk(tmp_path, "pulumi_policy", {"resource": False, "name": "policy"})
    assert list(required_packages([str(tmp_path), str(tmp_path / "missing"), ""])) == []


def test_direct_dependencies_leave_out_what_others_require() -> None:
    direct, everything = program_dependencies(transitive=False), program_dependencies(transitive=True)
    assert set(direct) < set(everything)
    names = {name.lower() for name, _ in direct}
    assert "msal" not in names
    assert "msal" in {name.lower() for name, _ in everything}
    assert "azure-identity" in names
