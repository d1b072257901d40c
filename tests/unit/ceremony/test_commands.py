"""The offline commands, as they are typed: what they write, say and answer."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ceremony import files, passphrases
from ceremony.command_line import main
from data_plane.custody import Custodian, Custody, Manifest, thumbprint
from data_plane.security_domain_file import manifest_path
from local_azure.managed_hsm.security_domain import domain
from local_azure.managed_hsm.security_domain.certificates import thumbprint as service_thumbprint
from tests.unit.ceremony.support import SMALL_CONTENT, certificate, made_file, name_of, text_of, write_custodian
from tests.unit.data_plane.support import HSM_ID, certificate_pem, rsa_key

PASSPHRASE = b"correct horse battery staple"


class Run:
    """What one command did."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        self.status = main([str(each) for each in arguments])
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line of an error."""
        assert self.status == 1
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("ceremony: ")
        return lines[0].removeprefix("ceremony: ")


@pytest.fixture
def domain_file(tmp_path: Path) -> Path:
    path = tmp_path / "sd.json"
    path.write_bytes(text_of(made_file()))
    return path


@pytest.fixture
def key_files(tmp_path: Path) -> list[Path]:
    directory = tmp_path / "custodians"
    directory.mkdir()
    return [write_custodian(directory, number) for number in (1, 2, 3)]


@pytest.fixture
def transfer_key_file(tmp_path: Path) -> Path:
    """A pool's transfer key as ``az`` writes it."""
    path = tmp_path / "transfer.pem"
    path.write_text(certificate_pem(9))
    return path


def write_manifest(file: Path, sha256: str | None = None) -> Manifest:
    custodians = tuple(Custodian(name_of(number), thumbprint(certificate(number).der)) for number in (1, 2, 3))
    made = Manifest(
        hsm_id=HSM_ID,
        hsm_created_at="2026-11-21T12:00:00Z",
        custody=Custody(custodians, 2),
        sha256=sha256 or hashlib.sha256(file.read_bytes()).hexdigest(),
        downloaded_at="2026-11-21T12:15:00Z",
        downloaded_by="deployer (0f2f…)",
    )
    manifest_path(file).write_text(made.to_json())
    return made


def names_in(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


# custodian


def test_a_custodian_gets_an_encrypted_key_and_a_certificate_with_the_quickstarts_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_bytes(PASSPHRASE + b"\n")
    secret.chmod(0o600)
    home = tmp_path / "new" / "alice"
    run = Run(capsys, "custodian", "alice", "--directory", home, "--passphrase-file", secret, "--json")
    assert run.status == 0
    key_file, certificate_file = home / "alice.key", home / "alice.cer"
    assert home.stat().st_mode & 0o777 == 0o700
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert certificate_file.stat().st_mode & 0o777 == 0o644
    assert key_file.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    key = load_pem_private_key(key_file.read_bytes(), PASSPHRASE)
    made = x509.load_pem_x509_certificate(certificate_file.read_bytes())
    assert made.public_key() == key.public_key()
    assert made.subject.rfc4514_string() == "CN=www.Contoso.com,OU=MHSM,O=Contoso,L=Redmond,ST=WA,C=US"
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert len(names.get_values_for_type(x509.DNSName)) == 4
    usage = made.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_encipherment
    assert usage.data_encipherment
    assert run.json["thumbprint"] == service_thumbprint(x509_der(made))
    assert PASSPHRASE.decode() not in run.out + run.err


@pytest.mark.parametrize("size", [3072, 4096])
def test_a_custodian_may_have_a_longer_key_and_an_own_subject(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    subject = "CN=Alice,O=Contoso,C=US"
    command = ("custodian", "alice", "--directory", tmp_path, "--size", size, "--subject", subject)
    assert Run(capsys, *command, "--unencrypted", "--dns").status == 0
    made = x509.load_pem_x509_certificate((tmp_path / "alice.cer").read_bytes())
    assert made.subject.rfc4514_string() == subject
    key: Any = made.public_key()
    assert key.key_size == size
    assert not [each for each in made.extensions if isinstance(each.value, x509.SubjectAlternativeName)]


@pytest.mark.parametrize("taken", ["alice.key", "alice.cer"])
def test_a_custodians_files_are_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], taken: str
) -> None:
    (tmp_path / taken).write_text("mine")
    run = Run(capsys, "custodian", "alice", "--directory", tmp_path, "--unencrypted")
    assert run.error == f"{tmp_path / taken}: exists already and is never overwritten; choose another name"
    assert names_in(tmp_path) == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_a_weak_passphrase_or_none_at_all_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    assert "too short" in Run(capsys, *custodian_with(tmp_path, home, b"short")).error
    assert "empty" in Run(capsys, *custodian_with(tmp_path, home, b"\n\n")).error
    monkeypatch.setattr(passphrases, "_TERMINAL", tmp_path / "no-terminal")
    assert "nobody is there to type" in Run(capsys, "custodian", "alice", "--directory", home).error
    assert not home.exists()


