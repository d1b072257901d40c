"""The blob service as it is on the wire: signatures, conditions, ranges, and whatever a client may send."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from local_azure.core.http import Origin, Request
from local_azure.core.world import World
from local_azure.storage.context import Caller
from local_azure.storage.service import BlobService
from local_azure.storage.state import BlobStore
from tests.unit.local_azure.arm.support import ArmClient
from tests.unit.local_azure.storage.support import ACCOUNT, NAME, STORAGE, Client, query_of, signed

STRANGER = Origin("internet", "198.51.100.7")


def put(client: Client, name: str = "a", content: bytes = b"0123456789", **headers: str) -> None:
    answer = client.ask("PUT", f"/copies/{name}", content, x_ms_blob_type="BlockBlob", also=headers)
    assert answer.status == 201, answer


def test_an_answer_says_which_version_and_request_it_is(client: Client) -> None:
    put(client)
    answer = client.ask("GET", "/copies/a", x_ms_client_request_id="mine")
    assert answer.headers["x-ms-version"] == "2024-11-04"
    assert answer.headers["x-ms-client-request-id"] == "mine"
    assert answer.headers["ETag"].startswith('"0x8D')
    missing = client.ask("HEAD", "/copies/b")
    assert (missing.status, missing.code, missing.body) == (404, "BlobNotFound", b"")


def test_a_signature_is_over_the_path_as_it_was_written(client: Client) -> None:
    put(client, "a%20folder/gr%C3%B6%C3%9Fe%2B1", b"x")
    assert client.ask("GET", "/copies/a%20folder/gr%C3%B6%C3%9Fe%2B1").body == b"x"


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"x_ms_date": "Sat, 21 Nov 2020 12:00:00 GMT"}, 403, "AuthenticationFailed"),
        ({"x_ms_version": "1999-01-01"}, 400, "InvalidHeaderValue"),
        ({"x_ms_lease_id": "11111111-2222-4333-8444-555555555555"}, 412, "LeaseNotPresentWithBlobOperation"),
        ({"x_ms_encryption_key": "AAAA"}, 501, "NotImplementedLocally"),
        ({"range": "bytes=10-"}, 416, "InvalidRange"),
        ({"range": "bytes=5-2"}, 400, "InvalidHeaderValue"),
        ({"if_match": '"0x8D0"'}, 412, "ConditionNotMet"),
        ({"if_none_match": "*"}, 304, "ConditionNotMet"),
        ({"if_modified_since": "tomorrow"}, 400, "InvalidHeaderValue"),
    ],
)
def test_a_read_that_is_refused(client: Client, headers: dict[str, str], status: int, code: str) -> None:
    put(client)
    answer = client.ask("GET", "/copies/a", also=headers)
    assert (answer.status, answer.code) == (status, code)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 400, "MissingRequiredHeader"),
        ({"x_ms_blob_type": "Blob"}, 400, "InvalidHeaderValue"),
        ({"x_ms_blob_type": "PageBlob"}, 501, "NotImplementedLocally"),
        ({"x_ms_blob_type": "BlockBlob", "content_md5": "AAAAAAAAAAAAAAAAAAAAAA=="}, 400, "Md5Mismatch"),
        ({"x_ms_blob_type": "BlockBlob", "x_ms_access_tier": "Tepid"}, 400, "InvalidHeaderValue"),
        ({"x_ms_blob_type": "BlockBlob", "if_match": "*"}, 412, "ConditionNotMet"),
        ({"x_ms_blob_type": "BlockBlob", "x_ms_tags": "a=b"}, 501, "NotImplementedLocally"),
        ({"x_ms_blob_type": "BlockBlob", "x_ms_meta_1a": "b"}, 400, "InvalidMetadata"),
        ({"x_ms_blob_type": "BlockBlob", "x_ms_meta_a": "b" * 9000}, 400, "MetadataTooLarge"),
    ],
)
def test_a_write_that_is_refused(client: Client, headers: dict[str, str], status: int, code: str) -> None:
    answer = client.ask("PUT", "/copies/a", b"x", also=headers)
    assert (answer.status, answer.code) == (status, code)
    assert BlobStore(client.world.store).within(NAME, "copies") == []


def test_a_signature_of_another_key_or_an_old_one_proves_nothing(client: Client) -> None:
    wrong = Client(client.world, b"wrong")
    answer = wrong.ask("GET", "/copies?restype=container")
    assert (answer.status, answer.code) == (403, "AuthenticationFailed")
    assert b"Server used following string to sign" in answer.body
    client.world.clock.move(timedelta(minutes=1))
    assert client.ask("GET", "/copies?restype=container").status == 200


def test_a_range_is_what_the_slice_is(client: Client) -> None:
    put(client)
    for start in range(10):
        for end in range(start, 12):
            answer = client.ask("GET", "/copies/a", x_ms_range=f"bytes={start}-{end}")
            assert answer.body == b"0123456789"[start : end + 1]
            assert answer.headers["Content-Range"] == f"bytes {start}-{min(end, 9)}/10"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    names=st.lists(st.text("ab/.", min_size=1, max_size=5), min_size=1, max_size=12, unique=True),
    most=st.integers(1, 4),
)
def test_pages_hold_each_name_once_and_in_order(client: Client, names: list[str], most: int) -> None:
    wanted = {name for name in names if name.strip("/")}
    assume(wanted)
    BlobStore(client.world.store).forget(NAME, "copies")
    for name in wanted:
        put(client, name, b"")
    for delimiter in ("", "/"):
        listed, marker = list[str](), ""
        while True:
            answer = client.ask(
                "GET",
                "/copies?"
                + query_of(restype="container", comp="list", maxresults=str(most), marker=marker, delimiter=delimiter),
            )
            page = [each.findtext("Name") or "" for each in answer.xml.find("Blobs") or []]
            assert 0 < len(page) <= most
            listed += page
            marker = answer.xml.findtext("NextMarker") or ""
            if not marker:
                break
        shown = {name if not delimiter or "/" not in name else name[: name.index("/") + 1] for name in wanted}
        assert listed == sorted(shown)


SIGNED_FIELDS = {
    "2015-04-05": ("si", "sip", "spr", "sv", "rscc", "rscd", "rsce", "rscl", "rsct"),
    "2018-11-09": ("si", "sip", "spr", "sv", "sr", "time", "rscc", "rscd", "rsce", "rscl", "rsct"),
    "2020-12-06": ("si", "sip", "spr", "sv", "sr", "time", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"),
    "2026-10-06": ("si", "sip", "spr", "sv", "sr", "time", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"),
}
"""What a service SAS signs after permissions, times and resource, by the version since which it does."""


def service_sas(client: Client, version: str = "2020-12-06", resource: str = "copies/a", **changes: str) -> str:
    fields = {"sp": "r", "se": "2036-01-01T00:00:00Z", "sv": version, "sr": "b", "spr": "https", **changes}
    first = [fields.get(name, "") for name in ("sp", "st", "se")]
    rest = [fields.get(name, "") for name in SIGNED_FIELDS[version]]
    text = "\n".join([*first, f"/blob/{NAME}/{resource}", *rest])
    return query_of(**fields, sig=signed(client.key, text))


@pytest.mark.parametrize("version", SIGNED_FIELDS)
def test_every_form_of_a_signature_is_verified(client: Client, version: str) -> None:
    put(client)
    sas = service_sas(client, version, rsct="text/plain")
    answer = client.ask("GET", f"/copies/a?{sas}", sign=False)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain")
    assert client.ask("GET", f"/copies/a?{sas.replace('sp=r', 'sp=rw')}", sign=False).code == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"se": "2020-01-01T00:00:00Z"}, "AuthenticationFailed"),
        ({"st": "2035-01-01T00:00:00Z"}, "AuthenticationFailed"),
        ({"sip": "198.51.100.1-198.51.100.9"}, "AuthorizationSourceIPMismatch"),
        ({"spr": "http"}, "AuthorizationProtocolMismatch"),
        ({"sp": "w"}, "AuthorizationPermissionMismatch"),
        ({"sp": ""}, "AuthenticationFailed"),
        ({"se": "whenever"}, "AuthenticationFailed"),
        ({"sr": "q"}, "AuthenticationFailed"),
        ({"sr": "d"}, "NotImplementedLocally"),
        ({"si": "nobody"}, "AuthenticationFailed"),
    ],
)
def test_a_signature_that_is_good_for_something_else(client: Client, changes: dict[str, str], code: str) -> None:
    put(client)
    answer = client.ask("GET", f"/copies/a?{service_sas(client, **changes)}", sign=False)
    assert answer.code == code


def test_a_signature_from_the_address_that_it_names(client: Client) -> None:
    put(client)
    sas = service_sas(client, sip="198.51.100.1-198.51.100.9")
    assert client.ask("GET", f"/copies/a?{sas}", sign=False, origin=STRANGER).status == 200


def test_a_stored_policy_says_what_its_signatures_allow(client: Client) -> None:
    put(client)
    policy = (
        b"<SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy><Expiry>2036-01-01</Expiry>"
        b"<Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"
    )
    assert client.ask("PUT", "/copies?restype=container&comp=acl", policy).status == 200
    fields = {"sv": "2020-12-06", "sr": "c", "si": "readers"}
    names = SIGNED_FIELDS["2020-12-06"]
    text = "\n".join(["", "", "", f"/blob/{NAME}/copies", *(fields.get(name, "") for name in names)])
    sas = query_of(**fields, sig=signed(client.key, text))
    assert client.ask("GET", f"/copies/a?{sas}", sign=False).status == 200
    assert client.ask("DELETE", f"/copies/a?{sas}", sign=False).code == "AuthorizationPermissionMismatch"
    assert client.ask("PUT", "/copies?restype=container&comp=acl").status == 200
    assert client.ask("GET", f"/copies/a?{sas}", sign=False).code == "AuthenticationFailed"


def test_nobody_is_let_in_where_the_account_is_closed(client: Client, arm: ArmClient) -> None:
    arm.patch(ACCOUNT, STORAGE, {"properties": {"publicNetworkAccess": "Disabled"}})
    assert client.ask("GET", "/copies?restype=container").code == "AuthorizationFailure"


def test_what_was_deleted_comes_back_for_as_long_as_it_is_kept(client: Client, arm: ArmClient) -> None:
    kept = {"properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}}}
    arm.put(f"{ACCOUNT}/blobServices/default", STORAGE, kept)
    put(client)
    assert client.ask("DELETE", "/copies/a").headers["x-ms-delete-type-permanent"] == "false"
    client.world.clock.move(timedelta(days=6))
    assert client.ask("PUT", "/copies/a?comp=undelete").status == 200
    client.ask("DELETE", "/copies/a")
    client.world.clock.move(timedelta(days=7))
    listed = client.ask("GET", "/copies?restype=container&comp=list&include=deleted").xml.find("Blobs")
    assert listed is not None
    assert len(listed) == 0
    assert client.ask("PUT", "/copies/a?comp=undelete").code == "BlobNotFound"


_texts = st.one_of(st.text(max_size=6), st.sampled_from(["", "*", "0", "-1", "true", "<a/>", "2036-01-01T00:00:00Z"]))
_COMPS = [
    "",
    "list",
    "acl",
    "metadata",
    "properties",
    "block",
    "blocklist",
    "appendblock",
    "tier",
    "seal",
    "undelete",
    "immutabilityPolicies",
    "legalhold",
    "lease",
    "snapshot",
    "userdelegationkey",
    "tags",
    "batch",
]
_PARAMETERS = [
    "blockid",
    "versionid",
    "marker",
    "prefix",
    "delimiter",
    "maxresults",
    "include",
    "sig",
    "sv",
    "se",
    "sp",
]
_HEADERS = [
    "if-match", "if-none-match", "if-modified-since", "x-ms-range", "range", "content-md5", "x-ms-blob-type",
    "x-ms-copy-source", "x-ms-meta-a", "x-ms-access-tier", "x-ms-blob-public-access", "x-ms-date", "x-ms-version",
    "x-ms-immutability-policy-until-date", "x-ms-legal-hold", "x-ms-blob-condition-appendpos", "authorization",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"]),
    path=st.sampled_from(["/", "/copies", "/copies/", "/copies/a", "//", "/copies//a", "/no/a", "/$root/a", "/a/\x01"]),
    query=st.dictionaries(st.sampled_from(_PARAMETERS), _texts, max_size=3),
    restype=st.sampled_from(["", "container", "service", "account", "x"]),
    comp=st.sampled_from(_COMPS),
    headers=st.dictionaries(st.sampled_from(_HEADERS), _texts, max_size=3),
    body=st.sampled_from([b"", b"x", b"<a/>", b"<!DOCTYPE a>", b"<BlockList><Latest>x</Latest></BlockList>",
                          b"<KeyInfo><Start>x</Start></KeyInfo>", b"<SignedIdentifiers><a/></SignedIdentifiers>"]),
    as_owner=st.booleans(),
)  # fmt: skip
def test_whatever_a_client_sends_is_answered(
    client: Client,
    method: str,
    path: str,
    query: dict[str, str],
    restype: str,
    comp: str,
    headers: dict[str, str],
    body: bytes,
    as_owner: bool,
) -> None:
    asked = {**query, **({"restype": restype} if restype else {}), **({"comp": comp} if comp else {})}
    given_headers: dict[str, Any] = {"x-ms-version": "2024-11-04", "content-length": str(len(body)), **headers}
    request = Request(method, f"{NAME}.blob.core.windows.net", path, asked, given_headers, body)
    service = BlobService(client.world)
    assert service.handle(request).status != 500
    if as_owner:
        trusted = pytest.MonkeyPatch()
        trusted.setattr("local_azure.storage.service.authenticate", lambda *_: Caller(has_key=True))
        try:
            assert service.handle(request).status != 500
        finally:
            trusted.undo()


def test_what_is_kept_survives_the_daemon(world: World, client: Client) -> None:
    put(client)
    assert BlobStore(world.store).content(BlobStore(world.store).within(NAME, "copies")[0]) == b"0123456789"
