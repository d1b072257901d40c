"""Security-domain files as the service makes them, and custodians who open them."""

from __future__ import annotations

import functools
import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ceremony import security_domain_file
from ceremony.private_keys import Certificate, CustodianKey
from ceremony.security_domain_file import SecurityDomainFile
from ceremony.verification import verify
from data_plane import role_assignments, session
from data_plane.built_in_roles import CRYPTO_USER, guid_of, role_definition_id
from data_plane.custody import Manifest, certificate_der, json_web_key
from data_plane.pool import Pool
from data_plane.security_domain_file import manifest_path
from local_azure.entra.directory import DEPLOYER_OBJECT_ID
from local_azure.managed_hsm.security_domain import domain
from local_azure.managed_hsm.security_domain.certificates import custodians_and_quorum
from tests.unit.data_plane.support import certificate_pem, rsa_key

CONTENT = {tag: secrets.token_bytes(size) for tag, size in domain.TAGS.items()}
SMALL_CONTENT = {tag: secrets.token_bytes(40) for tag in domain.TAGS}


def name_of(number: int) -> str:
    return f"custodian-{number}"


@functools.cache
def certificate(number: int) -> Certificate:
    return Certificate(name_of(number), x509.load_pem_x509_certificate(certificate_pem(number).encode()))


def key(number: int, *, with_certificate: bool = True) -> CustodianKey:
    return CustodianKey(name_of(number), rsa_key(number), certificate(number) if with_certificate else None)


def keys(*numbers: int) -> list[CustodianKey]:
    return [key(number) for number in numbers]


def made_file(
    numbers: Sequence[int] = (1, 2, 3), required: int = 2, content: dict[str, bytes] = SMALL_CONTENT
) -> dict[str, Any]:
    """What a pool hands out for these custodians, as JSON."""
    body = {
        "certificates": [json_web_key(certificate_der(name_of(each), certificate_pem(each))) for each in numbers],
        "required": required,
    }
    custodians, quorum = custodians_and_quorum(body)
    made: dict[str, Any] = json.loads(domain.make_file(content, custodians, quorum))
    return made


def text_of(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def parsed(document: Any) -> SecurityDomainFile:
    return security_domain_file.parse(text_of(document), "sd.json")


def custodians_open(path: Path, *numbers: int) -> bool:
    """Whether every quorum of these custodians opens the file, and nothing is wrong with it or its manifest."""
    manifest = Manifest.from_json(manifest_path(path).read_text())
    assert manifest is not None
    file = security_domain_file.parse(path.read_bytes(), path.name)
    verification = verify(file, keys(*numbers), (), manifest)
    return verification.holds and verification.findings == () and not verification.missing


def write_custodian(directory: Path, number: int, passphrase: bytes | None = None) -> Path:
    """A key file with its certificate beside it; answers the key's path."""
    path = directory / f"{name_of(number)}.key"
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    path.write_bytes(
        rsa_key(number).private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    )
    path.chmod(0o600)
    path.with_suffix(".cer").write_text(certificate_pem(number))
    return path


def may_use_keys(pool: Pool) -> None:
    """Gives the deployer Crypto User at /keys."""
    guid = guid_of(CRYPTO_USER)
    assert guid is not None
    name = role_assignments.assignment_name(pool.id, pool.created_at, guid, DEPLOYER_OBJECT_ID, "/keys")
    role_assignments.ensure(
        session.current(),
        pool.uri,
        role_assignments.Assignment(name, role_definition_id(guid), DEPLOYER_OBJECT_ID, "/keys"),
    )
