"""Keys that come from files: with a passphrase, symmetric, from another HSM; and keys that may leave."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pulumi.dynamic import Config, ConfigureRequest

from data_plane import key_use, session
from data_plane.errors import ConflictError, KeyMaterialError
from data_plane.key_model import key_of
from data_plane.key_release import canonical
from data_plane.pool import Pool
from tests.support import Azure
from tests.unit.data_plane.support import rsa_key
from tests.unit.dynamic.keys_support import Managed
from tests.unit.local_azure.managed_hsm.keys.test_leaving_and_coming import CLAIMS, b64, number, pkcs8, transfer_blob

pytestmark = pytest.mark.daemon

PHRASE = "correct horse battery"
AUTHORITY = "https://contoso.eus.attest.azure.net"


@pytest.fixture
def key(usable_pool: Pool) -> Managed:
    return Managed(usable_pool)


def encrypted(path: Path, private: Any, encoding: serialization.Encoding = serialization.Encoding.PEM) -> Path:
    best = serialization.BestAvailableEncryption(PHRASE.encode())
    path.write_bytes(private.private_bytes(encoding, serialization.PrivateFormat.PKCS8, best))
    return path


def configured(key: Managed, monkeypatch: pytest.MonkeyPatch, **passphrases: str) -> None:
    # A provider's process shows no tracebacks; this one goes on.
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)
    given = {"managed-hsm:importPassphrases": json.dumps(passphrases)}
    key.provider.configure(ConfigureRequest(config=Config(given, "managed-hsm")))


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_a_file_with_a_passphrase_is_imported_and_the_passphrase_stays_out_of_the_state(
    key: Managed,
    tmp_path: Path,
    encoding: serialization.Encoding,
    capsys: pytest.CaptureFixture[str],
    caplog: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level("DEBUG")
    path = encrypted(tmp_path / "key", ec.generate_private_key(ec.SECP256R1()), encoding)
    configured(key, monkeypatch, mykey=PHRASE)
    outs = key.up(key_type="EC-HSM", import_from=str(path))
    assert outs["thumbprint"] == outs["import_fingerprint"]
    assert key.refresh() == []
    captured = capsys.readouterr()
    assert PHRASE not in "\n".join([str(outs), str(key.inputs), captured.out, captured.err, caplog.text])


def test_an_imported_key_is_adopted_though_it_was_rotated_since_and_another_key_is_not(
    key: Managed, tmp_path: Path
) -> None:
    files = [tmp_path / "one.pem", tmp_path / "other.pem"]
    for file in files:
        file.write_bytes(pkcs8(ec.generate_private_key(ec.SECP256R1())))
    key.up(key_type="EC-HSM", import_from=str(files[0]))
    rotated = key.up(key_type="EC-HSM", import_from=str(files[0]), rotate_now="now")["version"]
    assert Managed(key.pool).up(key_type="EC-HSM", import_from=str(files[0]))["version"] == rotated
    with pytest.raises(ConflictError, match="exists with public key"):
        Managed(key.pool).up(key_type="EC-HSM", import_from=str(files[1]))


def test_a_passphrase_comes_from_the_environment_too(
    key: Managed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encrypted(tmp_path / "key.pem", rsa_key(9))
    asked = {"key_type": "RSA-HSM", "import_from": str(path), "passphrase_variable": "MYKEY_PASSPHRASE"}
    (refused,) = [reason for reason in key.failures(**asked) if "passphrase" in reason]
    assert refused.endswith("give its passphrase (importPassphrases or passphraseVariable)")
    monkeypatch.setenv("MYKEY_PASSPHRASE", "wrong")
    assert any("the passphrase opens no private key in it" in reason for reason in key.failures(**asked))
    monkeypatch.setenv("MYKEY_PASSPHRASE", PHRASE)
    assert key.up(**asked)["size"] == 2048


@pytest.mark.parametrize("size", [16, 24, 32])
def test_a_symmetric_key_is_the_one_of_the_file(
    key: Managed, tmp_path: Path, size: int, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = bytes([0xFF]) + secrets.token_bytes(size - 1)
    path = tmp_path / "aes.bin"
    path.write_bytes(secret)
    outs = key.up(key_type="oct-HSM", import_from=str(path), operations=["encrypt", "decrypt"])
    assert outs["size"] == 8 * size
    iv = secrets.token_bytes(16)
    encryptor = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(b"sixteen octets!!") + encryptor.finalize()
    found = key_of(key.client.get_key("mykey"))
    answer = key_use.ask(session.current(), found, "decrypt", f"A{8 * size}CBC", value=ciphertext, iv=iv)
    assert answer["value"] == b64(b"sixteen octets!!")
    assert key.refresh() == []
    assert secret.hex() not in str(outs) + capsys.readouterr().out
    # Whoever runs up again after the file was destroyed keeps the key.
    path.unlink()
    assert not key.preview(key_type="oct-HSM", import_from=str(path), operations=["encrypt", "decrypt"]).changes


def test_a_symmetric_key_that_is_there_already_is_taken_as_configured(
    key: Managed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "aes.bin"
    path.write_bytes(bytes(range(200, 232)))
    key.up(key_type="oct-HSM", import_from=str(path))
    again = Managed(key.pool)
    assert again.up(key_type="oct-HSM", import_from=str(path))["version"] == key.outs["version"]
    assert "the pool does not tell its material: taken as configured" in capsys.readouterr().out


def test_a_key_of_another_hsm_comes_under_an_exchange_key_of_the_pool(key: Managed, tmp_path: Path) -> None:
    kek = key.client.create_rsa_key("kek", size=2048, hardware_protected=True, key_operations=["import"])
    path = tmp_path / "target.byok"
    path.write_bytes(transfer_blob(kek, pkcs8(rsa_key(9))))
    asked = {"key_type": "RSA-HSM", "size": 2048, "import_from": str(path)}
    outs = key.up(**asked)
    found = key.client.get_key("mykey").key
    assert int.from_bytes(found.n) == rsa_key(9).public_key().public_numbers().n  # type: ignore[attr-defined]
    assert outs["import_fingerprint"].startswith("byok:")
    assert key.refresh() == []
    path.unlink()
    assert not key.preview(**asked).changes


def test_a_blob_for_another_pool_is_refused_before_anything_is_asked(key: Managed, tmp_path: Path) -> None:
    path = tmp_path / "target.byok"
    header = {"kid": "https://contoso.managedhsm.azure.net/keys/kek/1", "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"}
    path.write_text(json.dumps({"schema_version": "1.0.0", "header": header, "ciphertext": "AA"}))
    (reason,) = key.failures(key_type="RSA-HSM", size=2048, import_from=str(path))
    assert "made for the exchange key https://contoso.managedhsm.azure.net/keys/kek/1, which is not in" in reason


def test_a_key_that_changed_in_its_file_after_the_check_is_not_imported(key: Managed, tmp_path: Path) -> None:
    path = tmp_path / "aes.bin"
    path.write_bytes(bytes(range(200, 232)))
    checked = key.checked(key_type="oct-HSM", import_from=str(path))
    path.write_bytes(bytes(range(201, 233)))
    with pytest.raises(KeyMaterialError, match="holds another key than when it was checked"):
        key.provider.create(checked)


def policy(equals: str = "sevsnpvm", immutable: bool = False) -> dict[str, Any]:
    condition = {"claim": "x-ms-attestation-type", "equals": equals}
    document = {"version": "1.0.0", "anyOf": [{"authority": AUTHORITY, "allOf": [condition]}]}
    return {"policy": canonical(document), "immutable": immutable}


def test_an_exportable_key_is_released_as_its_policy_says_and_the_policy_changes_in_place(
    key: Managed, signed_in: Azure
) -> None:
    environment = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    tee = {"kty": "RSA", "use": "enc", "n": number(environment.n), "e": number(environment.e)}
    token = signed_in.control.attest(AUTHORITY, {**CLAIMS, "x-ms-runtime": {"keys": [tee]}})
    key.up(exportable=True, release_policy=policy())
    assert key.client.release_key("mykey", token).value
    assert key.refresh() == []
    version = key.up(exportable=True, release_policy=policy("sgx"))["version"]
    with pytest.raises(Exception, match="does not meet the release policy"):
        key.client.release_key("mykey", token)
    assert key.versions == [version]
    key.up(exportable=True, release_policy=policy("sgx", immutable=True))
    assert any("is immutable" in reason for reason in key.failures(exportable=True, release_policy=policy()))


def test_a_release_policy_changed_by_hand_is_drift(key: Managed) -> None:
    from azure.keyvault.keys import KeyReleasePolicy

    key.up(exportable=True, release_policy=policy())
    key.client.update_key_properties("mykey", release_policy=KeyReleasePolicy(policy("sgx")["policy"].encode()))
    (sentence,) = key.refresh()
    assert sentence.startswith("release policy: immutable: no, policy: {")
    key.up(exportable=True, release_policy=policy())
    assert key.refresh() == []


def test_a_key_that_was_made_exportable_by_hand_is_another_key(key: Managed) -> None:
    key.client.create_ec_key(
        "mykey",
        curve="P-256",
        hardware_protected=True,
        exportable=True,
        release_policy=_sdk_policy(),
    )
    with pytest.raises(Exception, match="exists with exportable True instead of False"):
        key.up()


def _sdk_policy() -> Any:
    from azure.keyvault.keys import KeyReleasePolicy

    return KeyReleasePolicy(policy()["policy"].encode())


def test_attestation_and_backup_are_kept_for_every_new_version(key: Managed, tmp_path: Path) -> None:
    files = {"attest_to": str(tmp_path / "attestation.json"), "backup_to": str(tmp_path / "key.backup")}
    first = key.up(**files)
    document = json.loads((tmp_path / "attestation.json").read_text())
    assert document["keyId"] == first["key_id"]
    assert {"certificatePemFile", "privateKeyAttestation", "publicKeyAttestation", "version"} < set(document)
    backup = (tmp_path / "key.backup").read_bytes()
    second = key.up(**files, rotate_now="now")
    assert json.loads((tmp_path / "attestation.json").read_text())["keyId"] == second["key_id"] != first["key_id"]
    assert (tmp_path / "key.backup").read_bytes() != backup
    (tmp_path / "attestation.json").unlink()
    key.refresh()
    assert key.preview(**files, rotate_now="now").changes
    key.up(**files, rotate_now="now")
    assert (tmp_path / "attestation.json").exists()
