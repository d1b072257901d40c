"""A custodian's private key must not lie where the program runs, whatever it is called."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import Settings

Values = dict[str, Any]
Accepted = Callable[[Values], Settings]
Mistakes = Callable[[Values], list[str]]


@pytest.fixture
def serious(dev: Values, project: Path) -> Values:
    """The dev stack without rehearsal, its custodians' private keys taken away."""
    del dev["managed-hsm:securityDomain"]["rehearsal"]
    for key in (project / ".local/custodians").glob("*.key"):
        key.unlink()
    return dev


def _line(number: int, found: str) -> str:
    certificate = f".local/custodians/cert_{number}.cer"
    return (
        f"securityDomain.custodians[{number - 1}].certificate: {certificate} is not accepted;"
        f" a certificate without its private key at hand ({found});"
        " custodians keep their keys, only a dev stack may say rehearsal: true"
    )


def test_certificates_without_private_keys_are_accepted(serious: Values, accepted: Accepted) -> None:
    accepted(serious)


def test_private_keys_may_lie_beside_in_a_rehearsal(dev: Values, accepted: Accepted) -> None:
    accepted(dev)


@pytest.mark.parametrize("file", ["cert_2.key", "cert_2.key.der"])
def test_a_matching_private_key_of_any_name_is_found(
    serious: Values, mistakes: Mistakes, project: Path, material: Path, file: str
) -> None:
    shutil.copy(material / file, project / ".local/custodians/notes.txt")
    assert mistakes(serious) == [_line(2, ".local/custodians/notes.txt")]


def test_a_private_key_beside_another_custodians_certificate_is_found(
    serious: Values, mistakes: Mistakes, project: Path, material: Path
) -> None:
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    (project / ".local/custodians/cert_3.cer").rename(elsewhere / "cert_3.cer")
    serious["managed-hsm:securityDomain"]["custodians"][2]["certificate"] = "elsewhere/cert_3.cer"
    shutil.copy(material / "cert_1.key", elsewhere / "key.pem")
    assert mistakes(serious) == [_line(1, "elsewhere/key.pem")]


def test_an_encrypted_private_key_named_like_the_certificate_is_found(
    serious: Values, mistakes: Mistakes, project: Path, material: Path
) -> None:
    shutil.copy(material / "cert_1.encrypted", project / ".local/custodians/cert_1.pem")
    assert mistakes(serious) == [_line(1, ".local/custodians/cert_1.pem")]


@pytest.mark.parametrize("ending", [".pfx", ".p12", ".key"])
def test_a_key_store_named_like_the_certificate_is_found(
    serious: Values, mistakes: Mistakes, project: Path, ending: str
) -> None:
    (project / f".local/custodians/cert_1{ending}").write_bytes(b"\x00 not to be opened without a passphrase")
    assert mistakes(serious) == [_line(1, f".local/custodians/cert_1{ending}")]


def test_private_keys_of_somebody_else_do_not_matter(
    serious: Values, accepted: Accepted, project: Path, material: Path
) -> None:
    shutil.copy(material / "ec.key", project / ".local/custodians/ec.key")
    shutil.copy(material / "small.encrypted", project / ".local/custodians/small.pem")
    accepted(serious)
