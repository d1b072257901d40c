from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.local_azure.managed_hsm.keys.support import Hsm, b64, unb64, version_of

SECRET = bytes(range(64))
relaxed = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def symmetric(hsm: Hsm, bits: int) -> str:
    """A symmetric key of known bytes; its name."""
    name = f"aes{bits}"
    if hsm.call("GET", f"/keys/{name}").status == 404:
        hsm.ok("PUT", f"/keys/{name}", {"key": {"kty": "oct-HSM", "k": b64(SECRET[: bits // 8])}})
    return name


def once(hsm: Hsm, name: str, **body: Any) -> Any:
    answer = hsm.call("GET", f"/keys/{name}")
    return answer.body if answer.status == 200 else hsm.create(name, **body)


@relaxed
@given(bits=st.sampled_from([128, 192, 256]), value=st.binary(max_size=100), aad=st.none() | st.binary(max_size=20))
def test_gcm_opens_what_it_sealed_and_nothing_else(hsm: Hsm, bits: int, value: bytes, aad: bytes | None) -> None:
    name, algorithm = symmetric(hsm, bits), f"A{bits}GCM"
    extra = {} if aad is None else {"aad": b64(aad)}
    sealed = hsm.ok("POST", f"/keys/{name}/encrypt", {"alg": algorithm, "value": b64(value), **extra})
    assert set(sealed) == {"alg", "kid", "iv", "tag", "value", *extra}
    box = {"alg": algorithm, "value": sealed["value"], "iv": sealed["iv"], "tag": sealed["tag"], **extra}
    opened = hsm.ok("POST", f"/keys/{name}/decrypt", box)
    assert opened == {"alg": algorithm, "kid": sealed["kid"], "value": b64(value)}
    wrong = box | {"tag": b64(bytes(byte ^ 1 for byte in unb64(sealed["tag"])))}
    assert hsm.call("POST", f"/keys/{name}/decrypt", wrong).code == "BadParameter"
    wrong = box | {"aad": b64((aad or b"") + b"x")}
    assert hsm.call("POST", f"/keys/{name}/decrypt", wrong).code == "BadParameter"


@relaxed
@given(bits=st.sampled_from([128, 192, 256]), value=st.binary(max_size=100), pad=st.booleans())
def test_cbc_gives_back_the_value_and_without_padding_its_zeros(hsm: Hsm, bits: int, value: bytes, pad: bool) -> None:
    if not pad and not value:
        value = b"x"
    name, algorithm, iv = symmetric(hsm, bits), f"A{bits}CBC" + "PAD" * pad, b64(bytes(16))
    sealed = hsm.ok("POST", f"/keys/{name}/encrypt", {"alg": algorithm, "value": b64(value), "iv": iv})
    assert set(sealed) == {"alg", "kid", "iv", "value"}
    opened = hsm.ok("POST", f"/keys/{name}/decrypt", {"alg": algorithm, "value": sealed["value"], "iv": iv})
    assert unb64(opened["value"]) == (value if pad else value + bytes(-len(value) % 16))


@relaxed
@given(bits=st.sampled_from([128, 192, 256]), blocks=st.integers(2, 8), data=st.data())
def test_key_wrap_gives_back_the_key(hsm: Hsm, bits: int, blocks: int, data: st.DataObject) -> None:
    name = symmetric(hsm, bits)
    value = data.draw(st.binary(min_size=blocks * 8, max_size=blocks * 8))
    for algorithm in (f"A{bits}KW", "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD"):
        wrapped = hsm.ok("POST", f"/keys/{name}/wrapkey", {"alg": algorithm, "value": b64(value)})
        back = hsm.ok("POST", f"/keys/{name}/unwrapKey", {"alg": algorithm, "value": wrapped["value"]})
        assert unb64(back["value"]) == value
        broken = b64(bytes(len(unb64(wrapped["value"]))))
        refused = hsm.call("POST", f"/keys/{name}/unwrapkey", {"alg": algorithm, "value": broken})
        assert refused.code == "BadParameter"


def test_the_recorded_key_wrap_vector_of_rfc_3394_comes_out(hsm: Hsm) -> None:
    secret, value = bytes(range(16)), bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    hsm.ok("PUT", "/keys/kek", {"key": {"kty": "oct-HSM", "k": b64(secret)}})
    wrapped = hsm.ok("POST", "/keys/kek/wrapkey", {"alg": "A128KW", "value": b64(value)})
    assert unb64(wrapped["value"]).hex().upper() == "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5"


@relaxed
@given(value=st.binary(max_size=190), algorithm=st.sampled_from(["RSA1_5", "RSA-OAEP", "RSA-OAEP-256"]))
def test_rsa_gives_back_what_it_encrypted_and_wrapped(hsm: Hsm, value: bytes, algorithm: str) -> None:
    once(hsm, "rsa", kty="RSA-HSM")
    for there, back in (("encrypt", "decrypt"), ("wrapkey", "unwrapkey")):
        sealed = hsm.ok("POST", f"/keys/rsa/{there}", {"alg": algorithm, "value": b64(value)})
        opened = hsm.ok("POST", f"/keys/rsa/{back}", {"alg": algorithm, "value": sealed["value"]})
        assert unb64(opened["value"]) == value


def test_whoever_has_the_public_key_can_encrypt_to_it(hsm: Hsm) -> None:
    key = hsm.create("rsa", kty="RSA-HSM")["key"]
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(unb64(key[part]), "big") for part in ("e", "n")))
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    sealed = numbers.public_key().encrypt(b"from outside", oaep)
    opened = hsm.ok("POST", "/keys/rsa/decrypt", {"alg": "RSA-OAEP-256", "value": b64(sealed)})
    assert unb64(opened["value"]) == b"from outside"


RSA_SIGNATURES = [f"{family}{bits}" for family in ("RS", "PS") for bits in (256, 384, 512)]


@pytest.mark.parametrize("algorithm", RSA_SIGNATURES)
def test_rsa_signatures_hold_for_everyone(hsm: Hsm, algorithm: str) -> None:
    key = hsm.create("rsa", kty="RSA-HSM")["key"]
    digest = hashlib.new(f"sha{algorithm[2:]}", b"text").digest()
    signed = hsm.ok("POST", "/keys/rsa/sign", {"alg": algorithm, "value": b64(digest)})
    kind = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[algorithm[2:]]
    numbers = rsa.RSAPublicNumbers(*(int.from_bytes(unb64(key[part]), "big") for part in ("e", "n")))
    pad: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm.startswith("PS"):
        pad = padding.PSS(padding.MGF1(kind), kind.digest_size)
    numbers.public_key().verify(unb64(signed["value"]), digest, pad, utils.Prehashed(kind))
    check_verify(hsm, "rsa", algorithm, digest, unb64(signed["value"]))


@pytest.mark.parametrize(
    ("algorithm", "curve", "kind"),
    [
        ("ES256", "P-256", ec.SECP256R1()),
        ("ES384", "P-384", ec.SECP384R1()),
        ("ES512", "P-521", ec.SECP521R1()),
        ("ES256K", "P-256K", ec.SECP256K1()),
    ],
)
def test_ec_signatures_are_r_and_s_and_hold_for_everyone(
    hsm: Hsm, algorithm: str, curve: str, kind: ec.EllipticCurve
) -> None:
    key = hsm.create("ec", kty="EC-HSM", crv=curve)["key"]
    digest = hashlib.new(f"sha{algorithm[2:5]}", b"text").digest()
    signature = unb64(hsm.ok("POST", "/keys/ec/sign", {"alg": algorithm, "value": b64(digest)})["value"])
    half = (kind.key_size + 7) // 8
    assert len(signature) == 2 * half
    r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
    x, y = (int.from_bytes(unb64(key[part]), "big") for part in ("x", "y"))
    hash_kind = {32: hashes.SHA256(), 48: hashes.SHA384(), 64: hashes.SHA512()}[len(digest)]
    ec.EllipticCurvePublicNumbers(x, y, kind).public_key().verify(
        utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(hash_kind))
    )
    check_verify(hsm, "ec", algorithm, digest, signature)


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_hmac_is_taken_over_the_digest(hsm: Hsm, bits: int) -> None:
    name, digest = symmetric(hsm, 256), hashlib.new(f"sha{bits}", b"text").digest()
    signed = hsm.ok("POST", f"/keys/{name}/sign", {"alg": f"HS{bits}", "value": b64(digest)})
    assert unb64(signed["value"]) == hmac.digest(SECRET[:32], digest, f"sha{bits}")
    check_verify(hsm, name, f"HS{bits}", digest, unb64(signed["value"]))


def check_verify(hsm: Hsm, name: str, algorithm: str, digest: bytes, signature: bytes) -> None:
    body = {"alg": algorithm, "digest": b64(digest), "value": b64(signature)}
    answer = hsm.ok("POST", f"/keys/{name}/verify", body)
    assert answer["value"] is True
    assert answer["kid"] == hsm.ok("GET", f"/keys/{name}")["key"]["kid"]
    other = b64(bytes(reversed(digest)))
    assert hsm.ok("POST", f"/keys/{name}/verify", body | {"digest": other})["value"] is False
    assert hsm.ok("POST", f"/keys/{name}/verify", body | {"value": b64(signature[:-1])})["value"] is False


def test_the_version_in_the_path_is_the_one_that_works(hsm: Hsm) -> None:
    old = version_of(hsm.create("key", kty="oct-HSM"))
    sealed = hsm.ok("POST", f"/keys/key/{old}/encrypt", {"alg": "A256GCM", "value": b64(b"x")})
    hsm.create("key", kty="oct-HSM")
    assert sealed["kid"].endswith(old)
    box = {name: sealed[name] for name in ("alg", "value", "iv", "tag")}
    assert hsm.call("POST", "/keys/key/decrypt", box).code == "BadParameter"
    assert hsm.ok("POST", f"/keys/key/{old}/decrypt", box)["value"] == b64(b"x")
    assert hsm.ok("POST", "/keys/key//encrypt", {"alg": "A256GCM", "value": "AA"})["kid"] != sealed["kid"]


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("encrypt", {"alg": "A128GCM", "value": "AA"}),
        ("encrypt", {"alg": "A256KW", "value": b64(bytes(16))}),
        ("encrypt", {"alg": "RSA-OAEP", "value": "AA"}),
        ("encrypt", {"alg": "A256GCM", "value": "AA", "iv": b64(bytes(12))}),
        ("encrypt", {"alg": "A256CBC", "value": "AA"}),
        ("encrypt", {"alg": "A256CBC", "value": "AA", "iv": b64(bytes(12))}),
        ("encrypt", {"alg": "A256GCM"}),
        ("encrypt", {"value": "AA"}),
        ("encrypt", {"alg": "A256GCM", "value": "no base64url?"}),
        ("encrypt", {"alg": "A256GCM", "value": 1}),
        ("decrypt", {"alg": "A256CBC", "value": b64(bytes(15)), "iv": b64(bytes(16))}),
        ("decrypt", {"alg": "A256CBCPAD", "value": b64(bytes(16)), "iv": b64(bytes(16))}),
        ("decrypt", {"alg": "A256GCM", "value": "AA", "iv": b64(bytes(12))}),
        ("decrypt", {"alg": "A256GCM", "value": "AA", "tag": b64(bytes(16))}),
        ("wrapkey", {"alg": "A256KW", "value": b64(bytes(15))}),
        ("wrapkey", {"alg": "A256GCM", "value": "AA"}),
        ("unwrapkey", {"alg": "A256KW", "value": b64(bytes(15))}),
        ("sign", {"alg": "RS256", "value": b64(bytes(32))}),
        ("sign", {"alg": "HS256", "value": b64(bytes(31))}),
        ("verify", {"alg": "HS256", "value": b64(bytes(32))}),
    ],
)
def test_what_the_key_cannot_do_is_refused(hsm: Hsm, operation: str, body: dict[str, object]) -> None:
    hsm.create("key", kty="oct-HSM")
    answer = hsm.call("POST", f"/keys/key/{operation}", body)
    assert (answer.status, answer.code) == (400, "BadParameter")


