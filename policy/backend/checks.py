"""Where the state is kept and what its secrets are encrypted with, held against what the stack itself makes.

Sources: "Managing state and backends" and "Managing secrets with Pulumi" (Pulumi documentation): the backend is
``PULUMI_BACKEND_URL``, else the project's ``backend.url``; ``azblob://CONTAINER?storage_account=ACCOUNT``, or the
account in ``AZURE_STORAGE_ACCOUNT``; the secrets provider is the stack file's ``secretsprovider``, such as
``azurekeyvault://VAULT.vault.azure.net/keys/KEY``; a stack file with an ``encryptionsalt`` has a passphrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_POOLS: Final = (".managedhsm.azure.net", ".managedhsm.usgovcloudapi.net", ".managedhsm.azure.cn")
_NAMESPACE: Final = "managed-hsm:"


@dataclass(frozen=True)
class Kept:
    """Where a stack's state and secrets are."""

    backend: str
    """URL; empty where nothing says which."""
    secrets_provider: str
    """URL; empty where there is none, and the backend's default holds."""
    has_passphrase: bool
    account: str
    """The storage account, in lower case; empty where it is none, or not known."""

    @property
    def container(self) -> str:
        """The container in that account."""
        return urlsplit(self.backend).netloc if self.account else ""

    @property
    def is_cloud(self) -> bool:
        """Whether it is Pulumi Cloud, which keeps the secrets' key too."""
        return self.backend.startswith(("https://", "http://"))

    @property
    def key_host(self) -> str:
        """The host of the key that encrypts secrets; empty where it is none of Azure's."""
        url = urlsplit(self.secrets_provider)
        return (url.hostname or "").lower() if url.scheme == "azurekeyvault" else ""


def kept(project: Mapping[str, Any], stack: Mapping[str, Any], environment: Mapping[str, str]) -> Kept:
    """Reads it from the project's file, the stack's file and the environment."""
    backend = environment.get("PULUMI_BACKEND_URL") or str((project.get("backend") or {}).get("url") or "")
    url = urlsplit(backend)
    named = parse_qs(url.query).get("storage_account", [""])[0] or environment.get("AZURE_STORAGE_ACCOUNT", "")
    account = named.lower() if url.scheme == "azblob" else ""
    return Kept(backend, str(stack.get("secretsprovider") or ""), bool(stack.get("encryptionsalt")), account)


def problems(found: Kept, config: Mapping[str, Any]) -> list[str]:
    """What is wrong, a line each, for a stack with this configuration (``managed-hsm:…`` and what it says)."""
    return [*_backend(found, config), *_secrets(found, config)]


def _backend(found: Kept, config: Mapping[str, Any]) -> Iterator[str]:
    scheme = urlsplit(found.backend).scheme
    if not found.backend:
        yield "no backend is named: set PULUMI_BACKEND_URL (azblob://CONTAINER?storage_account=ACCOUNT, Pulumi Cloud)"
    elif scheme == "file":
        yield f"{found.backend}: the state is on one machine's disk; pipelines share azblob:// or Pulumi Cloud"
    elif scheme == "azblob" and not found.account:
        yield f"{found.backend}: names no storage account: add ?storage_account=ACCOUNT, or set AZURE_STORAGE_ACCOUNT"
    elif found.account and found.account in own_accounts(config):
        yield (
            f"{found.backend}: the stack itself makes or manages the account {found.account}: a destroy would take the"
            " state along; keep it in an account of its own"
        )


def _secrets(found: Kept, config: Mapping[str, Any]) -> Iterator[str]:
    if found.has_passphrase:
        yield (
            "the stack's secrets are encrypted with a passphrase, which a pipeline would have to store: pulumi stack"
            " change-secrets-provider azurekeyvault://VAULT.vault.azure.net/keys/KEY"
        )
    elif not found.secrets_provider and not found.is_cloud:
        yield "no secrets provider is named: pulumi stack init --secrets-provider azurekeyvault://…"
    host = found.key_host
    name = host.split(".")[0]
    if host.endswith(_POOLS) and name == _name(config, "hsm"):
        yield (
            f"{found.secrets_provider}: the key lies in the very pool that the stack describes: with the pool the state"
            " would be lost that could bring it back; use a vault, or another pool"
        )
    elif host and not host.endswith(_POOLS) and name == _name(config, "vault"):
        yield (
            f"{found.secrets_provider}: the stack itself makes the vault {name}: a destroy would take the key along;"
            " use another vault"
        )


def pool_name(config: Mapping[str, Any]) -> str:
    """The name of the pool that the stack describes, in lower case; empty where it names none."""
    return _name(config, "hsm")


def _name(config: Mapping[str, Any], section: str) -> str:
    """The name of the pool or the vault, in lower case; a pool of another stack's is named by its id."""
    found = _section(config, section)
    return str(found.get("name") or str(found.get("existing") or "").rpartition("/")[2]).lower()


def own_accounts(config: Mapping[str, Any]) -> set[str]:
    """Names of storage accounts that the stack's configuration names as its own, anywhere in it."""
    found = set[str]()
    for section in ("storage", "diagnostics", "backup", "securityDomain"):
        found |= set(_accounts(_section(config, section), section))
    return found


def _accounts(value: Any, name: str) -> Iterator[str]:
    """Names under ``storage``, and the accounts of blob addresses."""
    if isinstance(value, Mapping):
        if name == "storage" and isinstance(value.get("name"), str):
            yield value["name"].lower()
        for key, each in value.items():
            yield from _accounts(each, str(key))
    elif isinstance(value, list):
        for each in value:
            yield from _accounts(each, name)
    elif isinstance(value, str) and value.startswith("https://") and ".blob." in value:
        yield (urlsplit(value).hostname or "").split(".")[0].lower()


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(f"{_NAMESPACE}{name}")
    return found if isinstance(found, Mapping) else {}
