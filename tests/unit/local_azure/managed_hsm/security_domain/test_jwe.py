from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_azure.managed_hsm.security_domain import jwe
from local_azure.managed_hsm.security_domain.encoding import base64url, from_base64, from_base64url
from tests.unit.local_azure.managed_hsm.support import open_jwe, padded, rsa_key

KEY = bytes(range(64))
_keys = st.binary(min_size=64, max_size=64)


@given(_keys, st.binary(max_size=200))
def test_what_is_encrypted_directly_comes_back(key: bytes, plaintext: bytes) -> None:
    compact = jwe.encrypt_directly(key, plaintext, "hsm_backup")
    assert jwe.decrypt_directly(key, compact) == plaintext
    assert open_jwe(compact, key) == plaintext


@given(st.binary(max_size=200))
@settings(max_examples=15, deadline=None)
def test_what_is_encrypted_to_a_key_comes_back(plaintext: bytes) -> None:
    compact = jwe.encrypt_to(rsa_key(0).public_key(), plaintext)
    assert jwe.decrypt_with(rsa_key(0), compact) == plaintext
    assert open_jwe(compact, rsa_key(0)) == plaintext


@given(st.data())
def test_any_flipped_bit_is_refused(data: st.DataObject) -> None:
    compact = jwe.encrypt_directly(KEY, b"what only the pool knows", "hsm_backup").encode()
    position = data.draw(st.integers(min_value=0, max_value=len(compact) - 1))
    flipped = bytearray(compact)
    flipped[position] ^= 1 << data.draw(st.integers(min_value=0, max_value=6))
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_directly(KEY, flipped.decode())


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_flipped_bit_of_a_wrapped_key_is_refused(data: st.DataObject) -> None:
    compact = jwe.encrypt_to(rsa_key(0).public_key(), b"a share").encode()
    position = data.draw(st.integers(min_value=0, max_value=len(compact) - 1))
    flipped = bytearray(compact)
    flipped[position] ^= 1 << data.draw(st.integers(min_value=0, max_value=6))
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_with(rsa_key(0), flipped.decode())


@pytest.mark.parametrize("octets", [0, 16, 31, 33, 64])
def test_a_tag_of_any_other_length_is_refused(octets: int) -> None:
    parts = jwe.encrypt_directly(KEY, b"text", "tag").split(".")
    tag = padded(parts[4])
    changed = base64url((tag + tag)[:octets])
    with pytest.raises(jwe.InvalidJwe, match="length"):
        jwe.decrypt_directly(KEY, ".".join([*parts[:4], changed]))


def test_the_headers_are_those_of_the_live_service() -> None:
    direct = jwe.encrypt_directly(KEY, b"text", "base_enclave_backup").split(".")
    wrapped = jwe.encrypt_to(rsa_key(0).public_key(), b"text").split(".")
    assert from_base64url(direct[0]) == b'{"alg":"dir","enc":"A256CBC-HS512","kid":"base_enclave_backup"}'
    assert from_base64url(wrapped[0]) == b'{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","kid":"not used"}'
    assert direct[1] == ""
    assert len(from_base64url(direct[4])) == 32


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_directly(KEY[::-1], jwe.encrypt_directly(KEY, b"text", "tag"))
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_with(rsa_key(1), jwe.encrypt_to(rsa_key(0).public_key(), b"text"))
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_directly(KEY[:32], jwe.encrypt_directly(KEY, b"text", "tag"))


@pytest.mark.parametrize(
    "compact",
    ["", "a.b.c.d", "....", "e30....", base64url(b"[]") + "....", base64url(b"\xff") + "....", "ä.ö.ü.ß.x"],
)
def test_what_is_no_jwe_is_refused(compact: str) -> None:
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_directly(KEY, compact)
    with pytest.raises(jwe.InvalidJwe):
        jwe.decrypt_with(rsa_key(0), compact)
    with pytest.raises(jwe.InvalidJwe):
        jwe.key_id(compact)


def test_other_algorithms_are_refused() -> None:
    parts = jwe.encrypt_directly(KEY, b"text", "tag").split(".")
    for fields in ({"alg": "none", "enc": "A256CBC-HS512"}, {"alg": "dir", "enc": "A128CBC-HS256"}):
        header = base64url(json.dumps(fields).encode())
        with pytest.raises(jwe.InvalidJwe, match="understood"):
            jwe.decrypt_directly(KEY, ".".join([header, *parts[1:]]))


def test_a_directly_encrypted_one_has_no_encrypted_key() -> None:
    parts = jwe.encrypt_directly(KEY, b"text", "tag").split(".")
    with pytest.raises(jwe.InvalidJwe, match="no encrypted key"):
        jwe.decrypt_directly(KEY, ".".join([parts[0], "AAAA", *parts[2:]]))


@given(st.binary(max_size=40))
def test_base64url_has_one_spelling_for_all_data(data: bytes) -> None:
    text = base64url(data)
    assert from_base64url(text) == data
    assert "=" not in text
    for other in (text + "=", text + "!", "ä" + text):
        with pytest.raises(ValueError, match="base64url"):
            from_base64url(other)


def test_standard_base64_may_lack_its_padding_but_nothing_else() -> None:
    assert from_base64("AAE=") == from_base64("AAE") == from_base64(" AAE=\n") == b"\0\1"
    for text in ("A", "A-E=", "Ä"):
        with pytest.raises(ValueError, match="base64"):
            from_base64(text)
