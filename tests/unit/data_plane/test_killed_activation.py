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
import json, os, signal, sys, tempfile
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

def die_where(is_it, function):
    def call(*arguments, **named):
        return die() if is_it(*arguments) else function(*arguments, **named)
    return call

class DyingFile:
    def __init__(self, file, is_it):
        self.file, self.is_it = file, is_it
    def __enter__(self):
        self.file.__enter__()
        return self
    def __exit__(self, *error):
        return self.file.__exit__(*error)
    def __getattr__(self, name):
        return getattr(self.file, name)
    def write(self, content):
        if not self.is_it(content):
            return self.file.write(content)
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        die()

def half_written(name, is_it=lambda content: True):
    real_open, real_make, made = os.fdopen, tempfile.mkstemp, []
    def make(**named):
        made.append(named["prefix"])
        return real_make(**named)
    def open_descriptor(*arguments):
        file = real_open(*arguments)
        return DyingFile(file, is_it) if made[-1] == f".{name}." else file
    tempfile.mkstemp, os.fdopen = make, open_descriptor

def is_empty(content):
    return not content.strip(bytes(1))

step = sys.argv[1]
match step:
    case "before there is room": half_written("sd.json", is_empty)
    case "before the attempt is marked": activation.mark_attempt = die
    case "during the mark": half_written("sd.json.attempt.json")
    case "before the request": security_domain.download = die
    case "after the request": security_domain.download = die_after(security_domain.download)
    case "before the file": activation.keep = die
    case "during the file": half_written("sd.json", lambda content: not is_empty(content))
    case "between temporary file and rename":
        Path.replace = die_where(lambda _, target: target.name == "sd.json", Path.replace)
    case "between file and manifest":
        durable_files.write = die_where(lambda path, _: path.name == "sd.json.manifest.json", durable_files.write)
    case "during the manifest": half_written("sd.json.manifest.json")
    case "between one place and the next":
        durable_files.write = die_where(
            lambda path, _: path.name == "sd.json" and path.parent.name == "two", durable_files.write
        )
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
