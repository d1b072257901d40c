"""What happens to keys later: rotation, release, imports with passphrases, and what of it does not go together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config import ConfigurationError, parse
from config.key_life import shortest_days
from config.release_policies import canonical_policy

Values = dict[str, Any]
Mistakes = Callable[[Values], list[str]]

KEYS = "managed-hsm:keys"
PASSPHRASES = "managed-hsm:importPassphrases"
POLICY = {
    "version": "1.0.0",
    "anyOf": [
        {
            "authority": "https://contoso.eus.attest.azure.net",
            "allOf": [{"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}],
        }
    ],
}


def rsa(**more: Any) -> Values:
    return {"type": "RSA-HSM", "size": 2048, **more}


@pytest.mark.parametrize(
    ("rotation", "lines"),
    [
        ({"afterCreation": "P27D"}, ["rotation.afterCreation: P27D is not accepted; at least 28 days"]),
        (
            {"afterCreation": "P28D", "expiresAfter": "P1D"},
            ["rotation.expiresAfter: P1D is not accepted; at least 28 days"],
        ),
        ({}, ["rotation: is not accepted; afterCreation or beforeExpiry, expiresAfter, rotateNow"]),
        (
            {"beforeExpiry": "P30D"},
            ["rotation.expiresAfter: is missing; the life of each new version, for beforeExpiry"],
        ),
        (
            {"beforeExpiry": "P29D", "expiresAfter": "P56D"},
            [
                "rotation.beforeExpiry: P29D is not accepted;"
                " a duration that leaves at least 28 days of expiresAfter (P56D)"
            ],
        ),
        (
            {"beforeExpiry": "P30D", "afterCreation": "P30D", "expiresAfter": "P1Y"},
            ["rotation.beforeExpiry: P30D is not accepted; either afterCreation or beforeExpiry"],
        ),
        (
            {"afterCreation": "90 days"},
            ["rotation.afterCreation: 90 days is not accepted; an ISO 8601 duration of at least 28 days, such as P90D"],
        ),
    ],
)
def test_a_rotation_that_the_service_refuses(
    dev: Values, mistakes: Mistakes, rotation: Values, lines: list[str]
) -> None:
    dev[KEYS]["a"] = rsa(rotation=rotation, expires="2031-01-01")
    assert mistakes(dev) == [f"keys.a.{line}" for line in lines]


def test_a_rotation_before_expiry_needs_a_first_expiry(dev: Values, mistakes: Mistakes) -> None:
    dev[KEYS]["a"] = rsa(rotation={"beforeExpiry": "P30D", "expiresAfter": "P1Y"})
    assert mistakes(dev) == [
        "keys.a.expires: is missing; when the first version expires: beforeExpiry counts from there"
    ]


def test_a_key_exchange_key_is_not_rotated(dev: Values, mistakes: Mistakes) -> None:
    dev[KEYS]["a"] = rsa(operations=["import"], rotation={"afterCreation": "P90D"})
    assert mistakes(dev) == [
        "keys.a.rotation: is not accepted; none for a key exchange key, whose id stands in transfer blobs"
    ]


@pytest.mark.parametrize(
    ("duration", "less", "days"), [("P1M", None, 28), ("P1Y", None, 365), ("P3M", "P1M", 59), ("P56D", "P28D", 28)]
)
def test_a_duration_counts_as_short_as_the_calendar_makes_it(duration: str, less: str | None, days: int) -> None:
    assert shortest_days(duration, less) == days


def test_a_release_policy_is_read_from_a_file_or_from_claims_to_the_same(
    dev: Values, accepted: Callable[[Values], Any], tmp_path: Path
) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(POLICY, indent=4))
    dev[KEYS]["a"] = rsa(exportable=True, releasePolicy={"file": str(file)})
    dev[KEYS]["b"] = rsa(exportable=True, releasePolicy={"claims": POLICY, "immutable": True})
    read = accepted(dev).keys
    texts = [canonical_policy(read[name].release_policy) for name in ("a", "b")]
    assert texts[0] == texts[1] == json.dumps(POLICY, separators=(",", ":"), sort_keys=True)


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        ({**POLICY, "version": "2"}, "version is not accepted; 1.0.0"),
        (
            {"version": "1.0.0", "anyOf": []},
            "anyOf is not accepted; a list of at least one authority with its conditions",
        ),
        (
            {"version": "1.0.0", "anyOf": [{"authority": "contoso", "allOf": []}]},
            "anyOf[0].authority is not accepted; the https address of an attestation service",
        ),
        (
            {"version": "1.0.0", "anyOf": [{**POLICY["anyOf"][0], "anyOf": []}]},  # type: ignore[dict-item]
            "anyOf[0] is not accepted; beside authority either anyOf or allOf, with a list of conditions",
        ),
        (
            {"version": "1.0.0", "anyOf": [{"authority": "https://a.b", "allOf": [{"claim": "c", "less": 2}]}]},
            "anyOf[0].allOf[0] is not accepted; a condition, which is {claim, equals}, {anyOf: […]} or {allOf: […]}",
        ),
    ],
)
def test_a_release_policy_is_held_to_its_grammar(dev: Values, mistakes: Mistakes, policy: Values, line: str) -> None:
    dev[KEYS]["a"] = rsa(exportable=True, releasePolicy={"claims": policy})
    assert mistakes(dev) == [f"keys.a.releasePolicy.claims: {line}"]


def test_an_exportable_key_has_a_release_policy_and_no_other_key_has(dev: Values, mistakes: Mistakes) -> None:
    dev[KEYS]["a"] = rsa(exportable=True)
    dev[KEYS]["b"] = rsa(releasePolicy={"claims": POLICY})
    dev[KEYS]["c"] = rsa(exportable=True, releasePolicy={})
    assert mistakes(dev) == [
        "keys.a.releasePolicy: is missing; a policy for a key that is exportable",
        "keys.b.releasePolicy: is not accepted; a policy only beside exportable: true",
        "keys.c.releasePolicy: is not accepted; either file or claims",
    ]


@pytest.fixture
def encrypted(tmp_path: Path) -> Path:
    path = tmp_path / "encrypted.pem"
    path.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"correct horse"),
        )
    )
    return path


def lines(dev: Values, project: Path, **more: Any) -> list[str]:
    try:
        parse(dev, project, **more)
    except ConfigurationError as error:
        return [str(problem).removeprefix("managed-hsm:") for problem in error.problems]
    return []


def test_a_passphrase_comes_as_a_secret_or_from_the_environment(
    dev: Values, project: Path, encrypted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev[KEYS]["a"] = {"type": "EC-HSM", "importFrom": str(encrypted)}
    (line,) = lines(dev, project)
    assert line.startswith("keys.a.importFrom: encrypted.pem is encrypted with a passphrase; ")
    secret = {**dev, PASSPHRASES: {"a": "correct horse"}}
    assert lines(secret, project, secret_keys=[PASSPHRASES]) == []
    (line,) = lines({**dev, PASSPHRASES: {"a": "wrong horse"}}, project, secret_keys=[PASSPHRASES])
    assert "is not opened by its passphrase" in line
    assert "wrong horse" not in line
    dev[KEYS]["a"]["passphraseVariable"] = "HORSE"
    assert "keys.a.passphraseVariable: HORSE is not accepted; the name of a variable that is set" in lines(dev, project)
    monkeypatch.setenv("HORSE", "correct horse")
    assert lines(dev, project) == []


def test_a_passphrase_in_plain_text_is_refused_and_not_told(dev: Values, project: Path, encrypted: Path) -> None:
    dev[KEYS]["a"] = {"type": "EC-HSM", "importFrom": str(encrypted)}
    plain = "plain text is not accepted; secret values (pulumi config set --secret --path)"
    values = {**dev, PASSPHRASES: {"a": "correct horse"}}
    assert lines(values, project) == [f"importPassphrases: {plain}"]
    mixed = lines(values, project, secret_keys=[PASSPHRASES], plain_secrets=["importPassphrases.a"])
    assert mixed == [f"importPassphrases.a: {plain}"]
    wrong = lines({**dev, PASSPHRASES: {"b": ["hunter2"]}}, project, secret_keys=[PASSPHRASES])
    assert not any("hunter2" in line for line in wrong)


def test_a_passphrase_is_for_a_key_that_is_imported(dev: Values, project: Path) -> None:
    values = {**dev, PASSPHRASES: {"myrsakey": "x", "other": "x"}}
    assert lines(values, project, secret_keys=[PASSPHRASES]) == [
        "importPassphrases.myrsakey: is not accepted; the name of a key with importFrom",
        "importPassphrases.other: is not accepted; the name of a key with importFrom",
    ]


def test_symmetric_keys_are_imported_from_their_bytes(dev: Values, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "aes.bin"
    file.write_bytes(bytes(range(200, 232)))
    dev[KEYS]["a"] = {"type": "oct-HSM", "importFrom": str(file)}
    assert lines(dev, project) == []
    dev[KEYS]["a"]["size"] = 128
    assert lines(dev, project) == [
        "keys.a.importFrom: aes.bin has a symmetric key of 256 bits; a key that fits size 128"
    ]
    file.write_text("ab" * 16)
    del dev[KEYS]["a"]["size"]
    (line,) = lines(dev, project)
    assert "not the 16, 24 or 32 bytes of a symmetric key" in line


def test_a_transfer_blob_needs_the_size_beside_it_and_the_schema_in_it(
    dev: Values, project: Path, tmp_path: Path
) -> None:
    file = tmp_path / "key.byok"
    blob = {
        "schema_version": "1.0.0",
        "header": {
            "kid": "https://az400pophsm.managedhsm.azure.net/keys/kek/1",
            "alg": "dir",
            "enc": "CKM_RSA_AES_KEY_WRAP",
        },
        "ciphertext": "AAAA",
    }
    file.write_text(json.dumps(blob))
    dev[KEYS]["a"] = {"type": "RSA-HSM", "importFrom": str(file)}
    assert lines(dev, project) == ["keys.a.size: is missing; the size of the key in the transfer blob"]
    dev[KEYS]["a"]["size"] = 2048
    assert lines(dev, project) == []
    file.write_text(json.dumps({**blob, "schema_version": "2"}))
    (line,) = lines(dev, project)
    assert "no key transfer blob that the service takes: schema_version, alg and enc are 2, dir" in line
