"""A key in hardware: SoftHSM in its place, where it, python-pkcs11 and OpenSSL's provider for PKCS#11 are installed."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.unit.workload.managed_identity_v2.serving import ISSUE, SECRET, VAULT, Serving
from workload.managed_identity_v2 import ManagedIdentityError
from workload.managed_identity_v2.pkcs11_key import Pkcs11Key, Pkcs11Token

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib/pkcs11/libsofthsm2.so")
PROVIDER = os.environ.get("PKCS11_PROVIDER", "")
"""Path of pkcs11-provider's module, pkcs11.so."""
PIN = "123456"

RENEWING = """
import sys
from azure.keyvault.secrets import SecretClient
from workload.managed_identity_v2 import ManagedIdentityV2Credential, bound_client_options
from workload.managed_identity_v2.pkcs11_key import Pkcs11Key, Pkcs11Token
key = Pkcs11Key(Pkcs11Token(*sys.argv[1:]), "managed-identity-v2")
scope = "https://vault.azure.net/.default"
with ManagedIdentityV2Credential(keys=lambda: key) as credential:
    options = bound_client_options(credential, scope)
    with SecretClient("https://contosomivault.vault.azure.net", credential, **options) as client:
        print(client.get_secret("contososecret").value)
        credential.get_token(scope, claims='{"access_token":{}}')
        print(client.get_secret("contososecret").value)
"""
"""Two certificates in one process, the second while OpenSSL holds the token open."""

module = next((path for path in MODULES if Path(path).exists()), None)
needs_token = pytest.mark.skipif(
    module is None or find_spec("pkcs11") is None or shutil.which("softhsm2-util") is None,
    reason="needs SoftHSM (softhsm2) and python-pkcs11",
)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pkcs11Token:
    """A new token."""
    (tmp_path / "tokens").mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {tmp_path}/tokens\nobjectstore.backend = file\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    command = ["softhsm2-util", "--init-token", "--free", "--label", "contoso token", "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    pin_file = tmp_path / "pin"
    pin_file.touch(mode=0o600)
    pin_file.write_text(PIN)
    return Pkcs11Token(str(module), "contoso token", str(pin_file))


@needs_token
def test_the_key_is_made_in_the_token_and_signs_there(token: Pkcs11Token) -> None:
    key = Pkcs11Key(token, "binding")
    signature = key.signer.sign(b"data", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    public = key.signer.public_key()
    public.verify(signature, b"data", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert Pkcs11Key(token, "binding").signer.public_key() == public
    assert Pkcs11Key(token, "another").signer.public_key() != public
    with pytest.raises(NotImplementedError, match="stays in the token"):
        key.signer.private_numbers()
    pem = key.tls_key(b"passphrase")
    assert pem.startswith(b"-----BEGIN PKCS#11 PROVIDER URI-----\n")
    assert PIN.encode() not in pem


@needs_token
def test_a_key_that_may_leave_the_token_is_not_used(token: Pkcs11Token) -> None:
    import pkcs11

    with token.session() as session:
        loose = {pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True}
        session.generate_keypair(pkcs11.KeyType.RSA, 2048, store=True, label="loose", private_template=loose)
    with pytest.raises(ManagedIdentityError, match="may leave its token"):
        _ = Pkcs11Key(token, "loose").signer


@needs_token
def test_a_token_that_cannot_be_used_is_said_in_one_line(token: Pkcs11Token, tmp_path: Path) -> None:
    with pytest.raises(ManagedIdentityError, match=r"nobody.s. in .* cannot be used"):
        _ = Pkcs11Key(Pkcs11Token(token.module, "nobody's", token.pin_file), "binding").signer
    wrong = tmp_path / "wrong"
    wrong.write_text("654321")
    with pytest.raises(ManagedIdentityError, match="cannot be used"):
        _ = Pkcs11Key(Pkcs11Token(token.module, token.label, str(wrong)), "binding").signer


@needs_token
@pytest.mark.skipif(not PROVIDER, reason="needs pkcs11-provider: PKCS11_PROVIDER=/path/to/pkcs11.so")
def test_a_vault_is_called_with_a_key_that_never_leaves_the_token(
    azure: Serving, token: Pkcs11Token, tmp_path: Path
) -> None:
    configuration = tmp_path / "openssl.cnf"
    configuration.write_text(
        "openssl_conf = init\n[init]\nproviders = all\n[all]\ndefault = one\npkcs11 = two\n[one]\nactivate = 1\n"
        f"[two]\nmodule = {PROVIDER}\npkcs11-module-path = {token.module}\nactivate = 1\n"
    )
    environment = {**os.environ, "OPENSSL_CONF": str(configuration)}
    command = [sys.executable, "-m", "workload.managed_identity_v2", "--pkcs11-module", token.module]
    command += ["--pkcs11-token", token.label, "--pkcs11-pin-file", str(token.pin_file)]
    command += ["--resource-url", f"{VAULT}{SECRET}?api-version=7.4", "--body"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "from the vault" in done.stdout
    assert len(azure.asked(ISSUE)) == 1
    command = [sys.executable, "-c", RENEWING, token.module, token.label, str(token.pin_file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "from the vault\nfrom the vault\n"
    assert len(azure.asked(ISSUE)) == 3


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(ManagedIdentityError, match="install it"), Pkcs11Token("/nowhere.so", "any").session():
        pass


def test_openssl_is_pointed_at_the_key_by_its_uri() -> None:
    pem = Pkcs11Key(Pkcs11Token("/usr/lib/tpm2_pkcs11.so", "my token", "/run/pin"), "my key").tls_key(b"")
    der = ssl.PEM_cert_to_DER_cert(pem.decode().replace("PKCS#11 PROVIDER URI", "CERTIFICATE"))
    assert b"pkcs11:token=my%20token;object=my%20key;type=private?pin-source=file:/run/pin" in der
    assert der[0] == 0x30
