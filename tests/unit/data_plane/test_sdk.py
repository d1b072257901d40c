"""That operations which begin at the same time do not load the SDKs into each other's way."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROVIDER = """
import random, sys, threading
from dynamic.base import one_line

STATEMENTS = [
    "from azure.core import exceptions",
    "from azure.core.rest import HttpRequest",
    "from azure.core.pipeline.policies import RetryPolicy",
    "from azure import identity",
    "from azure.keyvault.keys import KeyClient",
    "from azure.keyvault.administration import KeyVaultPermission",
]
sys.setswitchinterval(1e-5)
random.seed(int(sys.argv[1]))
barrier, failures = threading.Barrier(4), []

def operate(statement):
    barrier.wait()
    try:
        one_line(lambda: exec(statement, {}))()
    except Exception as error:
        failures.append(repr(error))

threads = [threading.Thread(target=operate, args=[each]) for each in random.sample(STATEMENTS, 4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
sys.exit("\\n".join(failures) or None)
"""


@pytest.mark.parametrize("seed", range(5))
def test_four_operations_that_begin_together_find_the_sdk_whole(seed: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROVIDER, str(seed)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
