"""The rehearsal: what it proves in a local Azure of its own and in a pool by name, and what it finds out."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ceremony.command_line import main
from data_plane import key_use, session
from data_plane import pool as pools
from data_plane.activation import Activation, Wanted
from data_plane.errors import KeyMaterialError
from data_plane.key_model import key_of
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination
from tests.support import Azure
from tests.unit.ceremony.support import may_use_keys, write_custodian
from tests.unit.data_plane.support import HSM_ID, certificates, make_pool

pytestmark = pytest.mark.daemon


@pytest.fixture
def real(pool: Pool, tmp_path: Path) -> Pool:
    """An active pool, its security domain and two of its custodians' keys in ``tmp_path``."""
    wanted = Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(tmp_path / "sd.json"),))
    Activation(session.current(), wanted).run()
    for number in (1, 2):
        write_custodian(tmp_path, number)
    may_use_keys(pool)
    return pool


def keys_of(pool: Pool) -> KeyClient:
    return session.current().keys(pool.uri)


def backed_up(pool: Pool, directory: Path, name: str = "myrsakey") -> None:
    """A key with its backup, its public half and something that it encrypted."""
    made = keys_of(pool).create_rsa_key(name, size=2048, hardware_protected=True)
    (directory / "key.backup").write_bytes(keys_of(pool).backup_key(name))
    public = key_use.public_key(session.current(), key_of(made))
    (directory / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    client = CryptographyClient(str(made.id), session.current().credential)
    wrapped = client.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"what the first pool wrapped").encrypted_key
    (directory / "wrapped.txt").write_bytes(base64.b64encode(wrapped))


def drill(capsys: pytest.CaptureFixture[str], directory: Path, *more: object) -> tuple[int, Any]:
    """Exit status and result of a drill with two custodians."""
    keys = [directory / f"custodian-{number}.key" for number in (1, 2)]
    arguments = ("drill", directory / "sd.json", "--key", *keys, "--output", directory / "result.json", *more)
    if "--backup" not in more:
        arguments = (*arguments, "--backup", directory / "key.backup")
    capsys.readouterr()
    status = main([*(str(each) for each in arguments), "--json"])
    return status, json.loads(capsys.readouterr().out)


def expectations(directory: Path) -> tuple[object, ...]:
    digest = hashlib.sha256(b"what the first pool wrapped").hexdigest()
    wrapped = ("--ciphertext", directory / "wrapped.txt", "--plaintext-sha256", digest)
    return ("--public-key", directory / "key.pem", *wrapped)


def test_a_drill_in_a_local_azure_of_its_own_brings_the_key_back_and_touches_nothing_of_the_real_pool(
    real: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str], signed_in: Azure
) -> None:
    backed_up(real, tmp_path)
    asked, environment = len(signed_in.control.log()), dict(os.environ)
    status, found = drill(capsys, tmp_path, *expectations(tmp_path))
    assert (status, found["passed"]) == (0, True)
    steps = ["quorum", "pool", "recover", "upload", "role", "key", "use", "compare"]
    assert [each["step"] for each in found["steps"]] == steps
    assert found["steps"][-1]["found"] == "its public half is the real key's; it opened what the real key encrypted"
    assert found["real_pool"] == HSM_ID
    assert json.loads((tmp_path / "result.json").read_text()) == found
    assert len(signed_in.control.log()) == asked
    assert dict(os.environ) == environment


