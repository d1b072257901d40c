"""Every key is documented, and the examples that stand in for wrong values are right themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from config import catalogue
from config.catalogue import Node


def _nodes(node: Node, path: str = "") -> Iterator[tuple[str, Node]]:
    for name, child in node.children.items():
        yield f"{path}.{name}", child
        yield from _nodes(child, f"{path}.{name}")


NODES = dict(_nodes(catalogue.root()))
NAMED = {
    path: node for path, node in NODES.items() if (last := path.rpartition(".")[2]) != catalogue.ANY and last[0] != "<"
}


@pytest.mark.parametrize("path", NAMED)
def test_every_key_says_what_it_means_what_it_accepts_and_an_example(path: str) -> None:
    node = NAMED[path]
    assert node.info is not None
    assert node.info.description
    if re.search(r"\.(principal|readers\.\*)\.(kind|value)$", path):
        return  # the two halves of a principal, which the configuration writes as one value
    assert node.accepted
    assert node.info.examples


def test_lists_and_mappings_have_an_entry_in_their_example_to_take_the_place_of_a_wrong_one() -> None:
    for path, node in NODES.items():
        if catalogue.ANY in node.children and node.info is not None:
            assert node.example, path


def test_a_location_through_one_of_several_forms_is_found() -> None:
    assert catalogue.find(("network", "vnet", "<new>", "addressSpace")).accepted.startswith("a private IPv4 network")
    assert catalogue.find(("securityDomain", "destinations", 0, "<path>", "path")).accepted
    assert catalogue.find(("hsm", "<new>", "nothing", "deeper")) == Node()


def test_the_keys_of_a_mapping_are_known() -> None:
    assert catalogue.known_keys(("network", "vnet", "<new>")) == ["name", "addressSpace"]
    assert catalogue.known_keys(("keys",)) == []
