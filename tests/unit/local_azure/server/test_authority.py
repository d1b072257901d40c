from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from local_azure.server.authority import CertificateAuthority
from local_azure.server.tls import is_host_name

HOST = "contoso.managedhsm.azure.net"


def test_a_certificate_verifies_for_its_host_and_no_other(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    leaf = x509.load_pem_x509_certificate(authority.certificate_file(HOST).read_bytes())
    store = Store([x509.load_pem_x509_certificate(authority.bundle.read_bytes())])
    PolicyBuilder().store(store).build_server_verifier(x509.DNSName(HOST)).verify(leaf, [])
    with pytest.raises(x509.verification.VerificationError):
        PolicyBuilder().store(store).build_server_verifier(x509.DNSName("a." + HOST)).verify(leaf, [])


def test_private_keys_are_the_owners_alone_and_the_bundle_holds_none(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    authority.certificate_file(HOST)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "tls").iterdir()} == {0o600}
    assert b"PRIVATE" not in authority.bundle.read_bytes()


def test_the_authority_and_its_certificates_survive_a_restart(tmp_path: Path) -> None:
    first = CertificateAuthority(tmp_path)
    certificate = first.certificate_file(HOST).read_bytes()
    second = CertificateAuthority(tmp_path)
    assert second.bundle.read_bytes() == first.bundle.read_bytes()
    assert second.certificate_file(HOST).read_bytes() == certificate


def test_a_certificate_of_an_authority_that_is_gone_is_replaced(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    certificate = authority.certificate_file(HOST).read_bytes()
    authority.bundle.unlink()
    assert CertificateAuthority(tmp_path).certificate_file(HOST).read_bytes() != certificate


def test_a_certificate_is_renewed_before_it_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = CertificateAuthority(tmp_path)
    certificate = authority.certificate_file(HOST).read_bytes()
    later = datetime.now(UTC) + timedelta(days=380)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            del tz
            return later

    monkeypatch.setattr("local_azure.server.authority.datetime", Later)
    assert authority.certificate_file(HOST).read_bytes() != certificate


def test_the_authority_outlives_the_clone(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    assert authority.certificate.not_valid_after_utc - datetime.now(UTC) > timedelta(days=19 * 365)


@pytest.mark.parametrize("name", ["", "localhost", "../../etc/passwd", "a..b.net", "A.example.net", "x" * 64 + ".net"])
def test_what_is_no_host_name_never_becomes_a_file_name(name: str) -> None:
    assert not is_host_name(name)


def test_the_hosts_of_azure_are_host_names() -> None:
    assert is_host_name(HOST)
    assert is_host_name("login.microsoftonline.com")
