"""The stack's file: YAML with remarks for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

_WIDTH = 118


class _Dumper(yaml.SafeDumper):
    """Without anchors: what is said twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Of anything."""
        del data
        return True


def text(sections: Mapping[str, Any], title: str, remarks: Iterable[str]) -> str:
    """The whole file: remarks first, then the configuration."""
    lines = [f"# {line}" for line in textwrap.wrap(title, _WIDTH - 2)]
    for remark in remarks:
        first, *rest = textwrap.wrap(remark, _WIDTH - 4)
        lines += [f"# - {first}", *(f"#   {line}" for line in rest)]
    return (
        "\n".join(lines)
        + "\n"
        + yaml.dump({"config": dict(sections)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    )
