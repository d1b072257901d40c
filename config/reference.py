"""The reference of the configuration, made from the models: ``python -m config.reference > docs/configuration.md``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from config import catalogue, defaults
from config.catalogue import ANY, Node
from config.fields import Section

_INTRODUCTION = """\
# Configuration

A stack is described by its file `Pulumi.<stack>.yaml`. [`Pulumi.dev.yaml`](../Pulumi.dev.yaml) is a rehearsal that
runs anywhere, [`Pulumi.prod.yaml`](../Pulumi.prod.yaml) a hardened example. The tables below are made from the
program's own models (`python -m config.reference > docs/configuration.md`) and name every key there is.

- **Every mistake is told before anything is done**, all of them at once, a line each: the key, the value, and what is
  accepted. An unknown key is a mistake, too.
- **`environment`** decides what is allowed. `dev` fills in what is convenient and allows what a rehearsal needs:
  `deployer` as initial administrator, `onDestroy: purge`, `rehearsal: true`. `prod` allows none of these, and wants
  retention, purge protection, initial administrators, the whole firewall and the custodians said. *What* they say is
  for the stack's owner and the policies to decide.
- **Paths** are relative to the project's directory.
- **Numbers, booleans, dates** may be written as text. A date begins at 0:00 UTC; the engine rewrites a date without
  quotes into a longer form, which means the same.
- **Secrets** have no place in the configuration except in `vault.secrets` and `importPassphrases`, there as Pulumi
  secrets only: a value that the stack's file has in plain text is refused, also beside others that are secret. What
  the engine knows as a secret is never shown in a message. But the engine's own log of the highest verbosity
  (`--logtostderr -v=9`) has secrets of the configuration in plain text, as it hands them to its providers: guard such a
  log, or keep passphrases in the environment (`passphraseVariable`).
- **An empty section** is one that is not set.

## Files that the configuration names
A custodian's certificate is one public RSA certificate of 2048 bits or more, PEM or DER; expired ones are fine, as the
service takes them. Outside of a rehearsal no private key of a custodian may lie where the program runs: every file in
the directories of the certificates is looked at. A key that can be read is compared with all certificates; one that
cannot (encrypted, or a `.pfx`, `.p12` or `.key` file) counts if it is named like a certificate.

The security domain's files lie outside of the project or below `.local/`, which is never committed.

A key to import is a file with one RSA or EC private key, in PEM (certificates in the same file do not matter) or DER,
as PKCS #8 or in the older forms; or with the 16, 24 or 32 bytes of a symmetric key; or a key transfer blob of the tool
of another HSM's maker, named `.byok`. A passphrase is a Pulumi secret
(`pulumi config set --secret --path 'managed-hsm:importPassphrases.NAME'`) or stands in the environment
(`passphraseVariable`). The key never reaches the state; of a Pulumi secret the engine keeps the encrypted form there,
of a variable nothing.

## Scopes and names
A role may be written without `Managed HSM ` at its beginning, or as its GUID. `/keys/<name>` needs a key of the same
stack.

