"""Versions of the Pulumi CLI: which one is ours, which is the oldest to be accepted, how they are compared."""

import re
from typing import NamedTuple

PINNED = "3.259.0"
"""What is installed or built here: the newest release of the CLI's Go module when this was written."""

MINIMUM = "3.200.0"
"""The oldest `pulumi` on PATH that is used.

A bound of support, not of technique: the SDK in requirements.txt still speaks to older engines, but leaves out what
they do not offer (it says so itself, feature by feature), and nothing older than a year of releases is looked after
here. The tests run with `PINNED`.
"""

_PATTERN = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class Version(NamedTuple):
    """A semantic version, ordered as semver.org has it as far as is needed: a pre-release comes before its release."""

    major: int
    minor: int
    patch: int
    is_release: bool = True

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}{'' if self.is_release else ' (pre-release)'}"


def parse_version(text: str) -> Version | None:
    """The version that a line such as `v3.259.0` or `go1.26.8` names, None if it names none."""
    found = _PATTERN.search(text)
    if found is None:
        return None
    major, minor, patch, prerelease = found.groups()
    return Version(int(major), int(minor), int(patch), prerelease is None)
