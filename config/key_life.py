"""What happens to a key later: new versions, and its release to an attested environment."""

import calendar
import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator

from config.fields import Boolean, ProjectPath, Section, Text, matching, setting

_DURATION = r"P(?=[0-9])([0-9]{1,4}Y)?([0-9]{1,4}M)?([0-9]{1,5}D)?"
Duration = Annotated[str, BeforeValidator(matching(_DURATION))]
"""An ISO 8601 duration in years, months and days."""


class ReleasePolicy(Section):
    """Under which attestation an exportable key is released."""

    file: ProjectPath | None = setting(
        None,
        what="A file with the policy as JSON.",
        accepted="the path of a JSON file",
        example="policies/release.json",
    )
    claims: dict[str, Any] | None = setting(
        None,
        what="The policy itself.",
        accepted="a release policy",
        example={
            "version": "1.0.0",
            "anyOf": [
                {
                    "authority": "https://sharedeus2.eus2.attest.azure.net",
                    "allOf": [{"claim": "x-ms-attestation-type", "equals": "sevsnpvm"}],
                }
            ],
        },
    )
    immutable: Boolean = setting(
        False,
        what="Whether the policy can never be changed again; neither can this.",
        accepted="true or false",
        example=False,
    )


class Rotation(Section):
    """When there is a new version."""

    after_creation: Duration | None = setting(
        None,
        what="The age at which the service replaces a version.",
        accepted="an ISO 8601 duration of at least 28 days, such as P90D",
        example="P90D",
    )
    before_expiry: Duration | None = setting(
        None,
        what="How long before its expiry the service replaces a version; leaves at least 28 days of expiresAfter.",
        accepted="an ISO 8601 duration, such as P30D",
        example="P30D",
    )
    expires_after: Duration | None = setting(
        None,
        what="The life of each new version.",
        accepted="an ISO 8601 duration of at least 28 days, such as P1Y",
        example="P1Y",
    )
    rotate_now: Text | None = setting(
        None,
        what="A trigger: another text than at the last `up` (a date, a ticket) makes a new version, once. On a key "
        "that is made with it, it does nothing.",
        accepted="any text",
        example="2026-11-21",
    )

    @property
    def is_policy(self) -> bool:
        """Whether the service is asked for anything, so that the key gets a rotation policy."""
        return any((self.after_creation, self.before_expiry, self.expires_after))


def shortest_days(duration: str, less: str | None = None) -> int:
    """The days of a duration where it is shortest on the calendar, those of ``less`` at its end taken off."""
    return min(_days(duration, less, month) for month in range(1, 13))


def _days(duration: str, less: str | None, month: int) -> int:
    # 2027 begins no leap day before 2028; the shortest months count.
    start = date(2027, month, 1)
    end = _moved(start, duration, 1)
    return ((end if less is None else _moved(end, less, -1)) - start).days


def _moved(start: date, duration: str, direction: int) -> date:
    years, months, days = (int(part[:-1]) if part else 0 for part in _parts(duration))
    year, month = divmod(start.year * 12 + start.month - 1 + direction * (12 * years + months), 12)
    year = min(max(year, date.min.year), date.max.year)
    day = min(start.day, calendar.monthrange(year, month + 1)[1])
    ordinal = date(year, month + 1, day).toordinal() + direction * days
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))


def _parts(duration: str) -> tuple[str | None, ...]:
    found = re.fullmatch(_DURATION, duration)
    if found is None:
        raise ValueError(duration)
    return found.groups()
