"""One local Azure as the command line sees it: where it lives, where it listens, what its clients are told.

Standard library only: ``exec`` and ``env`` must cost nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_azure.engine.errors import EngineNotFound
from local_azure.engine.locate import engine
from local_azure.server.process import read_record

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8741
PASSPHRASE = "local-azure"  # noqa: S105 - known to everybody: it protects nothing, see below
"""What the engine encrypts the secrets of a stack with.

The same everywhere and published here, so that a committed ``encryptionsalt`` fits; a stack on the local Azure holds
no secret that is worth one.
"""

_NO_PROXY = "127.0.0.1,localhost,::1"
_ELSEWHERE = ("AZURE_", "ARM_")
"""Inherited variables with these beginnings name another tenant, credential or cloud."""
_HARMLESS = ("AZURE_CORE_", "AZURE_LOG_LEVEL", "AZURE_LOGGING_")
_ELSEWHERE_TOO = frozenset(
    (
        "ALL_PROXY",
        "all_proxy",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "IDENTITY_SERVER_THUMBPRINT",
        "IMDS_ENDPOINT",
        "MSI_ENDPOINT",
        "MSI_SECRET",
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_API",
        "PULUMI_CONFIG_PASSPHRASE_FILE",
    )
)


class BadSetting(Exception):
    """A port that is no port; one line, for the user."""


@dataclass(frozen=True)
class Instance:
    """One local Azure, running or not."""

    home: Path
    port: int

    @classmethod
    def from_environment(cls, home: str | Path | None = None, port: int | str | None = None) -> Instance:
        """The instance that the arguments name, else LOCAL_AZURE_HOME and LOCAL_AZURE_PORT, else the default.

        Without a port it is the one that this home was last started with. Raises BadSetting.
        """
        directory = Path(home or os.environ.get("LOCAL_AZURE_HOME") or REPOSITORY / ".local" / "azure").expanduser()
        directory = directory.absolute()
        text = port if port is not None else os.environ.get("LOCAL_AZURE_PORT") or None
        if text is None:
            record = read_record(directory)
            return cls(directory, DEFAULT_PORT if record is None else record.port)
        return cls(directory, parse_port(text))

    @property
    def ca_bundle(self) -> Path:
        """PEM file with the certificate of the authority, the only one that clients need to trust."""
        return self.home / "ca.pem"

    @property
    def request_log(self) -> Path:
        """JSON lines, one a request."""
        return self.home / "requests.jsonl"

    @property
    def daemon_log(self) -> Path:
        """What the daemon itself has to complain about."""
        return self.home / "daemon.log"

    @property
    def pulumi_home(self) -> Path:
        """PULUMI_HOME: plugins, workspaces and credentials of this instance's engine."""
        return self.home / "pulumi"

    @property
    def pulumi_backend(self) -> Path:
        """Where the engine keeps the stacks of this instance, which belong to its resources and to no others."""
        return self.home / "stacks"

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """``base`` made to lead into this local Azure and nowhere else.

        The instance must have been started once. Raises FileNotFoundError where it was not.
        """
        set_to, removed = self.variables(base)
        return {**{name: value for name, value in base.items() if name not in removed}, **set_to}

    def variables(self, base: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """All that :meth:`environment` sets, and the names in ``base`` that it takes out."""
        set_to = {**self._network(), **self._credentials(), **self._engine(), "PATH": self._path(base)}
        return set_to, sorted(name for name in base if _leads_elsewhere(name) and name not in set_to)

    def _network(self) -> dict[str, str]:
        proxy, bundle = f"http://127.0.0.1:{self.port}", str(self.ca_bundle)
        values = {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": _NO_PROXY}
        return {
            **values,
            **{name.lower(): value for name, value in values.items()},
            "REQUESTS_CA_BUNDLE": bundle,
            "SSL_CERT_FILE": bundle,
            "CURL_CA_BUNDLE": bundle,
        }

    def _credentials(self) -> dict[str, str]:
        # Imported here: these are the constants of the directory and of the world, which pull in the whole of SQLite.
        from local_azure.core.world import SUBSCRIPTION_ID, TENANT_ID
        from local_azure.entra.directory import DEPLOYER_CLIENT_ID

        secret = (self.home / "deployer-secret").read_text()
        return {
            "AZURE_TENANT_ID": TENANT_ID,
            "AZURE_CLIENT_ID": DEPLOYER_CLIENT_ID,
            "AZURE_CLIENT_SECRET": secret,
            "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
            "AZURE_CONFIG_DIR": str(self.home / "azure-cli"),
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "ARM_TENANT_ID": TENANT_ID,
            "ARM_CLIENT_ID": DEPLOYER_CLIENT_ID,
            "ARM_CLIENT_SECRET": secret,
            "ARM_SUBSCRIPTION_ID": SUBSCRIPTION_ID,
            "ARM_METADATA_HOSTNAME": "management.azure.com",
        }

    def _engine(self) -> dict[str, str]:
        return {
            "LOCAL_AZURE_HOME": str(self.home),
            "LOCAL_AZURE_PORT": str(self.port),
            "PULUMI_HOME": str(self.pulumi_home),
            "PULUMI_BACKEND_URL": f"file://{self.pulumi_backend}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def _path(self, base: Mapping[str, str]) -> str:
        environment = REPOSITORY / ".venv" / "bin"
        first = [str(environment if environment.is_dir() else Path(sys.executable).parent), *_engine_directory()]
        rest = base.get("PATH", os.defpath).split(os.pathsep)
        return os.pathsep.join([*first, *(each for each in rest if each not in first)])


def parse_port(text: int | str) -> int:
    """A TCP port. Raises BadSetting."""
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise BadSetting(f"The port {text!r} is none: give a number from 1 to 65535 (--port or LOCAL_AZURE_PORT).")
    return port


def _engine_directory() -> list[str]:
    """The engine's directory, unless PATH finds it anyway or there is none: the other clients need none."""
    try:
        found = engine()
    except EngineNotFound:
        return []
    return [] if found.origin == "path" else [str(found.bin_directory)]


def _leads_elsewhere(name: str) -> bool:
    return name in _ELSEWHERE_TOO or (name.startswith(_ELSEWHERE) and not name.startswith(_HARMLESS))
