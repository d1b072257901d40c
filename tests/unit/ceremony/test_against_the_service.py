"""What the service hands out opens with ``verify``, and what ``recover`` makes is taken in by another pool."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from ceremony import security_domain_file
from ceremony.command_line import main
from ceremony.verification import verify
from data_plane import pool as pools
from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.custody import certificate_der, json_web_key
from data_plane.key_model import key_of
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination
from tests.support import Azure
from tests.unit.ceremony.support import keys as keys_of
from tests.unit.ceremony.support import may_use_keys, name_of, write_custodian
from tests.unit.data_plane.support import certificate_pem, certificates, make_pool, rsa_key

pytestmark = pytest.mark.daemon


@pytest.fixture
def key_files(tmp_path: Path) -> list[Path]:
    return [write_custodian(tmp_path, number) for number in (1, 2, 3)]


@pytest.fixture
def file(pool: Pool, tmp_path: Path) -> Path:
    """What the program wrote when it activated the pool."""
    path = tmp_path / "sd" / "sd.json"
    Activation(session.current(), Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(path),))).run()
    return path


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, Any, str]:
    """Exit status, answer and what was said of one command."""
    status = main([*(str(each) for each in arguments), "--json"])
    shown = capsys.readouterr()
    return status, json.loads(shown.out), shown.err


def content_of(path: Path) -> dict[str, bytes | None]:
    verification = verify(security_domain_file.parse(path.read_bytes(), path.name), keys_of(1, 2, 3))
    return {datum.tag: datum.content for datum in verification.opening.data}


def recovered(
    capsys: pytest.CaptureFixture[str], file: Path, key_files: list[Path], pool: Pool, directory: Path
) -> Path:
    """The blob for a pool, by the commands of a recovery."""
    transfer, blob = directory / f"{pool.name}.transfer.json", directory / f"{pool.name}.restore.json"
    assert command(capsys, "transfer-key", "--hsm-name", pool.name, "--output", transfer)[0] == 0
    status, answer, _ = command(
        capsys, "recover", file, "--transfer-key", transfer, "--key", *key_files[:2], "--output", blob
    )
    assert (status, answer["target"]) == (0, f"{pool.name.lower()}.managedhsm.azure.net")
    return blob


def test_a_file_that_the_official_client_downloads_opens(
    pool: Pool, key_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jwks = [json_web_key(certificate_der(name_of(number), certificate_pem(number))) for number in (1, 2, 3)]
    client = session.current().security_domain(pool.uri)
    answer = client.begin_download({"certificates": jwks, "required": 2}).result()
    path = tmp_path / "sd.json"
    path.write_text(str(answer["value"]))
    status, document, _ = command(capsys, "verify", path, "--key", *key_files)
    assert (status, document["holds"], document["findings"]) == (0, True, [])
    assert document["quorums"] == {"possible": 3, "tried": 3, "open": 3}


def test_certificates_that_expired_years_ago_do_for_the_download_and_for_everything_offline(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jwks, keys, files = [], [], []
    for number in (1, 2, 3):
        key, start = rsa_key(number), datetime(2020, 8, 28, tzinfo=UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"www{number}.Contoso.com")])
        unsigned = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        dated = unsigned.serial_number(number).not_valid_before(start).not_valid_after(start + timedelta(days=365))
        der = dated.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
        jwks.append(json_web_key(der))
        keys.append(tmp_path / f"expired-{number}.key")
        keys[-1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        files.append(tmp_path / f"expired-{number}.cer")
        files[-1].write_bytes(der)
    answer = session.current().security_domain(pool.uri).begin_download({"certificates": jwks, "required": 2}).result()
    path = tmp_path / "sd.json"
    path.write_text(str(answer["value"]))
    status, document, _ = command(capsys, "verify", path, "--key", *keys)
    assert (status, document["holds"], document["quorums"]["open"]) == (0, True, 3)
    assert command(capsys, "inspect", path, "--certificate", *files)[0] == 0


def test_a_file_downloaded_with_terraforms_thumbprints_opens_too(
    pool: Pool, key_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That client sends key_ops [""], no n and e, and the padded hash of the certificate's text (azurerm,
    ``securityDomainDownload``); what the service writes then is its affair: the file has to open."""
    jwks = [json_web_key(certificate_der(name_of(number), certificate_pem(number))) for number in (1, 2, 3)]
    for jwk in jwks:
        jwk.update({"key_ops": [""], "x5t#S256": "A" * 43 + "="})
        for member in ("n", "e", "x5t"):
            del jwk[member]
    answer = session.current().security_domain(pool.uri).begin_download({"certificates": jwks, "required": 2}).result()
    path = tmp_path / "sd.json"
    path.write_text(str(answer["value"]))
    assert command(capsys, "verify", path, "--key", *key_files)[0] == 0


