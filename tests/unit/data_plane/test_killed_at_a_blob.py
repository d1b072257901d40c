"""A process killed at any step of the activation costs nothing where the only place is a blob."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from data_plane import pool as pools
from data_plane import session
from data_plane.activation import Activation, Wanted
from data_plane.pool import Pool
from data_plane.security_domain_file import Destination
from tests.support import Azure
from tests.unit.data_plane.blob_ground import MANIFEST, NAME, URL, Custody
from tests.unit.data_plane.support import certificate_pem, certificates

pytestmark = pytest.mark.daemon

DRIVER = """
import json, os, signal, sys
from data_plane import activation, security_domain, session
from data_plane.blobs import Blob
from data_plane.custody import certificate_der
from data_plane.security_domain_file import Destination

def die():
    os.kill(os.getpid(), signal.SIGKILL)

when, what, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])

def dying(owner, name, concerns=lambda *arguments: True):
    function = getattr(owner, name)
    def call(*arguments, **named):
        if not concerns(*arguments):
            return function(*arguments, **named)
        if when == "before":
            die()
        function(*arguments, **named)
        die()
    setattr(owner, name, call)

match what:
    case "the request": dying(security_domain, "download")
    case "the poll": dying(security_domain, "progress")
    case "taking the mark away": dying(Blob, "remove")
    case ending: dying(Blob, "create", lambda blob, content: blob.url.endswith(ending))
activation.Activation(
    session.current(),
    activation.Wanted(
        given["hsm_id"], given["hsm_uri"],
        tuple((name, certificate_der(name, pem)) for name, pem in given["custodians"]),
        2, (Destination(Blob(given["url"], session.current())),),
    ),
    say=print,
).run()
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "what",
    ["/sd.json.attempt.json", "the request", "/sd.json", "/sd.json.manifest.json", "taking the mark away", "the poll"],
)
def test_the_next_run_ends_well(pool: Pool, signed_in: Azure, tmp_path: Path, when: str, what: str) -> None:
    custody = Custody(signed_in)
    given = {
        "hsm_id": pool.id,
        "hsm_uri": pool.uri,
        "custodians": [(f"custodian-{number}", certificate_pem(number)) for number in (1, 2, 3)],
        "url": URL,
    }
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, when, what, json.dumps(given)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == -9, run.stdout + run.stderr
    wanted = Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(custody.place),))
    Activation(session.current(), wanted).run()
    found = pools.read(session.current(), pool.id)
    assert found is not None
    assert found.activation_status == pools.ACTIVE
    assert custody.opens(tmp_path, 1, 2, 3)
    assert custody.manifest_is_of(pool)
    assert {NAME, MANIFEST} <= set(custody.names())
    assert not [each for each in custody.names() if each.endswith(".attempt.json")]
