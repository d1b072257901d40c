"""A process killed at any step of the activation costs nothing: the next run ends with one valid file."""

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
from data_plane.security_domain_file import Destination, attempt_path, look
from tests.support import Azure
from tests.unit.ceremony.support import custodians_open
from tests.unit.data_plane.support import certificate_pem, certificates

pytestmark = pytest.mark.daemon

DRIVER = """
import json, os, signal, sys
from pathlib import Path
from data_plane import activation, durable_files, security_domain, session
from data_plane import security_domain_file as files
from data_plane.custody import certificate_der
from data_plane.security_domain_file import Destination

def die(*arguments, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def die_after(function):
    def call(*arguments, **named):
        function(*arguments, **named)
        die()
    return call

def die_in_call(number, function):
    calls = []
    def call(*arguments, **named):
        calls.append(1)
        return die() if len(calls) == number else function(*arguments, **named)
    return call

class DyingFile:
    def __init__(self, file):
        self.file = file
    def __enter__(self):
        self.file.__enter__()
        return self
    def __exit__(self, *error):
        return self.file.__exit__(*error)
    def __getattr__(self, name):
        return getattr(self.file, name)
    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        die()

def half_written_in_call(number):
    real, calls = os.fdopen, []
    def fdopen(*arguments, **named):
        calls.append(1)
        file = real(*arguments, **named)
        return DyingFile(file) if len(calls) == number else file
    return fdopen

step = sys.argv[1]
match step:
    case "before the attempt is marked": activation.mark_attempt = die
    case "before the request": security_domain.download = die
    case "after the request": security_domain.download = die_after(security_domain.download)
    case "before the file": activation.keep = die
    case "during the file": os.fdopen = half_written_in_call(2)
    case "between temporary file and rename": Path.replace = die_in_call(2, Path.replace)
    case "between file and manifest": durable_files.write = die_in_call(3, durable_files.write)
    case "during the manifest": os.fdopen = half_written_in_call(3)
    case "before the mark is taken away": activation.unmark_attempt = die
    case "between file and poll": activation.Activation._await_activation = die
    case "during the poll": security_domain.progress = die_after(security_domain.progress)
    case "after everything": pass
given = json.loads(sys.argv[2])
activation.Activation(
    session.current(),
    activation.Wanted(
        given["hsm_id"], given["hsm_uri"],
        tuple((name, certificate_der(name, pem)) for name, pem in given["custodians"]),
        2, tuple(Destination(Path(path)) for path in given["paths"]),
    ),
    say=print,
).run()
if step == "after everything":
    die()
"""

STEPS = [line.split('"')[1] for line in DRIVER.splitlines() if line.strip().startswith("case")]


def killed_at(step: str, pool: Pool, paths: list[Path]) -> str:
    given = {
        "hsm_id": pool.id,
        "hsm_uri": pool.uri,
        "custodians": [(f"custodian-{number}", certificate_pem(number)) for number in (1, 2, 3)],
        "paths": [str(path) for path in paths],
    }
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, step, json.dumps(given)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == -9, run.stdout + run.stderr
    return run.stdout + run.stderr


SLOW_STEPS = ["after the request", "before the file", "between file and poll", "during the poll"]
CASES = [(step, False) for step in STEPS] + [(step, True) for step in SLOW_STEPS]


@pytest.mark.parametrize(("step", "slow"), CASES, ids=[f"{step}{' (slow)' * slow}" for step, slow in CASES])
def test_the_next_run_ends_well(pool: Pool, signed_in: Azure, tmp_path: Path, step: str, slow: bool) -> None:
    one, two = tmp_path / "one" / "sd.json", tmp_path / "two" / "sd.json"
    if slow:
        signed_in.control.set_latency(0.02)
    shown = killed_at(step, pool, [one, two])
    said: list[str] = []
    result = Activation(
        session.current(),
        Wanted(pool.id, pool.uri, certificates(1, 2, 3), 2, (Destination(one), Destination(two))),
        say=said.append,
    ).run()
    signed_in.control.set_latency(0)
    again = pools.read(session.current(), pool.id)
    assert again is not None
    assert again.activation_status == pools.ACTIVE
    for path in (one, two):
        found = look(path)
        assert found.whole
        assert found.manifest == result.manifest
        assert found.manifest.is_of(pool)
        assert custodians_open(path, 1, 2, 3)
        assert path.stat().st_mode & 0o777 == 0o600
        assert not attempt_path(path).exists()
        assert not [each.name for each in path.parent.iterdir() if each.name.endswith(".part")]
    secret = one.read_text()
    for text in (shown, "\n".join(said), str(result), one.with_name("sd.json.manifest.json").read_text()):
        assert secret[200:260] not in text
