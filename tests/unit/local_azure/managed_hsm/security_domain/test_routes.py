from __future__ import annotations

import base64
import json
import secrets
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from local_azure.core.world import World
from local_azure.entra import directory
from local_azure.managed_hsm import pools
from local_azure.managed_hsm.pools import ACTIVE, FAILED, NOT_ACTIVATED, Pool
from local_azure.managed_hsm.security_domain import jwe, state, transfer_key
from local_azure.managed_hsm.security_domain.domain import TAGS
from local_azure.managed_hsm.security_domain.encoding import from_base64url
from tests.unit.local_azure.managed_hsm.support import (
    Answer,
    Client,
    content_of,
    custodian,
    data_key,
    download_body,
    make_pool,
)

DOWNLOAD, UPLOAD = "/securitydomain/download", "/securitydomain/upload"


@pytest.fixture(autouse=True)
def _quick_transfer_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of 4,096 bits takes seconds."""
    monkeypatch.setattr(transfer_key, "KEY_SIZE", 2048)


@pytest.fixture
def client(world: World) -> Client:
    make_pool(world)
    return Client(world)


def pool_of(client: Client) -> Pool:
    found = pools.by_host(client.world, client.host)
    assert found is not None
    return found


def downloaded(client: Client, count: int = 3, required: int = 2) -> dict[str, Any]:
    answer = client.send("POST", DOWNLOAD, download_body(count, required))
    assert answer.status == 202
    file: dict[str, Any] = json.loads(answer.json["value"])
    return file


def restore_blob(content: dict[str, bytes], jwk: dict[str, Any], **changes: Any) -> str:
    """What a quorum makes of the content for the pool that gave this transfer key."""
    certificate = x509.load_der_x509_certificate(base64.b64decode(jwk["x5c"][0]))
    public_key = certificate.public_key()
    assert isinstance(public_key, RSAPublicKey)
    master_key = secrets.token_bytes(32)
    data = [
        {"compact_jwe": jwe.encrypt_directly(data_key(master_key, tag), plaintext, tag), "tag": tag}
        for tag, plaintext in content.items()
    ]
    wrapped = {"enc_key": jwe.encrypt_to(public_key, master_key), "x5t_256": jwk["x5t#S256"]}
    return json.dumps({"EncData": {"data": data, "kdf": "sp108_kdf"}, "WrappedKey": wrapped, **changes})


def uploaded(client: Client, blob: object) -> Answer:
    return client.send("POST", UPLOAD, {"value": blob})


def given_transfer_key(client: Client) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(client.send("GET", UPLOAD).json["transfer_key"])
    return jwk


def test_the_first_answer_has_the_file_and_says_where_to_ask(client: Client) -> None:
    answer = client.send("POST", DOWNLOAD + "?api-version=2025-07-01", download_body())
    assert answer.status == 202
    assert answer.headers["Azure-AsyncOperation"] == (
        "https://az400popMHSM.managedhsm.azure.net/securitydomain/download/pending?api-version=2025-07-01"
    )
    file = json.loads(answer.json["value"])
    assert set(file) == {"EncData", "SharedKeys", "version"}
    assert file["version"] == 2
    assert file["EncData"]["kdf"] == "sp108_kdf"
    assert [datum["tag"] for datum in file["EncData"]["data"]] == list(TAGS)
    assert (file["SharedKeys"]["required"], file["SharedKeys"]["key_algorithm"]) == (2, "shamir_share")
    assert [each["x5t_256"] for each in file["SharedKeys"]["enc_shares"]] == [custodian(n).thumbprint for n in range(3)]


def test_every_quorum_opens_the_file(client: Client) -> None:
    file = downloaded(client)
    expected = state.content(client.world, pool_of(client))
    for quorum in ((0, 1), (1, 2), (2, 0)):
        assert content_of(file, [custodian(number) for number in quorum]) == expected


def test_ten_custodians_may_all_be_needed(client: Client) -> None:
    file = downloaded(client, 10, 10)
    assert set(content_of(file, [custodian(number) for number in range(10)])) == set(TAGS)


def test_activation_ends_after_the_file_is_there(client: Client) -> None:
    world = client.world
    world.latency.set_scale(1.0)
    downloaded(client)
    pending = client.send("GET", DOWNLOAD + "/pending")
    assert pending.json == {"status": "InProgress", "status_details": "The Security Domain is being confirmed."}
    assert pending.headers["Azure-AsyncOperation"].endswith("/securitydomain/download/pending?api-version=7.5")
    assert pool_of(client).activation_status == NOT_ACTIVATED
    assert client.send("GET", "/keys").code == "Forbidden"
    world.clock.move(timedelta(seconds=world.latency.seconds("security_domain.activate") + 1))
    found = client.send("GET", DOWNLOAD + "/pending").json
    assert found == {"status": "Success", "status_details": "The resource is active."}
    assert pool_of(client).activation_status == ACTIVE
    assert client.send("GET", "/keys").code == "AccessDenied"


def test_asking_again_while_it_is_pending_gives_the_same_domain_and_no_more_time(client: Client) -> None:
    world = client.world
    world.latency.set_scale(1.0)
    first = downloaded(client)
    ends_at = pool_of(client).activation_ends_at
    world.clock.move(timedelta(seconds=10))
    again = downloaded(client, 4, 3)
    assert pool_of(client).activation_ends_at == ends_at
    custodians = [custodian(number) for number in range(3)]
    assert content_of(first, custodians[:2]) == content_of(again, custodians)


def test_an_active_pool_gives_its_domain_again_for_other_custodians(client: Client) -> None:
    first = content_of(downloaded(client), [custodian(0), custodian(1)])
    identifier = state.domain_id(client.world, pool_of(client))
    again = client.send("POST", DOWNLOAD, {"certificates": [custodian(n).jwk() for n in (3, 4, 5)], "required": 3})
    file = json.loads(again.json["value"])
    assert content_of(file, [custodian(number) for number in (3, 4, 5)]) == first
    assert state.domain_id(client.world, pool_of(client)) == identifier
    assert pool_of(client).activation_status == ACTIVE
    assert client.send("GET", DOWNLOAD + "/pending").json["status"] == "Success"


def test_a_failed_activation_says_so_and_can_be_tried_again(client: Client) -> None:
    state.fail_activations(client.world, True)
    downloaded(client)
    assert client.send("GET", DOWNLOAD + "/pending").json["status"] == "Failed"
    assert pool_of(client).activation_status == FAILED
    assert client.send("GET", "/keys").code == "Forbidden"
    state.fail_activations(client.world, False)
    downloaded(client)
    assert client.send("GET", DOWNLOAD + "/pending").json["status"] == "Success"
    assert pool_of(client).activation_status == ACTIVE


def test_a_refused_download_activates_nothing(client: Client) -> None:
    assert client.send("POST", DOWNLOAD, download_body(3, 4)).status == 400
    assert client.send("POST", DOWNLOAD).status == 400
    assert pool_of(client).activation_status == NOT_ACTIVATED
    assert client.send("GET", DOWNLOAD + "/pending").status == 404


def test_only_designated_administrators_activate(client: Client) -> None:
    stranger = client.acting_as(directory.USER_OBJECT_ID)
    for method, path in (("POST", DOWNLOAD), ("GET", UPLOAD), ("POST", UPLOAD), ("GET", DOWNLOAD + "/pending")):
        answer = stranger.send(method, path, download_body() if method == "POST" else None)
        assert (answer.status, answer.code) == (403, "AccessDenied")
    assert pool_of(client).activation_status == NOT_ACTIVATED


def test_the_transfer_key_is_made_once_and_comes_with_its_certificate(client: Client) -> None:
    answer = client.send("GET", UPLOAD)
    assert answer.json["key_format"] == "jwk"
    jwk = json.loads(answer.json["transfer_key"])
    assert given_transfer_key(client) == jwk
    certificate = x509.load_der_x509_certificate(base64.b64decode(jwk["x5c"][0]))
    assert certificate.subject.rfc4514_string() == "CN=az400popmhsm.managedhsm.azure.net"
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=365)
    certificate.verify_directly_issued_by(certificate)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_encipherment
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    public_key = certificate.public_key()
    assert isinstance(public_key, RSAPublicKey)
    assert int.from_bytes(from_base64url(jwk["n"]), "big") == public_key.public_numbers().n
    assert (jwk["kty"], jwk["e"], jwk["kid"]) == ("RSA", "AQAB", "not used")
    assert jwk["key_ops"] == ["wrapKey", "verify", "encrypt"]


def test_the_transfer_key_has_4096_bits(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert len(from_base64url(given_transfer_key(client)["n"])) == 512


def test_a_pool_that_takes_another_s_domain_becomes_active_and_its_twin(client: Client) -> None:
    world = client.world
    content = content_of(downloaded(client), [custodian(2), custodian(1)])
    make_pool(world, "contosohsm2")
    twin = Client(world, "contosohsm2.managedhsm.azure.net")
    assert state.backup_key(world, pool_of(twin)) != state.backup_key(world, pool_of(client))
    world.latency.set_scale(1.0)
    answer = uploaded(twin, restore_blob(content, given_transfer_key(twin)))
    assert answer.status == 202
    assert answer.json == {"status": "InProgress", "status_details": "The Security Domain is being restored."}
    assert answer.headers["Azure-AsyncOperation"] == (
        "https://contosohsm2.managedhsm.azure.net/securitydomain/upload/pending?api-version=7.5"
    )
    assert twin.send("GET", UPLOAD + "/pending").json["status"] == "InProgress"
    assert uploaded(twin, restore_blob(content, given_transfer_key(twin))).code == "Conflict"
    world.clock.move(timedelta(seconds=61))
    assert twin.send("GET", UPLOAD + "/pending").json["status"] == "Success"
    assert pool_of(twin).activation_status == ACTIVE
    assert state.domain_id(world, pool_of(twin)) == state.domain_id(world, pool_of(client))
    assert state.backup_key(world, pool_of(twin)) == state.backup_key(world, pool_of(client))
    assert len(state.backup_key(world, pool_of(twin))) == 32


def test_an_active_pool_takes_no_other_domain(client: Client) -> None:
    content = content_of(downloaded(client), [custodian(0), custodian(1)])
    answer = uploaded(client, restore_blob(content, given_transfer_key(client)))
    assert (answer.status, answer.code) == (409, "Conflict")


def test_a_blob_for_another_pool_is_refused(client: Client) -> None:
    content = content_of(downloaded(client), [custodian(0), custodian(1)])
    world = client.world
    make_pool(world, "contosohsm2")
    twin = Client(world, "contosohsm2.managedhsm.azure.net")
    answer = uploaded(twin, restore_blob(content, given_transfer_key(client)))
    assert (answer.status, answer.code) == (400, "BadParameter")
    given_transfer_key(twin)
    answer = uploaded(twin, restore_blob(content, given_transfer_key(client)))
    assert "another transfer key" in answer.message
    assert pool_of(twin).activation_status == NOT_ACTIVATED


def _broken(content: dict[str, bytes], jwk: dict[str, Any], how: str) -> object:
    blob = json.loads(restore_blob(content, jwk))
    data = blob["EncData"]["data"]
    if how == "a datum is missing":
        data.pop()
    elif how == "a datum is unknown":
        data.append({**data[0], "tag": "more"})
    elif how == "a datum is there twice":
        data.append(data[0])
    elif how == "a tag is no text that can be":
        data[0]["tag"] = "\ud800"
    elif how == "two data are swapped":
        data[1]["tag"], data[2]["tag"] = data[2]["tag"], data[1]["tag"]
    elif how == "a datum was altered":
        head, _, last = data[0]["compact_jwe"].rpartition(".")
        data[0]["compact_jwe"] = f"{head}.{last[:-1]}{'A' if last[-1] != 'A' else 'E'}"
    elif how == "a tag is short":
        data[0]["compact_jwe"] = data[0]["compact_jwe"][:-22]
    elif how == "the master key is wrong":
        blob["WrappedKey"]["enc_key"] = json.loads(restore_blob(content, jwk))["WrappedKey"]["enc_key"]
    elif how == "the master key is short":
        certificate = x509.load_der_x509_certificate(base64.b64decode(jwk["x5c"][0]))
        public_key = certificate.public_key()
        assert isinstance(public_key, RSAPublicKey)
        blob["WrappedKey"]["enc_key"] = jwe.encrypt_to(public_key, b"short")
    elif how == "it is no text":
        return blob
    elif how == "it is no JSON":
        return "no JSON"
    elif how == "it is no object":
        return "[]"
    elif how == "its data are no list":
        blob["EncData"] = []
    elif how == "a datum is no object":
        data[0] = "text"
    elif how == "it has no wrapped key":
        del blob["WrappedKey"]
    return json.dumps(blob)


@pytest.mark.parametrize(
    "how",
    [
        "a datum is missing",
        "a datum is unknown",
        "a datum is there twice",
        "a tag is no text that can be",
        "two data are swapped",
        "a datum was altered",
        "a tag is short",
        "the master key is wrong",
        "the master key is short",
        "it is no text",
        "it is no JSON",
        "it is no object",
        "its data are no list",
        "a datum is no object",
        "it has no wrapped key",
    ],
)
def test_a_broken_blob_is_refused_and_changes_nothing(client: Client, how: str) -> None:
    before = state.domain_id(client.world, pool_of(client))
    content = {tag: secrets.token_bytes(size) for tag, size in TAGS.items()}
    answer = uploaded(client, _broken(content, given_transfer_key(client), how))
    assert (answer.status, answer.code) == (400, "BadParameter")
    assert state.domain_id(client.world, pool_of(client)) == before
    assert pool_of(client).activation_status == NOT_ACTIVATED
    assert client.send("GET", UPLOAD + "/pending").status == 404


def test_each_pool_is_born_with_a_domain_of_its_own(client: Client) -> None:
    world = client.world
    other = make_pool(world, "contosohsm2")
    assert state.domain_id(world, pool_of(client)) != state.domain_id(world, other)
    assert state.domain_id(world, other) == state.domain_id(world, other)


def test_a_pool_that_was_soft_deleted_and_recovered_is_still_active(client: Client) -> None:
    world = client.world
    downloaded(client)
    identifier = state.domain_id(world, pool_of(client))
    pools.soft_delete(world, "az400popMHSM")
    recovered = pools.recover(world, "az400popMHSM")
    assert recovered is not None
    assert recovered.activation_status == ACTIVE
    assert state.domain_id(world, recovered) == identifier
