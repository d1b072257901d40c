"""``make bench``: the program beside programs that do less, on a local Azure of its own."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import many_keys
from bench.measure import Figure, run
from local_azure.instance import REPOSITORY, Instance
from local_azure.plugin.install import install
from local_azure.server import launch
from local_azure.server.control import ControlClient
from local_azure.stack.project import copy_program
from local_azure.stack.pulumi import STACK, Pulumi

IMPORTS_ALONE = """\
import components.stack
import components.surroundings
import config
import data_plane.principals
from pulumi_azure_native import authorization, compute, keyvault, network, privatedns, resources

# azure-native's modules are loaded by the first use of one of their names.
USED = (
    authorization.get_client_config,
    compute.VirtualMachine,
    keyvault.ManagedHsm,
    network.VirtualNetwork,
    privatedns.PrivateZone,
    resources.ResourceGroup,
)
"""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        if self.target is None:
            return ""
        return "met" if self.value <= self.target else "missed"


class Bench:
    """Three programs on one local Azure: ours, one that only imports what ours imports, and an empty one."""

    def __init__(self, scratch: Path, runs: int) -> None:
        self._runs = runs
        self._instance = launch.start(Instance(scratch / "azure", 0)).instance
        install(self._instance.pulumi_home)
        self._ours = copy_program(scratch / "ours")
        self._imports = self._other(scratch / "imports", IMPORTS_ALONE)
        self._empty = self._other(scratch / "empty", "")
        for directory in (self._ours, self._imports, self._empty):
            Pulumi(directory, self._environment).select()

    def rows(self) -> list[Row]:
        """Everything measured."""
        fresh = [self._fresh_up() for _ in range(self._runs)]
        empty_up = [self._pulumi(self._empty, "up", "--yes") for _ in range(self._runs)]
        self._fresh_up()
        for directory in (self._ours, self._imports, self._empty):
            self._pulumi(directory, "preview")
        ours, imports, empty = [], [], []
        for _ in range(self._runs):
            ours.append(self._pulumi(self._ours, "preview", "--expect-no-changes").seconds)
            imports.append(self._pulumi(self._imports, "preview").seconds)
            empty.append(self._pulumi(self._empty, "preview").seconds)
        up = statistics.median(each.seconds for each in fresh)
        return [
            Row("fresh up of dev, preview included", up, "s", 12.0),
            Row("… beside an empty program's", up / statistics.median(each.seconds for each in empty_up), "×"),
            Row("peak memory of the process tree in it", max(each.peak_bytes for each in fresh) / 1e6, "MB", 600.0),
            Row("preview with nothing to do", statistics.median(ours), "s"),
            Row("… beside one that imports what ours imports", _median_ratio(ours, imports), "×", 1.5),
            Row("… beside an empty program's", _median_ratio(ours, empty), "×", 3.5),
        ]

    def rows_of_many(self, count: int) -> list[Row]:
        """So many keys beside as many resources that do nothing, each measured once: a run takes minutes."""
        made, idle = many_keys.measure(self._ours, self._empty, self._environment, count)
        return [
            Row(f"up that makes {count} keys", made.keys.seconds, "s"),
            Row(f"… beside {count} dynamic resources that do nothing", made.ratio, "×", 1.25),
            Row(f"preview of {count} keys with nothing to do", idle.keys.seconds, "s"),
            Row(f"… beside {count} dynamic resources that do nothing", idle.ratio, "×", 1.25),
        ]

    def close(self) -> None:
        """Ends the local Azure."""
        launch.stop(self._instance)

    @property
    def _environment(self) -> dict[str, str]:
        return self._instance.environment(os.environ)

    def _fresh_up(self) -> Figure:
        ControlClient(self._instance.port).reset()
        shutil.rmtree(self._instance.pulumi_backend / ".pulumi" / "stacks" / "managed-hsm", ignore_errors=True)
        Pulumi(self._ours, self._environment).select()
        shutil.rmtree(self._ours / ".local" / "security-domain", ignore_errors=True)
        return self._pulumi(self._ours, "up", "--yes")

    def _pulumi(self, directory: Path, *arguments: str) -> Figure:
        command = ["pulumi", *arguments, "--stack", STACK, "--non-interactive"]
        return run(command, directory, self._environment)

    def _other(self, directory: Path, program: str) -> Path:
        copy_program(directory)
        (directory / "__main__.py").write_text(program)
        project = (directory / "Pulumi.yaml").read_text()
        renamed = project.replace("name: managed-hsm", f"name: {directory.name}", 1)
        (directory / "Pulumi.yaml").write_text(renamed[: renamed.find("\nconfig:") + 1] or renamed)
        (directory / f"Pulumi.{STACK}.yaml").write_text(f"encryptionsalt: {_salt(directory)}\n")
        return directory


def _salt(directory: Path) -> str:
    for line in (directory / f"Pulumi.{STACK}.yaml").read_text().splitlines():
        if line.startswith("encryptionsalt:"):
            return line.split(":", 1)[1].strip()
    raise ValueError(f"Pulumi.{STACK}.yaml has no encryptionsalt")


def _median_ratio(ones: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(ones, others, strict=True))


def _write(rows: list[Row]) -> Path:
    directory = REPOSITORY / "bench" / "results"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    content: list[dict[str, Any]] = [
        {"what": row.what, "value": row.value, "unit": row.unit, "target": row.target} for row in rows
    ]
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return path


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each command (default: 5)")
    parser.add_argument("--keys", type=int, default=1000, help="keys in the stack of many (default: 1000; 0: none)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        bench = Bench(Path(scratch), options.runs)
        try:
            rows = bench.rows()
            rows += bench.rows_of_many(options.keys) if options.keys else []
        except subprocess.CalledProcessError as error:
            print(f"{' '.join(error.cmd)} failed:\n{error.output}", file=sys.stderr)
            return 1
        finally:
            bench.close()
    width = max(len(row.what) for row in rows)
    for row in rows:
        target = f"{row.target:g} {row.unit}" if row.target is not None else ""
        print(f"{row.what:<{width}}  {row.value:8.2f} {row.unit:<2}  {target:>8}  {row.verdict}")
    print(f"\nmedians of {options.runs} runs, of many keys one run; {_write(rows).relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
