"""A project on disk with custodians' certificates and keys to import, and the dev stack's configuration to change."""

from __future__ import annotations

import copy
import datetime
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from config import ConfigurationError, Settings, parse

ROOT = Path(__file__).resolve().parents[3]

Values = dict[str, Any]
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _certificate(key: Key, name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + datetime.timedelta(days=365))
    return builder.sign(key, hashes.SHA256())


def _key_pem(key: Key, passphrase: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with every kind of file that a configuration can name, rightly or by mistake."""
    directory = tmp_path_factory.mktemp("material")
    keys: dict[str, Key] = {f"cert_{number}": rsa.generate_private_key(65537, 2048) for number in (1, 2, 3)}
    keys["small"] = rsa.generate_private_key(65537, 1024)  # noqa: S505 (too small: it has to be refused)
    keys["ec"] = ec.generate_private_key(ec.SECP256R1())
    keys["brainpool"] = ec.generate_private_key(ec.BrainpoolP256R1())
    for name, key in keys.items():
        certificate = _certificate(key, name)
        (directory / f"{name}.cer").write_bytes(certificate.public_bytes(Encoding.PEM))
        (directory / f"{name}.der").write_bytes(certificate.public_bytes(Encoding.DER))
        (directory / f"{name}.key").write_bytes(_key_pem(key))
        (directory / f"{name}.encrypted").write_bytes(_key_pem(key, b"passphrase"))
        key_der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        (directory / f"{name}.key.der").write_bytes(key_der)
    again = _certificate(keys["cert_1"], "the same key under another name")
    (directory / "same_key.cer").write_bytes(again.public_bytes(Encoding.PEM))
    both = (directory / "cert_1.cer").read_bytes() + (directory / "cert_2.cer").read_bytes()
    (directory / "two.cer").write_bytes(both)
    (directory / "key_and_certificate.pem").write_bytes(
        (directory / "cert_1.cer").read_bytes() + (directory / "cert_1.key").read_bytes()
    )
    (directory / "two.key").write_bytes((directory / "cert_1.key").read_bytes() + (directory / "ec.key").read_bytes())
    (directory / "empty").write_bytes(b"\n")
    (directory / "text").write_bytes(b"not a certificate at all\n")
    pem = b"-----BEGIN %s-----\nAAAA\n-----END %s-----\n"
    (directory / "broken.cer").write_bytes(pem % (b"CERTIFICATE", b"CERTIFICATE"))
    (directory / "broken.key").write_bytes(pem % (b"PRIVATE KEY", b"PRIVATE KEY"))
    return directory


@pytest.fixture
def project(tmp_path: Path, material: Path) -> Path:
    """A project's directory with the dev stack's files under .local."""
    custodians, keys = tmp_path / ".local/custodians", tmp_path / ".local/keys"
    custodians.mkdir(parents=True)
    keys.mkdir()
    for name in ("cert_1", "cert_2", "cert_3"):
        shutil.copy(material / f"{name}.cer", custodians)
        shutil.copy(material / f"{name}.key", custodians)
    shutil.copy(material / "key_and_certificate.pem", keys / "mycert2.pem")
    return tmp_path


@pytest.fixture(scope="session")
def dev_values() -> Values:
    """The dev stack's configuration, as its file says it; without the vault, whose secrets only the engine can read."""
    values: Values = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    values.pop("managed-hsm:vault", None)
    return values


@pytest.fixture
def dev(dev_values: Values) -> Values:
    """The dev stack's configuration, to be changed by a test."""
    return copy.deepcopy(dev_values)


@pytest.fixture
def accepted(project: Path) -> Callable[[Values], Settings]:
    """Parses values that are right."""
    return lambda values: parse(values, project)


@pytest.fixture
def mistakes(project: Path) -> Callable[[Values], list[str]]:
    """Parses values that are wrong: the lines of the error without the header and the namespace."""

    def lines(values: Values) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            parse(values, project)
        header, *rest = str(caught.value).split("\n")
        noun = "mistake" if len(rest) == 1 else "mistakes"
        assert header == f"{len(rest)} {noun} in the configuration:"
        return [line.removeprefix("managed-hsm:") for line in rest]

    return lines