def test_what_recover_makes_activates_a_twin_that_takes_the_first_pools_key_backups(
    pool: Pool, file: Path, key_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(capsys, "verify", file, "--key", *key_files)[0] == 0
    may_use_keys(pool)
    keys = session.current().keys(pool.uri)
    made = keys.create_rsa_key("myrsakey", size=2048, hardware_protected=True)
    backup = keys.backup_key("myrsakey")
    second = make_pool("recovered")
    blob = recovered(capsys, file, key_files, second, tmp_path)
    status, answer, said = command(capsys, "upload", blob, "--uri", second.uri)
    assert (status, answer["active"]) == (0, True)
    assert said.splitlines()[-1] == "https://recovered.managedhsm.azure.net/: active"
    again = pools.read(session.current(), second.id)
    assert again is not None
    assert again.activation_status == pools.ACTIVE
    may_use_keys(second)
    restored = session.current().keys(second.uri).restore_key_backup(backup)
    assert key_of(restored).thumbprint == key_of(made).thumbprint
    # The twins give each other's keys back, both ways, and hand out one and the same security domain.
    own = session.current().keys(second.uri).create_rsa_key("other", size=2048, hardware_protected=True)
    back = keys.restore_key_backup(session.current().keys(second.uri).backup_key("other"))
    assert key_of(back).thumbprint == key_of(own).thumbprint
    twin = tmp_path / "twin.json"
    wanted = Wanted(second.id, second.uri, certificates(1, 2, 3), 2, (Destination(twin),), reissue=True)
    Activation(session.current(), wanted).run()
    assert content_of(twin) == content_of(file)
    stranger = make_pool("stranger")
    other = tmp_path / "other.json"
    Activation(
        session.current(), Wanted(stranger.id, stranger.uri, certificates(1, 2, 3), 2, (Destination(other),))
    ).run()
    may_use_keys(stranger)
    with pytest.raises(HttpResponseError, match="different crypto domain"):
        session.current().keys(stranger.uri).restore_key_backup(backup)


def test_a_target_that_is_active_already_is_refused_in_one_line(
    file: Path, key_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = make_pool("recovered")
    blob = recovered(capsys, file, key_files, second, tmp_path)
    Activation(
        session.current(),
        Wanted(second.id, second.uri, certificates(4, 5, 6), 2, (Destination(tmp_path / "own.json"),)),
    ).run()
    status, answer, said = command(capsys, "upload", blob, "--hsm-name", second.name)
    assert status == 1
    assert "the pool is active already; only a pool that was never activated takes in a security domain" in said
    assert len(said.splitlines()) == 1
    assert "active already" in answer["error"]


def test_a_second_upload_is_refused_in_one_line(
    file: Path, key_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    second = make_pool("recovered")
    blob = recovered(capsys, file, key_files, second, tmp_path)
    assert command(capsys, "upload", blob, "--hsm-name", second.name)[0] == 0
    status, _, said = command(capsys, "upload", blob, "--hsm-name", second.name)
    assert status == 1
    assert "has taken in a security domain already" in said


def test_a_blob_for_another_transfer_key_is_not_sent(
    file: Path, key_files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], signed_in: Azure
) -> None:
    second, third = make_pool("recovered"), make_pool("another")
    blob = recovered(capsys, file, key_files, second, tmp_path)
    transfer = tmp_path / "third.json"
    assert command(capsys, "transfer-key", "--hsm-name", third.name, "--output", transfer)[0] == 0
    status, _, said = command(capsys, "upload", blob, "--hsm-name", third.name, "--transfer-key", transfer)
    assert status == 1
    assert "was made for another transfer key" in said
    assert not [each for each in signed_in.control.log() if "upload" in each["path"] and each["method"] == "POST"]
    status, _, said = command(capsys, "upload", blob, "--hsm-name", third.name)
    assert status == 1
    assert "it is encrypted to another transfer key" in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_dropped_connections_cost_an_upload_nothing(
    file: Path,
    key_files: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    signed_in: Azure,
    kind: str,
) -> None:
    second = make_pool("recovered")
    blob = recovered(capsys, file, key_files, second, tmp_path)
    signed_in.control.add_fault(kind, path="/securitydomain/upload$", method="POST")
    signed_in.control.add_fault(kind, path="/securitydomain/upload/pending", method="GET", skip=1)
    assert command(capsys, "upload", blob, "--hsm-name", second.name)[0] == 0


def test_nobody_else_than_an_administrator_gets_a_transfer_key(
    pool: Pool, tmp_path: Path, capsys: pytest.CaptureFixture[str], signed_in: Azure
) -> None:
    signed_in.control.add_fault(
        "status", status=403, code="AccessDenied", message="Not authorized", path="/securitydomain/upload$"
    )
    output = tmp_path / "transfer.json"
    status, _, said = command(capsys, "transfer-key", "--hsm-name", pool.name, "--output", output)
    assert status == 1
    assert "transfer key: 403 AccessDenied: Not authorized" in said
    assert not output.exists()
