"""Certificates are read as PEM or DER and known by what the security domain knows them by."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest
from cryptography import x509

from config.certificates import read_certificate
from config.files import LARGEST_FILE, UnusableFile, read_file


def test_pem_and_der_of_one_certificate_are_the_same(material: Path) -> None:
    assert read_certificate(material / "cert_1.cer") == read_certificate(material / "cert_1.der")


def test_the_thumbprint_is_base64url_of_sha_256_over_the_der(material: Path) -> None:
    der = (material / "cert_1.der").read_bytes()
    expected = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")
    assert read_certificate(material / "cert_1.cer").thumbprint == expected


def test_the_pem_text_is_the_certificate_again(material: Path) -> None:
    certificate = read_certificate(material / "cert_1.der")
    assert certificate.pem == (material / "cert_1.cer").read_text()


def test_an_expired_certificate_is_accepted(material: Path) -> None:
    parsed = x509.load_der_x509_certificate((material / "cert_1.der").read_bytes())
    assert parsed.not_valid_after_utc.year == 2020
    assert read_certificate(material / "cert_1.cer").der


def test_text_around_a_pem_certificate_does_not_matter(material: Path, tmp_path: Path) -> None:
    file = tmp_path / "with_text.cer"
    file.write_text("Subject: somebody\n" + (material / "cert_1.cer").read_text() + "\n# end\n")
    assert read_certificate(file) == read_certificate(material / "cert_1.cer")


def test_a_file_that_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnusableFile, match="is not a plain file"):
        read_file(tmp_path / "pipe")


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (LARGEST_FILE + 1))
    with pytest.raises(UnusableFile, match="is too large"):
        read_file(tmp_path / "large")


@pytest.mark.parametrize("name", ["x" * 300, "a/" * 3000, "\0"])
def test_a_name_that_no_file_can_have_is_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableFile):
        read_file(tmp_path / name)
