"""Which namespaces this machine allows, tried."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_FRESH = ("--net", "--mount", "--uts", "--propagation", "private", "true")


def _why_not(*options: str) -> str | None:
    if sys.platform != "linux":
        return "there are no network namespaces but on Linux"
    try:
        done = subprocess.run(["unshare", *options, *_FRESH], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no unshare (package util-linux)"
    return done.stderr.strip() if done.returncode else None


WHY_NOT_AS_ROOT = _why_not() if os.geteuid() == 0 else "the tests do not run as root"
WHY_NOT_AS_USER = _why_not("--user", "--map-root-user")

needs_root_namespaces = pytest.mark.skipif(WHY_NOT_AS_ROOT is not None, reason=str(WHY_NOT_AS_ROOT))
needs_user_namespaces = pytest.mark.skipif(WHY_NOT_AS_USER is not None, reason=str(WHY_NOT_AS_USER))
needs_namespaces = pytest.mark.skipif(
    WHY_NOT_AS_ROOT is not None and WHY_NOT_AS_USER is not None, reason=str(WHY_NOT_AS_USER)
)
