from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from local_azure.core.errors import ServiceError
from local_azure.managed_hsm.security_domain.certificates import custodians_and_quorum
from tests.unit.local_azure.managed_hsm.support import certificate_of, custodian, download_body, rsa_key


def _refusal(body: dict[str, Any]) -> str:
    with pytest.raises(ServiceError) as caught:
        custodians_and_quorum(body)
    assert (caught.value.status, caught.value.code) == (400, "BadParameter")
    return caught.value.message


def _jwk(der: bytes) -> dict[str, Any]:
    return {"kty": "RSA", "x5c": [base64.b64encode(der).decode()]}


def test_expired_certificates_are_taken() -> None:
    found, required = custodians_and_quorum(download_body())
    assert required == 2
    assert [each.thumbprint for each in found] == [custodian(number).thumbprint for number in range(3)]


def test_nothing_but_the_first_certificate_of_the_chain_counts() -> None:
    """As terraform-provider-azurerm sends it: no ``n``, no ``e``, ``key_ops`` of nothing, a thumbprint of the text."""
    body = download_body()
    for number, key in enumerate(body["certificates"]):
        body["certificates"][number] = {
            "kty": "RSA",
            "alg": "RSA-OAEP-256",
            "key_ops": [""],
            "x5c": [key["x5c"][0], "not a certificate"],
            "x5t#S256": "YVOReAcpOXpHaXeyYbAppqBqGV4IBpXLZuX4rdA5cwQ=",
        }
    found, _ = custodians_and_quorum(body)
    assert [each.thumbprint for each in found] == [custodian(number).thumbprint for number in range(3)]


def test_three_to_ten_certificates_and_a_quorum_from_two_to_their_number() -> None:
    keys = [custodian(number).jwk() for number in range(3)]
    for count in (0, 1, 2, 11):
        assert "between 3 and 10" in _refusal({"certificates": (keys * 4)[:count], "required": 2})
    for required in (0, 1, 4, -1, "2", 2.0, True, None):
        assert "'required'" in _refusal({"certificates": keys, "required": required})
    assert custodians_and_quorum({"certificates": keys, "required": 3})[1] == 3


def test_the_same_certificate_twice_is_refused() -> None:
    keys = [custodian(0).jwk(), custodian(1).jwk(), custodian(0).jwk()]
    assert "different" in _refusal({"certificates": keys, "required": 2})


def test_other_keys_than_rsa_of_2048_bits_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP256R1()), rsa_key(0, 1024)):
        keys = [custodian(0).jwk(), custodian(1).jwk(), _jwk(certificate_of(key))]
        assert _refusal({"certificates": keys, "required": 2}).startswith("Certificate 2 must have an RSA key")


@pytest.mark.parametrize(
    "key", [None, "text", {}, {"x5c": []}, {"x5c": [7]}, {"x5c": ["!"]}, {"x5c": ["AAAA"]}, {"x5c": "AAAA"}]
)
def test_what_is_no_certificate_is_refused(key: object) -> None:
    keys = [custodian(0).jwk(), key, custodian(1).jwk()]
    assert _refusal({"certificates": keys, "required": 2}).startswith("Certificate 1 ")


def test_a_body_without_certificates_is_refused() -> None:
    assert "number of certificates" in _refusal({})
