"""Where private keys go: nowhere that they could be read."""

from __future__ import annotations

import logging
import os
import pickle
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.unit.workload.managed_identity_v2.clients import vault_client
from tests.unit.workload.managed_identity_v2.serving import SCOPE
from workload.managed_identity_v2 import InMemoryKey, ManagedIdentityError, ManagedIdentityV2Credential, client_context
from workload.managed_identity_v2 import tls as tls_module
from workload.managed_identity_v2.private_file import private_file


@pytest.fixture
def no_anonymous_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A system without memfd_create(2), and the directory for its temporary files."""
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_on_linux_nothing_is_written_to_any_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with private_file(b"content") as path:
        assert path.startswith("/proc/self/fd/")
        assert Path(path).read_bytes() == b"content"
        assert list(tmp_path.iterdir()) == []
    assert not Path(path).exists()


def test_elsewhere_it_is_a_file_of_the_owners_alone_that_is_gone_at_once(no_anonymous_files: Path) -> None:
    with private_file(b"content") as path:
        assert Path(path).parent == no_anonymous_files
        assert stat.S_IMODE(Path(path).stat().st_mode) == 0o600
        assert Path(path).read_bytes() == b"content"
    assert list(no_anonymous_files.iterdir()) == []


def test_a_failure_leaves_no_file_behind(no_anonymous_files: Path) -> None:
    with pytest.raises(RuntimeError), private_file(b"content"):
        raise RuntimeError
    assert list(no_anonymous_files.iterdir()) == []


@pytest.mark.usefixtures("azure")
def test_what_openssl_reads_is_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def watched(content: bytes) -> Any:
        seen.append(content)
        return private_file(content)

    monkeypatch.setattr(tls_module, "private_file", watched)
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client:
        client.get_secret("contososecret")
        found = credential.bound_token(SCOPE)
    assert len(seen) == 2
    for content in seen:
        assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
        assert b"BEGIN PRIVATE KEY" not in content
        assert b"BEGIN RSA PRIVATE KEY" not in content
    assert found.binding is not None
    assert str(found.binding.key.signer) not in repr(found)


@pytest.mark.usefixtures("azure")
def test_neither_token_nor_key_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        ManagedIdentityV2Credential() as credential,
        vault_client(credential) as client,
    ):
        client.get_secret("contososecret")
        found = credential.bound_token(SCOPE)
    said = caplog.text + repr(found) + repr(found.binding) + repr(credential)
    assert found.token not in said
    assert found.token.split(".")[2] not in said
    assert "PRIVATE KEY" not in said
    assert "from the vault" not in caplog.text
    with pytest.raises((TypeError, pickle.PicklingError, AttributeError)):
        pickle.dumps(found)


@pytest.mark.usefixtures("azure")
def test_without_anonymous_files_it_works_as_well(no_anonymous_files: Path) -> None:
    with ManagedIdentityV2Credential() as credential, vault_client(credential) as client:
        assert client.get_secret("contososecret").value == "from the vault"
    assert not any(each.name.startswith("client-certificate-") for each in no_anonymous_files.iterdir())


def test_a_passphrase_is_used_once() -> None:
    key = InMemoryKey()
    first, second = key.tls_key(b"one"), key.tls_key(b"two")
    assert first != second
    with pytest.raises(ValueError, match=r"."):
        serialization.load_pem_private_key(first, b"two")
    loaded = serialization.load_pem_private_key(second, b"two")
    assert isinstance(loaded, rsa.RSAPrivateKey)
    assert loaded.public_key() == key.signer.public_key()


def test_each_certificate_has_a_key_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert InMemoryKey().signer.public_key() != InMemoryKey().signer.public_key()


@pytest.mark.usefixtures("azure")
def test_a_context_lets_the_server_ask_late() -> None:
    with ManagedIdentityV2Credential() as credential:
        binding = credential.bound_token(SCOPE).binding
    assert binding is not None
    context = client_context(binding.certificate, binding.key)
    assert context.maximum_version is ssl.TLSVersion.TLSv1_2
    assert not context.options & ssl.OP_NO_RENEGOTIATION
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    newest = client_context(binding.certificate, binding.key, maximum_version=ssl.TLSVersion.MAXIMUM_SUPPORTED)
    assert newest.post_handshake_auth


@pytest.mark.usefixtures("azure")
def test_a_key_that_openssl_does_not_take_is_explained() -> None:
    with ManagedIdentityV2Credential() as credential:
        binding = credential.bound_token(SCOPE).binding
    assert binding is not None
    with pytest.raises(ManagedIdentityError, match="pkcs11-provider"):
        client_context(binding.certificate, InMemoryKey())