def test_an_rsa_value_that_is_too_long_is_refused(hsm: Hsm) -> None:
    hsm.create("rsa", kty="RSA-HSM")
    body = {"alg": "RSA-OAEP-256", "value": b64(bytes(191))}
    assert hsm.call("POST", "/keys/rsa/encrypt", body).code == "BadParameter"
    assert hsm.call("POST", "/keys/rsa/decrypt", body).code == "BadParameter"


def test_a_disabled_key_does_nothing_but_can_be_read(hsm: Hsm) -> None:
    hsm.create("key", kty="oct-HSM", attributes={"enabled": False})
    for operation in ("encrypt", "decrypt", "wrapkey", "unwrapkey", "sign", "verify"):
        answer = hsm.call("POST", f"/keys/key/{operation}", {"alg": "A256GCM", "value": "AA"})
        assert (answer.status, answer.code, answer.reason) == (403, "Forbidden", "KeyDisabled")
    assert hsm.call("GET", "/keys/key").status == 200


def test_an_operation_that_the_key_was_not_given_is_forbidden(hsm: Hsm) -> None:
    hsm.create("key", kty="RSA-HSM", key_ops=["wrapKey", "unwrapKey"])
    answer = hsm.call("POST", "/keys/key/decrypt", {"alg": "RSA-OAEP", "value": "AA"})
    assert (answer.status, answer.reason) == (403, "KeyOperationForbidden")
    assert answer.message == "Operation decrypt is not permitted on this key."


