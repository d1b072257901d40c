from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from data_plane.custody import (
    Attempt,
    Custodian,
    Custody,
    Manifest,
    certificate_der,
    custody_of,
    json_web_key,
    thumbprint,
)
from data_plane.errors import CustodyError
from data_plane.pool import Pool
from data_plane.security_domain import security_domain_bytes
from tests.unit.data_plane.support import HSM_ID, certificate_pem, certificates, rsa_key

POOL = Pool(HSM_ID, "az400popMHSM", "https://az400popmhsm.managedhsm.azure.net/", "2026-01-01T00:00:00Z", "Active", "")
custodies = st.builds(
    Custody,
    st.lists(st.builds(Custodian, st.text(max_size=9), st.text(max_size=9)), max_size=5).map(tuple),
    st.integers(2, 10),
)


@given(custody=custodies, moment=st.text(max_size=9))
def test_manifest_and_attempt_survive_their_files(custody: Custody, moment: str) -> None:
    manifest = Manifest(HSM_ID, moment, custody, "ab", moment, "me")
    assert Manifest.from_json(manifest.to_json()) == manifest
    attempt = Attempt(HSM_ID, moment, custody, moment)
    assert Attempt.from_json(attempt.to_json()) == attempt


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"hsm_id": 1, "custodians": 3}', "\x00"])
def test_a_broken_record_is_no_record(text: str) -> None:
    assert Manifest.from_json(text) is None
    assert Attempt.from_json(text) is None


def test_a_manifest_names_one_very_pool() -> None:
    manifest = Manifest(HSM_ID.upper(), POOL.created_at, custody_of(certificates(1, 2, 3), 2), "", "", "")
    assert manifest.is_of(POOL)
    assert not manifest.is_of(replace(POOL, created_at="2026-01-02T00:00:00Z"))
    assert not replace(manifest, hsm_created_at="").is_of(replace(POOL, created_at=""))


def test_custody_is_the_certificates_and_the_quorum_whatever_their_order_and_names() -> None:
    custody = custody_of(certificates(1, 2, 3), 2)
    renamed = tuple((f"other-{name}", der) for name, der in certificates(3, 1, 2))
    assert custody.fits(custody_of(renamed, 2))
    assert not custody.fits(custody_of(certificates(1, 2, 3), 3))
    assert not custody.fits(custody_of(certificates(1, 2, 4), 2))


@pytest.mark.parametrize(
    ("numbers", "quorum", "words"),
    [
        ((1, 2), 2, "2 given; the service takes 3 to 10"),
        (tuple(range(11)), 2, "11 given"),
        ((1, 2, 2), 2, "given twice"),
        ((1, 2, 3), 1, "1 of 3 custodians; accepted are 2 to 3"),
        ((1, 2, 3), 4, "accepted are 2 to 3"),
    ],
)
def test_the_services_limits_are_refused_before_any_request(numbers: tuple[int, ...], quorum: int, words: str) -> None:
    given_certificates = [(f"c{index}", bytes([number])) for index, number in enumerate(numbers)]
    with pytest.raises(CustodyError, match=words):
        custody_of(given_certificates, quorum)


def test_a_private_key_in_place_of_a_certificate_is_refused_unread() -> None:
    pem = rsa_key(1).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(CustodyError, match="private key") as info:
        certificate_der("ada", pem.decode())
    assert pem.decode().splitlines()[1] not in str(info.value)


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(CustodyError, match="custodian ada: not a PEM certificate"):
        certificate_der("ada", "hello")


def test_the_download_request_names_the_certificate_by_its_der() -> None:
    der = certificate_der("ada", certificate_pem(1))
    key = json_web_key(der)
    assert key["x5t#S256"] == thumbprint(der)
    assert "=" not in key["x5t#S256"]
    assert key["alg"] == "RSA-OAEP-256"


@pytest.mark.parametrize("alphabet", [str.maketrans("", ""), str.maketrans("+/", "-_")])
def test_the_answer_may_be_text_or_base64(alphabet: dict[int, int]) -> None:
    import base64

    text = '{"EncData": {"data": [1]}, "SharedKeys": {"required": 2}, "note": "\u00ff\u00fe???>>>"}'
    assert security_domain_bytes(text) == text.encode()
    encoded = base64.b64encode(text.encode()).decode().translate(alphabet).rstrip("=")
    assert security_domain_bytes(encoded) == text.encode()


@pytest.mark.parametrize("value", [None, "", "c2VjcmV0", '{"EncData": {}}', "[]", 3])
def test_an_answer_without_a_security_domain_is_refused_and_not_shown(value: object) -> None:
    with pytest.raises(CustodyError) as info:
        security_domain_bytes(value)
    assert "c2VjcmV0" not in str(info.value)