## Identities
`{vm: {}}` is a virtual machine and its system-assigned identity, which is made with the machine and gone with it: a
machine that is made anew has another principal, and its roles follow. `{userAssigned: true}` is an identity that is
made apart: it can have roles before any machine has it, several machines can have it (`vms`), and it outlives them.
`{id: …}` is a user-assigned identity that somebody else owns: it is given roles and attached, and never changed or
deleted. One machine may have several identities, its own and such that name it; a program on it then says in its
token request by `client_id` which one it means (the stack's output `clientIds`).

## The vault
`pulumi config set --secret --path 'managed-hsm:vault.secrets.NAME'` asks for a value and writes it encrypted. Secrets
are written through ARM, which is not behind the vault's firewall and needs no permission in the vault. A changed value
is a new version. A secret that is taken out of the configuration is deleted through the vault itself (ARM has no such
operation): for that the deployer needs the permission `delete`, or the role Key Vault Secrets Officer, and a way
through the firewall. It stays recoverable, and holds its name, until the retention has passed or somebody purges it
(`az keyvault secret purge`). A destroy of the whole stack needs none of this.

Roles are given as role assignments in ARM: the deployer needs `Microsoft.Authorization/roleAssignments/write`.
"""
_LOCATION = {
    "access.exclusive": "`false`",
    "roleDefinitions[].name": "the preset's; without one required",
    "roleDefinitions[].description": "the preset's, or nothing",
    "roleDefinitions[].dataActions": "the preset's; without one required",
    "network.location": "the stack's region",
    "keys.<name>.operations": "all that the type can do",
    "network.privateEndpoints[].connection": "the endpoint's name",
    "vault.onDestroy": "as the pool",
    "vault.privateEndpoints[].connection": "the endpoint's name",
    "identities.<name>.vm.subnet": "the subnet of `network`",
    "identities.<name>.vm.location": "the region of `network`",
    "identities.<name>.vmSettings.subnet": "the subnet of `network`",
    "identities.<name>.vmSettings.location": "the region of `network`",
}
_OF_ONE_FORM = ("existing", "path", "blob", "id", "link", "zoneId", "vm", "userAssigned")
_IN_DEV = {"hsm": defaults.DEV_POOL, "vault": defaults.DEV_VAULT}


def reference() -> str:
    """The whole page, in Markdown."""
    parts = [_INTRODUCTION, "## Every key", *_table({"": catalogue.root()})]
    for name, node in catalogue.root().children.items():
        if node.children:
            parts += [f"\n### {name}", *_table({_entry(name, node): node})]
    return "\n".join(parts) + "\n"


def documented_paths() -> list[str]:
    """Every key that the reference names."""
    return [path for path, _ in _rows("", catalogue.root(), deep=True)]


def _table(roots: dict[str, Node]) -> Iterator[str]:
    yield "| key | meaning | accepts | if left out | example |"
    yield "|---|---|---|---|---|"
    for prefix, root in roots.items():
        for path, node in dict(_rows(prefix, root, deep=bool(prefix))).items():
            meaning = (node.info.description if node.info else "") or ""
            left_out = _left_out(path, node)
            cells = (f"`{path}`", meaning, _plain(node.accepted), left_out, f"`{_shown(node.example)}`")
            yield f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\<>*_|])", r"\\\1", text)


def _rows(prefix: str, root: Node, *, deep: bool) -> Iterator[tuple[str, Node]]:
    for step, node in root.children.items():
        if catalogue.is_form(step) or step == ANY:
            yield from _rows(prefix, node, deep=deep)
            continue
        path = f"{prefix}.{step}" if prefix else step
        if node.accepted:
            yield path, node
        if deep and not path.endswith(".principal"):
            yield from _rows(_entry(path, node), node, deep=True)


def _entry(path: str, node: Node) -> str:
    """The path of what lies in a key: with its entries' brackets or names where it has entries."""
    if ANY not in node.children or not node.children[ANY].children:
        return path
    return f"{path}[]" if isinstance(node.example, list) else f"{path}.<name>"


def _left_out(path: str, node: Node) -> str:
    section, _, name = path.partition(".")
    firewall = name.removeprefix("firewall.")
    if section in _IN_DEV and firewall != name and firewall in defaults.DEV_FIREWALL:
        return f"dev: `{defaults.DEV_FIREWALL[firewall]}`; prod: required"
    if name in _IN_DEV.get(section, {}):
        prod = "required" if node.required else f"`{_shown(_default(node))}`"
        return f"dev: `{_shown(_IN_DEV[section][name])}`; prod: {prod}"
    if path in ("keys.<name>.protect", "hsm.lock"):
        return "dev: `false`; prod: `true`"
    if path in _LOCATION:
        return _LOCATION[path]
    if path == "securityDomain":
        return "required for a pool that this stack makes"
    if node.required:
        return f"required{_unless(path)}"
    default = _default(node)
    if isinstance(default, Section):
        return "its defaults"
    return "nothing" if default in (None, (), {}, "") else f"`{_shown(default)}`"


def _unless(path: str) -> str:
    """What has to be said of a key that only one of several forms has."""
    other_forms = ", unless another form is used"
    return other_forms if path.rpartition(".")[2] in _OF_ONE_FORM else ""


def _default(node: Node) -> Any:
    return node.info.get_default(call_default_factory=True, validated_data={}) if node.info else None


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    print(reference(), end="")