@pytest.mark.parametrize(
    ("attributes", "reason"), [({"exp": 1_000}, "KeyExpired"), ({"nbf": 2**31 - 1}, "KeyNotYetValid")]
)
def test_out_of_its_time_a_key_only_reads_what_it_wrote(hsm: Hsm, attributes: dict[str, int], reason: str) -> None:
    hsm.create("key", kty="oct-HSM")
    gcm, digest = {"alg": "A256GCM", "value": "AA"}, b64(bytes(32))
    sealed = hsm.ok("POST", "/keys/key/encrypt", gcm)
    wrapped = hsm.ok("POST", "/keys/key/wrapkey", {"alg": "A256KW", "value": b64(bytes(16))})
    signed = hsm.ok("POST", "/keys/key/sign", {"alg": "HS256", "value": digest})
    hsm.ok("PATCH", "/keys/key", {"attributes": attributes})
    for operation, body in (("encrypt", gcm), ("wrapkey", gcm), ("sign", {"alg": "HS256", "value": digest})):
        answer = hsm.call("POST", f"/keys/key/{operation}", body)
        assert (answer.status, answer.reason) == (403, reason)
    box = {name: sealed[name] for name in ("alg", "value", "iv", "tag")}
    assert hsm.ok("POST", "/keys/key/decrypt", box)["value"] == "AA"
    assert hsm.ok("POST", "/keys/key/unwrapkey", {"alg": "A256KW", "value": wrapped["value"]})
    body = {"alg": "HS256", "digest": digest, "value": signed["value"]}
    assert hsm.ok("POST", "/keys/key/verify", body)["value"] is True
