from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local_azure.stack import material


def test_three_custodians_and_a_key_are_made(tmp_path: Path) -> None:
    made = {str(path.relative_to(tmp_path)) for path in material.make(tmp_path)}
    custodians = {f"custodians/cert_{number}.{kind}" for number in (1, 2, 3) for kind in ("cer", "key")}
    assert made == custodians | {"keys/mycert2.pem"}


def test_a_second_run_touches_nothing(tmp_path: Path) -> None:
    made = material.make(tmp_path)
    before = {path: path.read_bytes() for path in made}
    assert material.make(tmp_path) == []
    assert {path: path.read_bytes() for path in made} == before


def test_a_certificate_belongs_to_the_key_beside_it(tmp_path: Path) -> None:
    material.make(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "custodians/cert_1.cer").read_bytes())
    key = serialization.load_pem_private_key((tmp_path / "custodians/cert_1.key").read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert certificate.public_key() == key.public_key()
    assert key.key_size == 2048


def test_the_subject_is_contosos(tmp_path: Path) -> None:
    material.make(tmp_path)
    certificate = x509.load_pem_x509_certificate((tmp_path / "custodians/cert_2.cer").read_bytes())
    assert certificate.subject.rfc4514_string() == "CN=www.Contoso.com,OU=MHSM,O=Contoso,L=Redmond,ST=WA,C=US"


def test_private_keys_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    material.make(tmp_path)
    for path in (tmp_path / "custodians/cert_3.key", tmp_path / "keys/mycert2.pem"):
        assert path.stat().st_mode & 0o777 == 0o600
