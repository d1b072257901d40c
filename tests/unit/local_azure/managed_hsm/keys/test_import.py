from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from local_azure.managed_hsm.keys.material import unsigned as number
from tests.unit.local_azure.managed_hsm.keys.support import Hsm, b64


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def rsa_jwk(key: rsa.RSAPrivateKey, kty: str = "RSA-HSM") -> dict[str, Any]:
    private = key.private_numbers()
    return {
        "kty": kty,
        "n": number(private.public_numbers.n, key.key_size // 8 + 1),
        "e": number(private.public_numbers.e),
        "d": number(private.d),
        "p": number(private.p),
        "q": number(private.q),
        "dp": number(private.dmp1),
        "dq": number(private.dmq1),
        "qi": number(private.iqmp),
    }


@pytest.mark.parametrize("kty", ["RSA", "RSA-HSM"])
def test_an_rsa_key_comes_in_and_shows_its_modulus_without_zeros_in_front(
    hsm: Hsm, rsa_key: rsa.RSAPrivateKey, kty: str
) -> None:
    jwk = rsa_jwk(rsa_key, kty) | {"key_ops": ["encrypt", "decrypt"]}
    bundle = hsm.ok("PUT", "/keys/mypemrsakey", {"key": jwk, "Hsm": True, "attributes": {"enabled": True}})
    assert bundle["key"]["kty"] == "RSA-HSM"
    assert bundle["key"]["key_ops"] == ["encrypt", "decrypt"]
    assert bundle["key"]["n"] == number(rsa_key.public_key().public_numbers().n)
    assert bundle["attributes"]["exportable"] is False
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(bundle["key"])


def test_an_import_over_a_key_is_a_new_version(hsm: Hsm, rsa_key: rsa.RSAPrivateKey) -> None:
    hsm.create("key", kty="oct-HSM")
    hsm.ok("PUT", "/keys/key", {"key": rsa_jwk(rsa_key)})
    assert len(hsm.names("/keys/key/versions")) == 2
    assert hsm.ok("GET", "/keys/key")["key"]["kty"] == "RSA-HSM"


@pytest.mark.parametrize(
    ("name", "curve"),
    [("P-256", ec.SECP256R1()), ("P-384", ec.SECP384R1()), ("P-521", ec.SECP521R1()), ("P-256K", ec.SECP256K1())],
)
def test_an_ec_key_comes_in(hsm: Hsm, name: str, curve: ec.EllipticCurve) -> None:
    private = ec.generate_private_key(curve).private_numbers()
    length = (curve.key_size + 7) // 8
    jwk = {
        "kty": "EC",
        "crv": name,
        "x": number(private.public_numbers.x, length),
        "y": number(private.public_numbers.y, length),
        "d": number(private.private_value, length),
    }
    shown = hsm.ok("PUT", "/keys/key", {"key": jwk})["key"]
    assert (shown["kty"], shown["crv"], shown["x"], shown["y"]) == ("EC-HSM", name, jwk["x"], jwk["y"])
    wrong = jwk | {"d": number((private.private_value + 1) % 2**200, length)}
    assert hsm.call("PUT", "/keys/key", {"key": wrong}).code == "BadParameter"


@pytest.mark.parametrize("length", [16, 24, 32, 64])
def test_a_symmetric_key_comes_in_and_never_out(hsm: Hsm, length: int) -> None:
    bundle = hsm.ok("PUT", "/keys/key", {"key": {"kty": "oct-HSM", "k": b64(bytes(range(length)))}})
    assert bundle["attributes"]["key_size"] == length * 8
    assert "k" not in bundle["key"]


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        {},
        {"kty": "oct", "k": ""},
        {"kty": "oct"},
        {"kty": "oct", "k": b64(bytes(15))},
        {"kty": "oct", "k": b64(bytes(65))},
        {"kty": "oct", "k": "not base64url!"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB", "p": "AA", "q": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ", "d": "AQ"},
        {"kty": "EC", "crv": "secp192r1", "x": "AQ", "y": "AQ", "d": "AQ"},
    ],
)
def test_material_that_is_no_key_is_refused(hsm: Hsm, jwk: object) -> None:
    assert hsm.call("PUT", "/keys/key", {"key": jwk}).code == "BadParameter"


def test_rsa_members_that_contradict_each_other_are_refused(hsm: Hsm, rsa_key: rsa.RSAPrivateKey) -> None:
    jwk = rsa_jwk(rsa_key)
    assert hsm.call("PUT", "/keys/key", {"key": jwk | {"q": jwk["p"]}}).code == "BadParameter"
    odd = rsa_jwk(rsa.generate_private_key(65537, 2304))
    assert "2304" in hsm.call("PUT", "/keys/key", {"key": odd}).message
