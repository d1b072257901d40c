"""The security domain in a blob: written before the activation is waited for, read back, never overwritten."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from data_plane import pool as pools
from data_plane import session
from data_plane.activation import Activation, Result, Wanted
from data_plane.blobs import Blob
from data_plane.errors import CustodyError, DataPlaneError
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination, is_in_order
from tests.support import Azure
from tests.unit.ceremony.support import custodians_open
from tests.unit.data_plane.blob_ground import ATTEMPT, MANIFEST, NAME, URL, Custody
from tests.unit.data_plane.support import certificates, make_pool
from tests.unit.data_plane.test_failing_activation import pieces
from tests.unit.local_azure.storage.daemon import ACCOUNT

pytestmark = pytest.mark.daemon
HOST = f"{ACCOUNT}.blob.core.windows.net"


@pytest.fixture
def custody(pool: Pool, signed_in: Azure) -> Custody:
    del pool
    return Custody(signed_in)


@pytest.fixture
def wanted(pool: Pool, custody: Custody) -> Wanted:
    return Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(custody.place),))


@pytest.fixture
def said() -> list[str]:
    return []


def activate(wanted: Wanted, said: list[str]) -> Result:
    return Activation(session.current(), wanted, say=said.append).run()


def status_of(pool: Pool) -> str:
    found = pools.read(session.current(), pool.id)
    assert found is not None
    return found.activation_status


def test_a_blob_and_its_manifest_are_all_that_an_activation_leaves(
    pool: Pool, custody: Custody, wanted: Wanted, said: list[str], tmp_path: Path
) -> None:
    result = activate(wanted, said)
    assert status_of(pool) == pools.ACTIVE
    assert list(map(str, result.files)) == [URL]
    assert custody.names() == [NAME, MANIFEST]
    assert custody.opens(tmp_path, 1, 2, 3)
    assert custody.manifest_is_of(pool)
    assert nothing_of(custody, [NAME], "\n".join([*said, str(result), custody.content(MANIFEST).decode()]))


def nothing_of(custody: Custody, names: list[str], shown: str) -> bool:
    """Whether no part of any JWE in these blobs is in what was shown."""
    jwes = [jwe for name in names for jwe in re.findall(r"[A-Za-z0-9_-]{60,}", custody.content(name).decode())]
    return not {piece for jwe in jwes for piece in pieces(jwe)} & pieces(shown)


def test_a_second_activation_adopts_the_blob(custody: Custody, wanted: Wanted, said: list[str]) -> None:
    first = activate(wanted, said)
    content = custody.content()
    again = activate(wanted, said)
    assert again.manifest == first.manifest
    assert custody.content() == content
    assert f"{URL} is its security domain; adopted" in said[-1]


def test_copies_go_from_a_file_to_a_blob_and_back(
    custody: Custody, wanted: Wanted, said: list[str], tmp_path: Path
) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    activate(replace(wanted, destinations=(Destination(one),)), said)
    both = activate(replace(wanted, destinations=(Destination(custody.place), Destination(one))), said)
    assert list(map(str, both.files)) == [URL, str(one)]
    assert custody.content() == one.read_bytes()
    activate(replace(wanted, destinations=(Destination(two),), sources=(custody.place,)), said)
    assert two.read_bytes() == custody.content()
    assert custodians_open(two, 1, 2, 3)


def test_what_lay_there_before_is_kept_under_the_time_of_its_pool(
    pool: Pool, custody: Custody, wanted: Wanted, said: list[str], tmp_path: Path
) -> None:
    activate(wanted, said)
    earlier = custody.content()
    activate(replace(wanted, custodians=certificates(4, 5, 6), reissue=True), said)
    stamp = re.sub("[^0-9TZ]", "", pool.created_at.split(".")[0] + "Z")
    aside = f"{NAME}.{stamp}"
    assert custody.names() == [NAME, f"{aside}", f"{aside}.manifest.json", MANIFEST]
    assert custody.content(aside) == earlier != custody.content()
    assert custody.opens(tmp_path, 4, 5, 6)
    assert f"the earlier sd.json is kept as {aside.rsplit('/', 1)[1]}" in said
    other = make_pool("fabrikamHSM")
    activate(replace(wanted, hsm_id=other.id, hsm_uri=other.uri), said)
    assert len(custody.names()) == 6
    assert custody.manifest_is_of(other)


def test_something_else_of_that_name_is_never_overwritten(custody: Custody, wanted: Wanted, said: list[str]) -> None:
    custody.container.upload_blob(NAME, b"the minutes of the meeting")
    activate(wanted, said)
    (aside,) = [each for each in custody.names() if each.startswith(f"{NAME}.2")]
    assert custody.content(aside) == b"the minutes of the meeting"


def test_a_blob_that_has_gone_or_is_altered_stops_the_next_run(
    pool: Pool, custody: Custody, wanted: Wanted, said: list[str]
) -> None:
    activate(wanted, said)
    content = custody.content()
    custody.container.upload_blob(NAME, content + b" ", overwrite=True)
    with pytest.raises(CustodyError, match=re.escape(f"{URL} is not the file of its manifest")):
        activate(wanted, said)
    custody.container.delete_blob(NAME)
    with pytest.raises(CustodyError, match=re.escape(f"{pool.name} is active, but {URL} is missing")):
        activate(wanted, said)
    custody.container.upload_blob(NAME, content)
    activate(wanted, said)


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda custody: custody.container.delete_container(), "there is no container custody in that account"),
        (lambda custody: custody.storage.take_roles(), "give it the Azure role Storage Blob Data Contributor"),
        (lambda custody: custody.storage.set(networkAcls={"defaultAction": "Deny"}), "network rules"),
        (lambda custody: custody.storage.hand.arm("DELETE", custody.storage.account.id, "2025-06-01"), HOST),
    ],
    ids=["no container", "no role", "closed", "no account"],
)
def test_a_place_that_cannot_be_used_is_found_out_before_the_activation_begins(
    pool: Pool, custody: Custody, wanted: Wanted, said: list[str], tmp_path: Path, spoil: Any, line: str
) -> None:
    spoil(custody)
    with pytest.raises(CustodyError, match=re.escape(line)) as refused:
        activate(wanted, said)
    assert "\n" not in str(refused.value)
    assert status_of(pool) == pools.NOT_ACTIVATED
    here = (Destination(tmp_path / "sd.json"), Destination(custody.place, optional=True))
    activate(replace(wanted, destinations=here), said)
    assert status_of(pool) == pools.ACTIVE
    assert any(each.startswith("optional destination: ") and line in each for each in said)


def test_an_immutable_container_keeps_what_it_has(
    custody: Custody, wanted: Wanted, said: list[str], tmp_path: Path
) -> None:
    make_immutable(custody)
    activate(wanted, said)
    assert custody.names() == [NAME, ATTEMPT, MANIFEST]
    assert f"{URL}.attempt.json: stays, as the container is immutable" in "\n".join(said)
    activate(wanted, said)
    assert custody.opens(tmp_path, 1, 2, 3)
    other = make_pool("fabrikamHSM")
    with pytest.raises(CustodyError, match="is immutable, and what is there would have to give way — choose another n"):
        activate(replace(wanted, hsm_id=other.id, hsm_uri=other.uri), said)
    assert status_of(other) == pools.NOT_ACTIVATED


def test_a_container_that_became_immutable_is_found_out_before_another_pool_is_activated(
    custody: Custody, wanted: Wanted, said: list[str]
) -> None:
    activate(wanted, said)
    assert custody.names() == [NAME, MANIFEST]
    make_immutable(custody)
    other = make_pool("fabrikamHSM")
    with pytest.raises(CustodyError, match="is immutable, and what is there would have to give way"):
        activate(replace(wanted, hsm_id=other.id, hsm_uri=other.uri), said)
    assert status_of(other) == pools.NOT_ACTIVATED


def make_immutable(custody: Custody) -> None:
    """Keeps every blob of the container for a week."""
    container = f"{custody.storage.account.id}/blobServices/default/containers/custody"
    custody.storage.hand.ask(
        "PUT",
        f"https://management.azure.com{container}/immutabilityPolicies/default?api-version=2025-06-01",
        "https://management.azure.com",
        {"properties": {"immutabilityPeriodSinceCreationInDays": 7}},
    ).raise_for_status()


def status(code: int, **more: Any) -> dict[str, Any]:
    return {"kind": "status", "status": code, "host": HOST, **more}


WRITES = {"the mark": f"{ATTEMPT}$", "the blob": f"{NAME}$", "the manifest": f"{MANIFEST}$"}
FAULTS = [
    *(
        (f"{kind} at {what}", {"kind": kind, "host": HOST, "method": "PUT", "path": path, "count": 7})
        for what, path in WRITES.items()
        for kind in ("drop-before", "drop-after")
    ),
    *(
        (f"{code} at {what}", status(code, method="PUT", path=path, count=7))
        for what, path in WRITES.items()
        for code in (403, 503)
    ),
    *(
        (f"{code} at the blob", status(code, method="PUT", path=WRITES["the blob"], count=7))
        for code in (401, 429, 500)
    ),
    ("500 when it is looked at again", status(500, method="GET", path=f"{NAME}$", skip=2, count=7)),
    ("500 when it is read back", status(500, method="GET", path=f"{NAME}$", skip=3, count=7)),
    ("403 when the mark is taken away", status(403, method="DELETE", path=ATTEMPT, count=7)),
]


@pytest.mark.parametrize(("name", "rule"), FAULTS, ids=[name for name, _ in FAULTS])
def test_whatever_goes_wrong_the_next_run_ends_well_and_nobody_saw_the_content(
    pool: Pool,
    custody: Custody,
    wanted: Wanted,
    said: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    rule: dict[str, Any],
) -> None:
    del name
    caplog.set_level("DEBUG")
    for retries in ("retry_total", "retry_connect", "retry_read", "retry_status"):
        monkeypatch.setitem(session._PIPELINE, retries, 0)
    session.forget()
    wanted = replace(wanted, destinations=(Destination(Blob(URL, session.current())),))
    custody.storage.azure.control.add_fault(rule["kind"], **{key: rule[key] for key in rule if key != "kind"})
    with pytest.raises(DataPlaneError) as failed:
        activate(wanted, said)
    assert "\n" not in str(failed.value)
    assert URL in str(failed.value)
    custody.storage.azure.control.clear_faults()
    result = activate(wanted, said)
    assert status_of(pool) == pools.ACTIVE
    assert custody.opens(tmp_path, 1, 2, 3)
    assert ATTEMPT not in custody.names()
    everything = "\n".join([str(failed.value), *said, str(result), caplog.text])
    kept = [each for each in custody.names() if not each.endswith(".manifest.json")]
    assert nothing_of(custody, kept, everything)


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "503"])
def test_a_fault_that_passes_is_borne(pool: Pool, custody: Custody, wanted: Wanted, said: list[str], kind: str) -> None:
    rule: dict[str, Any] = {"host": HOST, "method": "PUT", "path": f"{NAME}$", "count": 1}
    if kind == "503":
        custody.storage.azure.control.add_fault("status", status=503, **rule)
    else:
        custody.storage.azure.control.add_fault(kind, **rule)
    activate(wanted, said)
    assert status_of(pool) == pools.ACTIVE
    assert custody.names() == [NAME, MANIFEST]


def test_somebody_who_writes_there_meanwhile_is_not_overwritten(
    custody: Custody, wanted: Wanted, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Blob.create

    def late(blob: Blob, content: bytes) -> bool:
        if blob.url == URL:
            custody.container.upload_blob(NAME, b"somebody else's")
            monkeypatch.setattr(Blob, "create", create)
        return create(blob, content)

    monkeypatch.setattr(Blob, "create", late)
    with pytest.raises(CustodyError, match="somebody else has written something else there just now"):
        activate(wanted, said)
    assert custody.content() == b"somebody else's"
    activate(wanted, said)
    assert b"somebody else's" in [custody.content(each) for each in custody.names() if ".2" in each]


def test_a_refresh_sees_a_blob_that_has_gone_and_bears_an_optional_place_that_cannot_be_read(
    custody: Custody, wanted: Wanted, said: list[str]
) -> None:
    sha256 = activate(wanted, said).manifest.sha256
    assert is_in_order(Destination(custody.place), sha256)
    custody.container.delete_blob(MANIFEST)
    assert not is_in_order(Destination(custody.place), sha256)
    custody.storage.take_roles()
    assert not is_in_order(Destination(custody.place, optional=True), sha256)
    with pytest.raises(CustodyError, match="Storage Blob Data Contributor"):
        is_in_order(Destination(custody.place), sha256)
