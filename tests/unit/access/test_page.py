"""The page and the Markdown: whole, self-contained, readable without colours; names in them stay names."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest

from access.capabilities import OVER_POOL, WITH_KEYS, words_of
from access.findings import findings
from access.markdown import markdown
from access.model import Access, Grant, Principal
from access.page import page
from access.page_style import STYLE
from access.tables import key_classes
from data_plane.data_actions import DATA_ACTIONS, short
from tests.unit.access.support import access

VOID = {"meta", "br", "hr", "link", "img"}
SOME = access(
    "admins: Administrator at /",
    "operators: Crypto Officer at /keys/one",
    "payments: Crypto User at /keys/one",
    "pipeline: Crypto Service Encryption User at /keys/two",
    "pipeline: Crypto Service Encryption User at /keys/three",
    members=True,
)


class Walker(HTMLParser):
    """Follows the document: fails where a tag is not closed, collects attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.rows[-1][-1] += data


def walked(some: Access) -> Walker:
    walker = Walker()
    walker.feed(page(some, findings(some)))
    walker.close()
    assert walker.open == []
    return walker


def test_the_page_is_whole_and_takes_nothing_from_elsewhere() -> None:
    walker = walked(SOME)
    for name, value in walker.attributes:
        assert name not in ("src", "onclick", "onload")
        if name == "href":
            assert value is not None
            assert value.startswith("#")
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    anchors = {value for name, value in walker.attributes if name == "id"}
    assert {str(value)[1:] for name, value in walker.attributes if name == "href"} <= anchors


def test_every_mark_says_in_words_what_it_means_and_why() -> None:
    rows = [each for each in walked(SOME).rows if each[0] == "paymentsidentity"]
    [row] = [each for each in rows if len(each) == 1 + len(key_classes(SOME)) and "nothing" in each[1]]
    assert row[1] == "–nothing"
    assert (
        "Use: encrypt, decrypt, wrap, unwrap, sign, verify, derive, by Managed HSM Crypto User at /keys/one" in row[2]
    )
    whys = [value for name, value in walked(SOME).attributes if name == "data-why"]
    assert "Give roles — Managed HSM Administrator at /" in whys
    assert "give roles — Managed HSM Crypto Officer at /keys/one through group operators" in whys


def test_names_stay_names_whatever_is_in_them() -> None:
    evil = '<script>alert("x")</script>|*'
    some = Access(
        pool=evil,
        roles={},
        principals={evil: Principal(evil, "user", evil)},
        grants=(Grant(evil, evil, f"/keys/{evil}", assignment=evil),),
        source=evil,
        gaps=(evil,),
    )
    assert "<script" not in page(some, findings(some))
    walked(some)
    assert not re.search(r"(?<!\\)[<|]script", markdown(some, findings(some)))
    assert "script\\>\\|\\*" in markdown(some, [])


def test_keys_with_the_same_rights_are_one_column() -> None:
    assert [each.name for each in key_classes(SOME)] == ["every key", "one", "three and 1 more"]


def test_a_thousand_keys_and_two_hundred_assignments_are_a_page_within_seconds() -> None:
    given = [f"team-{number}: Crypto User at /keys/key-{number}" for number in range(200)]
    many = access("admins: Administrator at /", *given)
    began = time.monotonic()
    made = page(many, findings(many))
    assert time.monotonic() - began < 20
    assert len(made) < 20_000_000


def test_the_markdown_has_a_table_for_the_pool_and_each_kind_of_key() -> None:
    text = markdown(SOME, findings(SOME))
    assert "| identity payments | read | **encrypt, decrypt, wrap, unwrap, sign, verify, derive** |" in text
    assert text.count("| who |") == 1 + len(key_classes(SOME))
    assert "- **warning**: group operators could give itself every right at key one" in text


def test_every_data_action_with_keys_is_in_one_group_and_every_power_is_a_data_action() -> None:
    shown = [action for group in WITH_KEYS for action in group.actions]
    assert len(shown) == len(set(shown))
    keys = {each for each in DATA_ACTIONS if short(each).startswith("keys/")}
    assert keys <= set(shown) <= DATA_ACTIONS
    assert {action for each in OVER_POOL for action in each.actions} <= DATA_ACTIONS
    assert len({words_of(each) for each in shown}) == len(shown)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
def test_text_stands_out_enough_in_light_dark_and_print(number: int) -> None:
    """WCAG 2.2, 1.4.3: at least 4.5 to 1."""
    palette = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[number]
    colours = {
        name: value if len(value) == 7 else "#" + "".join(letter * 2 for letter in value[1:])
        for name, value in re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})", palette)
    }
    pairs = [(f"{each.code}-ink", each.code) for each in WITH_KEYS]
    pairs += [(f"{each.code}-ink", "card") for each in WITH_KEYS]
    pairs += [(ink, ground) for ink in ("ink", "soft", "danger", "warning", "note") for ground in ("paper", "card")]
    for ink, ground in pairs:
        assert _contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