def test_a_drill_in_a_pool_by_name_finds_out_a_wrong_key_and_a_pool_that_is_taken(
    real: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backed_up(real, tmp_path)
    (tmp_path / "wrapped.txt").write_bytes(b"\x00" * 256)
    named = ("--hsm-name", "drill", "--resource-group", "ContosoResourceGroup")
    fresh = make_pool("drill")
    status, found = drill(capsys, tmp_path, *expectations(tmp_path), *named)
    assert (status, found["passed"]) == (1, False)
    assert (found["steps"][-1]["step"], found["steps"][-1]["passed"]) == ("compare", False)
    assert "unwrapkey: 400" in found["steps"][-1]["found"]
    again = pools.read(session.current(), fresh.id)
    assert again is not None
    assert again.activation_status == pools.ACTIVE

    (tmp_path / "result.json").unlink()
    status, found = drill(capsys, tmp_path, *named)
    assert status == 1
    assert found["steps"][-1]["found"] == "drill: is Active; a drill needs a pool that was never activated"


def test_a_drill_never_takes_the_real_pool(real: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backed_up(real, tmp_path)
    named = ("--hsm-name", real.name, "--resource-group", "ContosoResourceGroup")
    status, found = drill(capsys, tmp_path, *named)
    assert status == 1
    assert "is the real pool that the security domain belongs to" in found["steps"][-1]["found"]


def test_a_backup_of_another_security_domain_fails_the_drill(
    real: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_pool("other")
    wanted = Wanted(other.id, other.uri, certificates(4, 5, 6), 2, (Destination(tmp_path / "other.json"),))
    Activation(session.current(), wanted).run()
    may_use_keys(other)
    backed_up(other, tmp_path)
    assert real.name
    status, found = drill(capsys, tmp_path)
    assert status == 1
    assert found["steps"][-1]["step"] == "key"
    assert "belongs to a different crypto domain" in found["steps"][-1]["found"]


def test_a_drill_without_a_quorum_fails_before_any_pool_is_made(
    real: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backed_up(real, tmp_path)
    write_custodian(tmp_path, 7).rename(tmp_path / "custodian-2.key")
    status, found = drill(capsys, tmp_path)
    assert status == 1
    assert [each["step"] for each in found["steps"]] == ["quorum"]
    assert "needs 2 custodians, 1 at hand" in found["steps"][0]["found"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--ciphertext", "x"], "--ciphertext and --plaintext-sha256 belong together"),
        (["--ciphertext", "x", "--plaintext-sha256", "abc"], "64 hexadecimal digits"),
        (["--hsm-name", "drill"], "--hsm-name: give --resource-group too"),
        (["--public-key", "sd.json"], "is no public key in PEM"),
    ],
)
def test_a_drill_that_cannot_begin_says_why_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str, real: Pool
) -> None:
    assert real.name
    for name in ("x", "key.backup"):
        (tmp_path / name).write_bytes(b"x")
    paths = [str(tmp_path / each) if (tmp_path / each).exists() else each for each in arguments]
    status, found = drill(capsys, tmp_path, *paths)
    assert status == 1
    assert said in found["error"]
    assert not (tmp_path / "result.json").exists()


def test_every_kind_of_key_can_be_tried(real: Pool) -> None:
    client = keys_of(real)
    made = [
        client.create_rsa_key("rsa-unwrap", size=2048, hardware_protected=True, key_operations=["unwrapKey"]),
        client.create_rsa_key("rsa-decrypt", size=2048, hardware_protected=True, key_operations=["decrypt"]),
        client.create_rsa_key("rsa-sign", size=2048, hardware_protected=True, key_operations=["sign"]),
        *(
            client.create_ec_key(f"ec-{curve}", curve=curve, hardware_protected=True)
            for curve in ("P-256", "P-384", "P-521", "P-256K")
        ),
        client.create_oct_key("oct-wrap", size=256, key_operations=["wrapKey", "unwrapKey"], hardware_protected=True),
        client.create_oct_key("oct", size=128, key_operations=["encrypt", "decrypt"], hardware_protected=True),
    ]
    for each in made:
        assert key_use.exercise(session.current(), key_of(each))
    useless = client.create_rsa_key("rsa-verify", size=2048, hardware_protected=True, key_operations=["verify"])
    with pytest.raises(KeyMaterialError, match="may only verify; that cannot be tried"):
        key_use.exercise(session.current(), key_of(useless))


def test_what_a_symmetric_key_wrapped_and_what_a_key_encrypted_opens(real: Pool) -> None:
    client, plain, current = keys_of(real), os.urandom(32), session.current()
    symmetric = key_of(client.create_oct_key("oct", size=256, hardware_protected=True))
    wrapped = key_use.ask(current, symmetric, "wrapkey", "A256KW", value=plain)["value"]
    assert key_use.open_ciphertext(current, symmetric, "A256KW", base64.urlsafe_b64decode(wrapped + "==")) == plain
    rsa = client.create_rsa_key("rsa", size=2048, hardware_protected=True, key_operations=["encrypt", "decrypt"])
    user = CryptographyClient(str(rsa.id), current.credential)
    encrypted = user.encrypt(EncryptionAlgorithm.rsa_oaep_256, plain).ciphertext
    assert key_use.open_ciphertext(current, key_of(rsa), "RSA-OAEP-256", encrypted) == plain


def test_a_symmetric_key_is_used_in_the_pool_and_not_on_this_machine(real: Pool, signed_in: Azure) -> None:
    made = keys_of(real).create_oct_key("oct", size=256, hardware_protected=True)
    assert key_use.exercise(session.current(), key_of(made)) == "unwrapped what it had wrapped (A256KW)"
    paths = [each["path"] for each in signed_in.control.log()]
    assert [path.rsplit("/", 1)[-1] for path in paths[-2:]] == ["wrapkey", "unwrapkey"]
