"""Custody judged by an unmodified ``az`` (docs/official-clients.md): recovery, full backup and restore, break-glass.

The program makes the first pool's file; ``az`` recovers it into a second pool. Everything runs once, in order; each
test looks at what some commands said.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from data_plane import pool, session
from data_plane.activation import Activation, Wanted
from data_plane.security_domain_file import Destination
from local_azure.core.world import SUBSCRIPTION_ID
from local_azure.entra.directory import BREAK_GLASS_CLIENT_ID, DEPLOYER_OBJECT_ID, USER_OBJECT_ID
from local_azure.instance import REPOSITORY, Instance
from local_azure.server.control import ControlClient
from tests.integration.azure_cli import HOW_TO, VARIABLE, Outcome, Shell
from tests.unit.data_plane.support import certificate_pem, certificates, rsa_key

pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(VARIABLE not in os.environ, reason=HOW_TO),
    pytest.mark.xdist_group("azure-cli"),
    pytest.mark.timeout(600),
]

GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoResourceGroup"
FIRST, SECOND = "--hsm-name az400popMHSM", "--hsm-name az400second"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/backup"
ACCOUNT = (
    f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/ContosoBackups/providers"
    "/Microsoft.Storage/storageAccounts/contosobackups"
)
STORE = "--storage-account-name contosobackups --blob-container-name mhsm"
BY_IDENTITY = f"{STORE} --use-managed-identity true"
KEY = "$(az storage account keys list -g ContosoBackups -n contosobackups --query [0].value -o tsv)"
CREATE = f"--resource-group ContosoResourceGroup --administrators {DEPLOYER_OBJECT_ID} --retention-days 28"
SIGN_IN = (
    "az login --service-principal --username $AZURE_CLIENT_ID --password $AZURE_CLIENT_SECRET --tenant $AZURE_TENANT_ID"
)
ASSIGN = f"--assignee-object-id {DEPLOYER_OBJECT_ID} --assignee-principal-type ServicePrincipal"

PREPARE = {
    "sign in": SIGN_IN,
    "groups": "az group create -n ContosoResourceGroup -l eastus2 && az group create -n ContosoBackups -l westus",
    "identity": "az identity create -g ContosoResourceGroup -n backup",
    "account": "az storage account create -g ContosoBackups -n contosobackups --sku Standard_GRS",
    "container": f"az storage container create --account-name contosobackups -n mhsm --account-key {KEY}",
    "right": "az role assignment create --role 'Storage Blob Data Contributor' --assignee-principal-type"
    f" ServicePrincipal --scope {ACCOUNT} --assignee-object-id"
    " $(az identity show -g ContosoResourceGroup -n backup --query principalId -o tsv)",
    "first pool": f"az keyvault create {FIRST} --location eastus2 {CREATE} --mi-user-assigned {IDENTITY}",
}
BACK_UP = {
    "roles": " && ".join(
        f"az keyvault role assignment create {FIRST} --role 'Managed HSM {role}' --scope / {ASSIGN}"
        for role in ("Crypto User", "Crypto Officer")
    ),
    "key": f"az keyvault key create {FIRST} --name myrsakey --kty RSA-HSM --size 2048",
    "key backup": f"az keyvault key backup {FIRST} --name myrsakey --file myrsakey.backup",
    "encrypt": f"az keyvault key encrypt {FIRST} --name myrsakey --algorithm RSA-OAEP-256 --value words"
    " --data-type plaintext --query result -o tsv | tee encrypted.txt",
    "backup": f"az keyvault backup start {FIRST} {BY_IDENTITY}",
    "signature": "az storage container generate-sas --account-name contosobackups -n mhsm --permissions crdw"
    f" --expiry 2099-01-01T00:00Z -o tsv --account-key {KEY} > sas.txt",
    "backup by signature": f'az keyvault backup start {FIRST} {STORE} --storage-container-SAS-token "$(cat sas.txt)"',
}
ONE_KEY = {
    "too early": f"az keyvault restore start {FIRST} {BY_IDENTITY} --backup-folder FOLDER",
    "delete": f"az keyvault key delete {FIRST} --name myrsakey",
    "soft-deleted": f"az keyvault restore start {FIRST} {BY_IDENTITY} --backup-folder FOLDER --key-name myrsakey",
    "purge": f"az keyvault key purge {FIRST} --name myrsakey",
    "one key": f"az keyvault restore start {FIRST} {BY_IDENTITY} --backup-folder FOLDER --key-name myrsakey",
    "younger": f"az keyvault key create {FIRST} --name younger --kty oct-HSM --size 256",
}
RESTORE = {
    "sign in again": SIGN_IN,
    "everything": f"az keyvault restore start {FIRST} {BY_IDENTITY} --backup-folder FOLDER",
    "keys": f"az keyvault key list {FIRST} --query [].name",
}
RECOVER = {
    "second pool": f"az keyvault create {SECOND} --location westus2 {CREATE}",
    "init": f"az keyvault security-domain init-recovery {SECOND} --sd-exchange-key exchange.pem",
    "blob": "az keyvault security-domain restore-blob --sd-exchange-key exchange.pem --sd-file sd.json"
    " --sd-wrapping-keys cert_1.key cert_3.key --sd-file-restore-blob restore.json",
    "upload": f"az keyvault security-domain upload {SECOND} --sd-file restore.json --restore-blob",
    "second roles": f"az keyvault role assignment create {SECOND} --role 'Managed HSM Crypto User' --scope / {ASSIGN}",
    "second key": f"az keyvault key restore {SECOND} --file myrsakey.backup",
    "decrypt": f"az keyvault key decrypt {SECOND} --name myrsakey --algorithm RSA-OAEP-256 --data-type plaintext"
    ' --value "$(cat encrypted.txt)" --query result -o tsv',
    "file of az": f"az keyvault security-domain download {FIRST} --sd-wrapping-keys cert_1.cer cert_2.cer cert_3.cer"
    " --sd-quorum 2 --security-domain-file by-az.json",
}
REFUSED = {"too early", "soft-deleted"}


@dataclass
class Hand:
    """Types commands and remembers what they came to."""

    shell: Shell
    said: dict[str, Outcome]

    def types(self, commands: dict[str, str], **words: str) -> None:
        for name, command in commands.items():
            for word, meaning in words.items():
                command = command.replace(word, meaning)
            self.said[name] = self.shell.run(command) if name in REFUSED else self.shell.ok(command)


@pytest.fixture(scope="module")
def hand(instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hand]:
    """Everything but the break-glass section, typed."""
    control = ControlClient(instance.port)
    control.reset()
    directory = tmp_path_factory.mktemp("custody-by-hand")
    for number in (1, 2, 3):
        (directory / f"cert_{number}.cer").write_text(certificate_pem(number))
        (directory / f"cert_{number}.key").write_bytes(
            rsa_key(number).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    hand = Hand(Shell(instance, directory, Path(os.environ[VARIABLE]).absolute()), {})
    hand.types(PREPARE)
    activate_by_program(instance, directory / "sd.json")
    hand.types(BACK_UP)
    folder = hand.said["backup"].json["folderUrl"].rpartition("/")[2]
    hand.types(ONE_KEY, FOLDER=folder)
    control.move_clock(31 * 60)
    hand.types(RESTORE, FOLDER=folder)
    hand.types(RECOVER)
    yield hand
    hand.shell.ok("az logout")
    control.reset()


def activate_by_program(instance: Instance, file: Path) -> None:
    """The program's own activation of the pool that ``az`` made."""
    set_to, removed = instance.variables(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        for name in removed:
            patch.delenv(name)
        for name, value in set_to.items():
            patch.setenv(name, value)
        session.forget()
        hsm_id = f"{GROUP}/providers/Microsoft.KeyVault/managedHSMs/az400popMHSM"
        found = pool.read(session.current(), hsm_id)
        assert found is not None
        wanted = Wanted(found.id, found.uri, certificates(1, 2, 3), 2, (Destination(file),))
        Activation(session.current(), wanted).run()
        session.forget()


def test_az_makes_a_full_backup_by_the_pool_s_identity_and_by_a_signature(hand: Hand) -> None:
    for name in ("backup", "backup by signature"):
        found = hand.said[name].json
        assert found["status"] == "Succeeded"
        assert re.search(r"/mhsm/mhsm-az400popMHSM-[0-9]{16}$", found["folderUrl"])


def test_az_brings_one_purged_key_back_and_no_soft_deleted_one(hand: Hand) -> None:
    assert hand.said["soft-deleted"].status != 0
    assert "can only be recovered or purged" in hand.said["soft-deleted"].errors
    assert hand.said["one key"].status == 0


def test_az_restores_everything_half_an_hour_after_the_pool_s_own_backup(hand: Hand) -> None:
    assert hand.said["too early"].status != 0
    assert "at least 30 minutes before" in hand.said["too early"].errors
    assert hand.said["keys"].json == ["myrsakey"]


def test_the_program_s_file_opens_with_az_and_az_s_blob_uploads(hand: Hand) -> None:
    blob = json.loads((hand.shell.directory / "restore.json").read_text())
    assert set(blob) == {"EncData", "WrappedKey"}
    assert hand.said["upload"].status == 0
    assert hand.said["decrypt"].output.strip() in ("words", "b'words'")  # as this az shows bytes


def test_the_ceremony_opens_the_file_that_az_downloads(hand: Hand) -> None:
    keys = [str(hand.shell.directory / f"cert_{number}.key") for number in (1, 2, 3)]
    command = [sys.executable, "-m", "ceremony", "verify", str(hand.shell.directory / "by-az.json"), "--key", *keys]
    done = subprocess.run([*command, "--json"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["quorums"]["open"] == 3


def test_the_runbook_s_break_glass_section_works_as_it_is_written(hand: Hand) -> None:
    """The pool's administrators are a group without members; the section's last block is typed as it stands."""
    shell = hand.shell
    assigned = shell.ok(f"az keyvault role assignment list {FIRST}").json
    shell.ok(
        f"az keyvault role assignment create {FIRST} --role 'Managed HSM Administrator' --scope / --assignee-object-id"
        " $(az ad group create --display-name 'HSM Administrators' --mail-nickname hsm --query id -o tsv)"
        " --assignee-principal-type Group"
    )
    # The deployer's Administrator comes last: without it nobody can take the others away.
    for each in sorted(assigned, key=lambda each: str(each["roleName"]) == "Managed HSM Administrator"):
        shell.ok(f"az keyvault role assignment delete {FIRST} --ids {each['id']}")
    refused = shell.run(f"az keyvault role assignment list {FIRST}")
    assert refused.status != 0
    assert "AccessDenied" in refused.errors
    for command in break_glass_commands(shell.instance):
        shell.ok(command)
    held = shell.ok(f"az keyvault role assignment list {FIRST}").json
    shell.ok(SIGN_IN)
    assert (USER_OBJECT_ID, "Managed HSM Administrator") in {(each["principalId"], each["roleName"]) for each in held}


def break_glass_commands(instance: Instance) -> list[str]:
    """What section 8 of the runbook has a Global Administrator type, whose account is an application here."""
    text = (REPOSITORY / "docs/runbook.md").read_text()
    section = text[text.index("## 8. ") : text.index("## 9. ")]
    block = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[-1]
    assert BREAK_GLASS_CLIENT_ID in block
    return [line.replace(".local/azure", str(instance.home)) for line in block.strip().splitlines()]
