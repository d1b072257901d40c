"""New versions of keys: by the service's policy, by a trigger, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from data_plane import key_rotation, session
from data_plane.errors import RequestError
from data_plane.key_rotation import KeyVersion, RotationPolicy, made_by_hand
from data_plane.pool import Pool
from tests.support import Azure
from tests.unit.dynamic.keys_support import Managed

DAY = 86_400.0
POLICY = {"after_creation": "P90D", "expires_after": "P1Y"}


@pytest.fixture
def key(usable_pool: Pool) -> Managed:
    return Managed(usable_pool)


def wait(azure: Azure, days: float) -> None:
    azure.control.move_clock(days * DAY)
    session.forget()


pytestmark = pytest.mark.daemon


def test_a_rotation_policy_is_set_changed_and_taken_away(key: Managed) -> None:
    key.up(rotation=POLICY)
    policy = key.client.get_key_rotation_policy("mykey")
    assert (policy.lifetime_actions[0].time_after_create, policy.expires_in) == ("P90D", "P1Y")
    assert not key.preview(rotation={"after_creation": "P90D", "expires_after": "P12M"}).changes
    key.up(rotation={"before_expiry": "P30D", "expires_after": "P1Y"}, expires="2031-01-01T00:00:00Z")
    assert key.client.get_key_rotation_policy("mykey").lifetime_actions[0].time_before_expiry == "P30D"
    key.up(expires="2031-01-01T00:00:00Z")
    assert key.client.get_key_rotation_policy("mykey").lifetime_actions == []


def test_a_rotation_that_the_policy_made_is_no_drift(key: Managed, signed_in: Azure) -> None:
    first = key.up(rotation=POLICY, tags={"a": "b"}, not_before="2020-01-01T00:00:00Z")["version"]
    wait(signed_in, 91)
    assert key.refresh() == []
    assert key.outs["version"] != first
    assert key.outs["versions"] == [first, key.outs["version"]]
    assert not key.preview(rotation=POLICY, tags={"a": "b"}, not_before="2020-01-01T00:00:00Z").changes
    # Nor later, when the state has the new version already.
    assert key.refresh() == []
    # A change that has nothing to do with it leaves the dates alone that the service gave.
    rotated = key.client.get_key("mykey").properties.expires_on
    key.up(rotation=POLICY, tags={"a": "c"}, not_before="2020-01-01T00:00:00Z")
    found = key.client.get_key("mykey").properties
    assert (found.expires_on, found.not_before, found.tags) == (rotated, None, {"a": "c"})


def test_a_rotation_before_expiry_is_no_drift_either(key: Managed, signed_in: Azure) -> None:
    settings = {"rotation": {"before_expiry": "P30D", "expires_after": "P90D"}}
    expires = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    key.up(expires=expires, **settings)
    wait(signed_in, 31)
    assert key.refresh() == []
    wait(signed_in, 61)
    assert key.refresh() == []
    assert len(key.outs["versions"]) == 3
    assert not key.preview(expires=expires, **settings).changes


def test_a_version_made_by_hand_is_drift_that_up_takes_note_of(
    key: Managed, capsys: pytest.CaptureFixture[str]
) -> None:
    key.up(rotation=POLICY, expires="2031-01-01T00:00:00Z")
    made = key.client.rotate_key("mykey")
    (sentence, moved) = key.refresh()
    assert sentence.startswith(f"version {made.properties.version} was made by hand at 20")
    assert moved.startswith("expires ")
    assert key.preview(rotation=POLICY, expires="2031-01-01T00:00:00Z").changes
    assert f"key mykey: changed outside of this stack: {sentence}" in capsys.readouterr().out
    key.up(rotation=POLICY, expires="2031-01-01T00:00:00Z")
    assert key.refresh() == []
    assert key.outs["version"] == made.properties.version
    # The dates of the configuration are for the version that is current now.
    assert key.client.get_key("mykey").properties.expires_on == datetime(2031, 1, 1, tzinfo=UTC)


def test_a_version_by_hand_before_the_policys_time_is_told_from_the_policys_own(key: Managed, signed_in: Azure) -> None:
    key.up(rotation=POLICY)
    wait(signed_in, 45)
    made = key.client.rotate_key("mykey").properties.version
    wait(signed_in, 91)
    assert [sentence.split(" was made by hand at")[0] for sentence in key.refresh()] == [f"version {made}"]
    assert len(key.outs["versions"]) == 3


def test_a_rotation_policy_changed_by_hand_is_drift(key: Managed) -> None:
    key.up(rotation=POLICY)
    key_rotation.write_policy(session.current(), key.pool.uri, "mykey", RotationPolicy("P30D"))
    assert key.refresh() == [
        "rotation policy: after_creation: P30D instead of after_creation: P90D, expires_after: P1Y"
    ]
    key.up(rotation=POLICY)
    assert key.client.get_key_rotation_policy("mykey").lifetime_actions[0].time_after_create == "P90D"


def test_rotate_now_makes_one_version_for_each_trigger(key: Managed, capsys: pytest.CaptureFixture[str]) -> None:
    key.up(rotation=POLICY, rotate_now="first")
    assert len(key.versions) == 1
    outs = key.up(rotation=POLICY, rotate_now="second")
    assert key.versions == outs["versions"]
    assert outs["version"] == outs["versions"][1]
    assert "rotated, as rotateNow: second asks" in capsys.readouterr().out
    key.up(rotation=POLICY, rotate_now="second")
    key.up(rotation=POLICY)
    assert len(key.versions) == 2
    assert key.refresh() == []


def test_rotate_now_needs_no_policy_and_keeps_what_the_key_is(key: Managed) -> None:
    key.up(operations=["sign"], tags={"a": "b"}, expires="2031-01-01T00:00:00Z")
    key.up(operations=["sign"], tags={"a": "b"}, expires="2031-01-01T00:00:00Z", rotate_now="now")
    found = key.client.get_key("mykey")
    assert (found.key_operations, found.properties.tags) == (["sign"], {"a": "b"})
    assert found.properties.expires_on == datetime(2031, 1, 1, tzinfo=UTC)
    assert len(key.versions) == 2


def test_a_date_goes_away_with_a_new_version_and_only_so(key: Managed) -> None:
    key.up(expires="2031-01-01T00:00:00Z", not_before="2020-01-01T00:00:00Z", enabled=False)
    assert any("the service cannot take a date from a version away again" in line for line in key.failures())
    key.up(rotate_now="without dates")
    found = key.client.get_key("mykey").properties
    assert (found.expires_on, found.not_before, found.enabled) == (None, None, True)
    assert key.refresh() == []


def test_an_expiry_goes_away_with_a_new_version_of_a_policy_that_gives_its_own(key: Managed) -> None:
    key.up(rotation=POLICY, expires="2031-01-01T00:00:00Z")
    key.up(rotation=POLICY, rotate_now="without a date of ours")
    assert key.client.get_key("mykey").properties.expires_on is not None
    assert key.refresh() == []


def test_a_version_that_the_policy_made_keeps_its_dates_when_the_key_is_recovered(
    key: Managed, signed_in: Azure
) -> None:
    asked = {"rotation": POLICY, "expires": (datetime.now(UTC) + timedelta(days=40)).isoformat()}
    key.up(**asked)
    wait(signed_in, 91)
    assert key.refresh() == []
    given = key.client.get_key("mykey").properties.expires_on
    key.client.begin_delete_key("mykey")
    key.refresh()
    key.up(**asked)
    assert key.client.get_key("mykey").properties.expires_on == given
    assert len(key.outs["versions"]) == 2
    assert key.refresh() == []


def test_a_version_that_the_policy_made_keeps_its_dates_when_the_key_is_adopted(key: Managed, signed_in: Azure) -> None:
    asked = {"rotation": POLICY, "expires": (datetime.now(UTC) + timedelta(days=40)).isoformat()}
    key.up(**asked)
    wait(signed_in, 91)
    given = key.client.get_key("mykey").properties.expires_on
    # As where its pool was deleted and recovered, or the state is lost.
    again = Managed(key.pool)
    again.up(**asked)
    assert again.client.get_key("mykey").properties.expires_on == given
    assert again.refresh() == []
    assert not again.preview(**asked).changes


def test_a_rotation_whose_answer_was_lost_is_not_made_twice(key: Managed, signed_in: Azure) -> None:
    key.up(rotation=POLICY)
    signed_in.control.add_fault("drop-after", method="POST", path="/keys/mykey/rotate")
    with pytest.raises(Exception, match="key mykey"):
        key.up(rotation=POLICY, rotate_now="now")
    session.forget()
    key.up(rotation=POLICY, rotate_now="now")
    assert len(key.versions) == 2


def test_a_warning_comes_before_the_hundredth_version(key: Managed, capsys: pytest.CaptureFixture[str]) -> None:
    key.up(rotation=POLICY)
    for _ in range(89):
        key.client.rotate_key("mykey")
    key.refresh()
    key.up(rotation=POLICY)
    capsys.readouterr()
    key.preview(rotation=POLICY)
    assert "warning: key mykey has 90 versions of 100 that a key can have" in capsys.readouterr().out
    for _ in range(10):
        key.client.rotate_key("mykey")
    key.refresh()
    with pytest.raises(RequestError, match="limit of 100 versions"):
        key.up(rotation=POLICY, rotate_now="one more")


def version(name: str, day: int, expires: int | None = None) -> KeyVersion:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    end = None if expires is None else start + timedelta(days=expires)
    return KeyVersion(name, start + timedelta(days=day), enabled=True, expires=end)


@pytest.mark.parametrize(
    ("policy", "versions", "by_hand"),
    [
        (RotationPolicy("P90D"), [version("a", 0), version("b", 90), version("c", 180)], []),
        (RotationPolicy("P90D"), [version("a", 0), version("b", 89), version("c", 180)], ["b"]),
        (RotationPolicy("P1M"), [version("a", 0), version("b", 31), version("c", 59)], []),
        (RotationPolicy("P90D"), [version("b", 0)], []),
        (RotationPolicy(), [version("a", 0), version("b", 400)], ["b"]),
        (RotationPolicy(before_expiry="P30D"), [version("a", 0, 60), version("b", 30, 90), version("c", 59)], ["c"]),
        (RotationPolicy(before_expiry="P30D"), [version("a", 0), version("b", 30)], ["b"]),
    ],
)
def test_what_the_policy_had_not_asked_for_yet_was_made_by_hand(
    policy: RotationPolicy, versions: list[KeyVersion], by_hand: list[str]
) -> None:
    assert [each.version for each in made_by_hand(policy, versions, "a")] == by_hand