def test_a_passphrase_that_is_typed_twice_differently_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = iter([PASSPHRASE.decode(), "something else"])
    monkeypatch.setattr(passphrases, "_TERMINAL", Path(os.devnull))
    monkeypatch.setattr("getpass.getpass", lambda _: next(typed))
    assert "the two passphrases differ" in Run(capsys, "custodian", "alice", "--directory", tmp_path).error
    assert names_in(tmp_path) == []


def test_a_passphrase_file_that_others_may_read_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = custodian_with(tmp_path, tmp_path / "home", PASSPHRASE)
    (tmp_path / "passphrase").chmod(0o640)
    assert Run(capsys, *command).error.endswith("passphrase: others may read it; say chmod 600 first")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["custodian", "../alice"], "a name of letters"),
        (["custodian", "alice", "--days", "0"], "--days 0: 1 to 36500"),
        (["custodian", "alice", "--subject", "Alice"], "--subject 'Alice'"),
    ],
)
def test_wrong_values_for_a_custodian_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert said in Run(capsys, *arguments, "--directory", tmp_path, "--unencrypted").error
    assert names_in(tmp_path) == []


# inspect and verify


def test_inspect_says_what_the_file_says_and_for_whom_it_was_made(
    domain_file: Path, key_files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(domain_file)
    stranger = write_custodian(key_files[0].parent, 7)
    certificates = [path.with_suffix(".cer") for path in (*key_files[:2], stranger)]
    run = Run(capsys, "inspect", domain_file, "--certificate", *certificates, "--json")
    assert run.status == 0
    assert (run.json["version"], run.json["required"], run.json["tags"]) == (2, 2, list(SMALL_CONTENT))
    assert run.json["sha256"] == hashlib.sha256(domain_file.read_bytes()).hexdigest()
    assert [each["custodian"] for each in run.json["shares"]] == [name_of(number) for number in (1, 2, 3)]
    assert [each["thumbprint_form"] for each in run.json["shares"]] == ["certificate", "certificate", "unknown"]
    assert run.json["not_made_for"] == ["custodian-7"]
    assert run.json["pool"] == HSM_ID
    told = Run(capsys, "inspect", domain_file, "--certificate", *certificates)
    assert "2 of 3 custodians open it" in told.out
    assert "not made for: custodian-7" in told.out


def test_verify_tries_every_quorum_of_all_custodians(
    domain_file: Path, key_files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(domain_file)
    run = Run(capsys, "verify", domain_file, "--key", *key_files, "--json")
    assert run.status == 0
    assert run.json["holds"]
    assert run.json["quorums"] == {"possible": 3, "tried": 3, "open": 3}
    assert run.json["findings"] == []
    told = Run(capsys, "verify", domain_file, "--key", *key_files)
    assert "HOLDS: 3 of 3 quorums of 2 tried: all open it, every integrity tag matches" in told.out
    assert "custodian-2" in told.out


def test_verify_with_too_few_keys_says_who_is_missing_and_ends_with_a_status_of_its_own(
    domain_file: Path, key_files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(domain_file)
    run = Run(capsys, "verify", domain_file, "--key", key_files[1])
    assert run.status == 3
    assert "NOT PROVED: 1 more of custodian-1, custodian-3 needed" in run.out


def test_verify_opens_encrypted_keys_with_what_a_descriptor_hands_over(
    domain_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [write_custodian(tmp_path, number, PASSPHRASE + bytes([48 + number])) for number in (1, 2)]
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE + b"1\n" + PASSPHRASE + b"2\n")
    os.close(writer)
    run = Run(capsys, "verify", domain_file, "--key", *paths, "--passphrase-fd", reader)
    assert run.status == 0
    assert PASSPHRASE.decode() not in run.out + run.err


def test_a_wrong_passphrase_is_one_line(
    domain_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_custodian(tmp_path, 1, PASSPHRASE)
    monkeypatch.setattr(passphrases, "_TERMINAL", Path(os.devnull))
    monkeypatch.setattr("getpass.getpass", lambda _: "not the passphrase")
    assert Run(capsys, "verify", domain_file, "--key", path).error == f"{path}: wrong passphrase"
    monkeypatch.setattr(passphrases, "_TERMINAL", tmp_path / "no-terminal")
    assert "is encrypted and nobody is there to be asked" in Run(capsys, "verify", domain_file, "--key", path).error


def test_a_key_of_somebody_else_makes_verify_fail(
    domain_file: Path, key_files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = write_custodian(key_files[0].parent, 7)
    run = Run(capsys, "verify", domain_file, "--key", key_files[0], key_files[1], stranger)
    assert run.status == 1
    assert "error: custodian-7: opens no share of this file: it is somebody else's key" in run.out


def test_a_file_of_another_pool_under_this_ones_manifest_is_noticed(
    domain_file: Path, key_files: list[Path], transfer_key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_manifest(domain_file)
    domain_file.write_bytes(text_of(made_file()))
    run = Run(capsys, "verify", domain_file, "--key", *key_files)
    assert run.status == 1
    assert "error: not the file that its manifest describes: altered, or of another pool" in run.out
    output = domain_file.with_name("restore.json")
    recovered = Run(
        capsys, "recover", domain_file, "--transfer-key", transfer_key_file, "--key", *key_files, "--output", output
    )
    assert "altered, or of another pool" in recovered.error
    assert not output.exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b'{"EncData": {', "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "is no security-domain file: EncData is missing"),
        (b"\xff\xfe", "not text in UTF-8"),
    ],
)
def test_what_is_no_security_domain_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    path = tmp_path / "sd.json"
    path.write_bytes(content)
    for command in ("inspect", "verify"):
        assert said in Run(capsys, command, path).error


def test_a_name_that_no_file_can_have_and_a_bottomless_manifest_are_one_line(
    domain_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "File name too long" in Run(capsys, "verify", "x" * 5000).error
    manifest_path(domain_file).write_text("[" * 200_000)
    assert "is no manifest of a security domain" in Run(capsys, "verify", domain_file).error


def test_a_missing_file_and_machines_get_one_line_and_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sd.json"
    run = Run(capsys, "verify", path, "--json")
    assert run.error == f"{path}: there is no such file"
    assert run.json == {"error": f"{path}: there is no such file"}


# share and recover


def restored(blob: bytes) -> dict[str, bytes]:
    """What the pool with the transfer key takes in."""
    return domain.open_restore_blob(blob.decode(), rsa_key(9), service_thumbprint(certificate(9).der))


def test_recover_makes_what_the_target_pool_takes_in(
    domain_file: Path, key_files: list[Path], transfer_key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = domain_file.with_name("restore.json")
    command = ("recover", domain_file, "--transfer-key", transfer_key_file, "--key", *key_files[1:], "--output", output)
    run = Run(capsys, *command, "--json")
    assert run.status == 0
    assert restored(output.read_bytes()) == SMALL_CONTENT
    assert output.stat().st_mode & 0o777 == 0o600
    assert run.json["custodians"] == ["custodian-2", "custodian-3"]
    assert run.json["target"] == "www9.Contoso.com"
    assert Run(capsys, "inspect", output, "--transfer-key", transfer_key_file).status == 0
    assert "exists already and is never overwritten" in Run(capsys, *command).error


def test_a_quorum_may_recover_without_any_key_leaving_its_custodian(
    domain_file: Path, key_files: list[Path], transfer_key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    combiner = write_custodian(domain_file.parent, 8)
    parts = [domain_file.with_name(f"share-{number}.json") for number in (1, 2)]
    for key, part in zip(key_files, parts, strict=False):
        command = ("share", domain_file, "--key", key, "--combiner", combiner.with_suffix(".cer"), "--output", part)
        assert Run(capsys, *command).status == 0
        assert part.stat().st_mode & 0o777 == 0o600
    output = domain_file.with_name("restore.json")
    base = ("recover", domain_file, "--transfer-key", transfer_key_file, "--output", output)
    assert "give --combiner-key" in Run(capsys, *base, "--share", *parts).error
    assert "needs 2 custodians, 1 at hand" in Run(capsys, *base, "--share", parts[0], "--combiner-key", combiner).error
    assert not output.exists()
    run = Run(capsys, *base, "--share", *parts, "--combiner-key", combiner, "--json")
    assert run.json["custodians"] == ["custodian-1", "custodian-2"]
    assert restored(output.read_bytes()) == SMALL_CONTENT


def test_a_blob_for_another_transfer_key_is_told_apart(
    domain_file: Path, key_files: list[Path], transfer_key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = domain_file.with_name("restore.json")
    Run(capsys, "recover", domain_file, "--transfer-key", transfer_key_file, "--key", *key_files, "--output", output)
    other = domain_file.with_name("other.pem")
    other.write_text(certificate_pem(6))
    run = Run(capsys, "inspect", output, "--transfer-key", other)
    assert run.status == 1
    assert "NOT for www6.Contoso.com: made for another transfer key" in run.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{}", "is no transfer key (it has no certificate (x5c))"),
        (b"-----BEGIN PRIVATE KEY-----", "is a private key; a transfer key is the target pool's public certificate"),
        (b"nothing", "is no transfer key (not JSON"),
    ],
)
def test_what_is_no_transfer_key_is_one_line_and_nothing_is_written(
    domain_file: Path, key_files: list[Path], capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    path, output = domain_file.with_name("transfer.json"), domain_file.with_name("restore.json")
    path.write_bytes(content)
    run = Run(capsys, "recover", domain_file, "--transfer-key", path, "--key", *key_files, "--output", output)
    assert said in run.error
    assert not output.exists()


def test_an_altered_file_recovers_nothing(
    domain_file: Path, key_files: list[Path], transfer_key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(domain_file.read_text())
    jwe = document["EncData"]["data"][1]["compact_jwe"]
    document["EncData"]["data"][1]["compact_jwe"] = jwe[:-4] + ("AAAA" if jwe[-4:] != "AAAA" else "BBBB")
    domain_file.write_bytes(text_of(document))
    output = domain_file.with_name("restore.json")
    run = Run(
        capsys, "recover", domain_file, "--transfer-key", transfer_key_file, "--key", *key_files, "--output", output
    )
    assert "was altered: datum base_enclave_backup" in run.error
    assert not output.exists()


# manifest


def test_the_record_names_everything_and_its_signature_checks_with_openssl(
    domain_file: Path, key_files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made = write_manifest(domain_file)
    copy = domain_file.with_name("copy.json")
    copy.write_bytes(domain_file.read_bytes())
    output = domain_file.with_name("record")
    signer = write_custodian(domain_file.parent, 5)
    run = Run(
        capsys,
        *("manifest", domain_file, "--copy", copy, "--kept", "safe 3 | Redmond", "--output", output),
        *("--key", *key_files, "--signing-key", signer, "--json"),
    )
    assert run.status == 0
    record = json.loads(output.with_suffix(".json").read_text())
    assert record["pool"] == {"id": HSM_ID, "created_at": made.hsm_created_at}
    assert record["security_domain"]["sha256"] == made.sha256
    assert record["security_domain"]["downloaded_by"] == made.downloaded_by
    assert [each["name"] for each in record["custodians"]] == ["custodian-1", "custodian-2", "custodian-3"]
    assert [each["place"] for each in record["copies"]] == [str(domain_file), str(copy), "safe 3 | Redmond"]
    assert record["verified"]["quorums_that_open"] == 3
    text = output.with_suffix(".md").read_text()
    for part in (HSM_ID, made.sha256, "2 of 3", "3 of 3 quorums", "safe 3 \\| Redmond", "deployer"):
        assert part in text
    public = domain_file.with_name("signer.pem")
    public.write_bytes(public_pem(5))
    signature = output.with_name("record.json.sig")
    check: list[str | Path] = [
        "openssl",
        "dgst",
        "-sha256",
        "-verify",
        public,
        "-signature",
        signature,
        output.with_suffix(".json"),
    ]
    assert subprocess.run(check, check=True, capture_output=True, text=True).stdout == "Verified OK\n"


def test_no_record_is_written_of_a_copy_that_differs_or_a_pool_that_is_not_known(
    domain_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = domain_file.with_name("record")
    assert "give --manifest" in Run(capsys, "manifest", domain_file, "--output", output).error
    write_manifest(domain_file)
    copy = domain_file.with_name("copy.json")
    copy.write_bytes(domain_file.read_bytes() + b" ")
    assert "is no copy of" in Run(capsys, "manifest", domain_file, "--copy", copy, "--output", output).error
    assert not list(domain_file.parent.glob("record*"))


# what every command does


@pytest.mark.parametrize("command", ["recover", "custodian", "manifest"])
@pytest.mark.parametrize("kind", ["a full disk", "a read-only directory", "a disk that fails to flush", "no directory"])
def test_a_result_that_cannot_be_written_leaves_nothing_half_written(
    domain_file: Path,
    key_files: list[Path],
    transfer_key_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    kind: str,
) -> None:
    write_manifest(domain_file)
    place = domain_file.parent / "place"
    given: dict[str, tuple[object, ...]] = {
        "recover": ("--transfer-key", transfer_key_file, "--key", *key_files, "--output", place / "restore.json"),
        "manifest": ("--output", place / "record"),
    }
    arguments = (
        ("custodian", "alice", "--unencrypted", "--directory", place)
        if command == "custodian"
        else (command, domain_file, *given[command])
    )
    if kind == "no directory":
        place.write_text("a file")
    else:
        place.mkdir()
        broken(kind, monkeypatch)
    said = Run(capsys, *arguments).error
    assert str(place) in said
    assert kind == "no directory" or names_in(place) == []


def broken(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that fails from the second write on."""
    real, calls = os.write, itertools.count()

    def half_written(descriptor: int, content: Any) -> int:
        if next(calls) == 0:
            return real(descriptor, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def refused(*_: object, **__: object) -> Any:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    if kind == "a full disk":
        monkeypatch.setattr(os, "write", half_written)
    elif kind == "a read-only directory":
        monkeypatch.setattr(tempfile, "mkstemp", refused)
    else:
        monkeypatch.setattr(files, "_flush_directory", refused)


def test_help_of_every_command_is_there_and_speaks_of_no_passphrase_argument() -> None:
    for command in ("custodian", "inspect", "verify", "share", "recover", "manifest"):
        shown = subprocess.run(
            [sys.executable, "-m", "ceremony", command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        assert "example" in shown
        assert "--passphrase " not in shown


def custodian_with(directory: Path, home: Path, passphrase: bytes) -> tuple[object, ...]:
    path = directory / "passphrase"
    path.write_bytes(passphrase)
    path.chmod(0o600)
    return ("custodian", "alice", "--directory", home, "--passphrase-file", path)


def x509_der(made: x509.Certificate) -> bytes:
    return made.public_bytes(Encoding.DER)


def public_pem(number: int) -> bytes:
    return rsa_key(number).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
