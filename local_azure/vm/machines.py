"""The machines that run: started when they are first needed, ended when their time is over. The daemon's."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local_azure.core.machines import Outcome, Script
from local_azure.core.world import World
from local_azure.vm import files, place
from local_azure.vm.listeners import Listeners
from local_azure.vm.machine import RunningMachine
from local_azure.vm.namespace import NamespaceError, NamespacesNotAllowed
from local_azure.vm.place import NoSuchMachine, Place
from local_azure.vm.scripts import Execution

_SCRIPTS = 25
"""That run at the same time, on all machines together."""


@dataclass(frozen=True)
class Entry:
    """How to get into a machine."""

    entering: list[str]
    """The beginning of a command line that runs the rest of it inside."""
    directory: Path
    """Where the machine's own files lie."""


@dataclass(frozen=True)
class _Run:
    """A script and the machine that it runs on, by its id in lower case."""

    machine: str
    execution: Execution


class RunningMachines:
    """Plays :class:`local_azure.core.machines.Machines`. Thread-safe."""

    def __init__(self) -> None:
        """Nothing runs before :meth:`open`."""
        self._machines: dict[str, RunningMachine] = {}
        self._lock = threading.RLock()
        self._executions: dict[str, _Run] = {}
        # Another lock: services take it within a transaction, and whoever holds the first one may need the store.
        self._executions_lock = threading.Lock()
        self._refresh_waits = threading.Event()
        self._chores = ThreadPoolExecutor(1, thread_name_prefix="machines")
        self._scripts = ThreadPoolExecutor(_SCRIPTS, thread_name_prefix="script")

    def open(self, world: World, listeners: Listeners, loop: asyncio.AbstractEventLoop) -> None:
        """From here on machines can run; ``loop`` serves them."""
        self._world = world
        self._listeners = listeners
        self._loop = loop
        self.forget()
        files.remove_interrupted_scripts(world)

    def entry(self, name: str) -> Entry:
        """The way into a machine, or into ``internet``; starts it.

        Raises NoSuchMachine, NamespacesNotAllowed.
        """
        return self._entry(place.find(self._world, name))

    def run(self, machine_id: str, run_id: str, script: Script, done: Callable[[Outcome], None]) -> None:
        """Runs a script in a thread of its own; see the protocol."""
        execution = Execution(self._world.clock)
        with self._executions_lock:
            self._executions[run_id] = _Run(machine_id.lower(), execution)
        _submit(self._scripts, lambda: self._run(machine_id, run_id, script, execution, done))

    def cancel(self, run_id: str) -> None:
        """Stops a script."""
        with self._executions_lock:
            run = self._executions.get(run_id)
        if run is not None:
            run.execution.cancel()

    def refresh(self) -> None:
        """Shows every machine what there is now, soon; many calls within a moment count as one."""
        if (self._machines or self._executions) and not self._refresh_waits.is_set():
            self._refresh_waits.set()
            _submit(self._chores, self._refresh)

    def stop_all(self) -> None:
        """Switches every machine off, and waits for it."""
        with self._executions_lock:
            runs = list(self._executions.values())
        for run in runs:
            run.execution.cancel()
        with self._lock:
            machines = list(self._machines.values())
            self._machines.clear()
        for machine in machines:
            machine.close()

    def forget(self) -> None:
        """Removes what machines that are no more have left on disk."""
        files.remove_all_but(self._world, lambda: place.all_vm_ids(self._world))

    def close(self) -> None:
        """Ends everything for good."""
        self.stop_all()
        self._scripts.shutdown()
        self._chores.shutdown()
        self.stop_all()

    def _entry(self, where: Place) -> Entry:
        machine = self._running(where)
        return Entry(machine.namespace.entering(), files.directory(self._world, where))

    def _running(self, where: Place) -> RunningMachine:
        key = where.id.lower()
        with self._lock:
            machine = self._machines.get(key)
            if machine is not None and machine.alive and machine.place == where:
                machine.refresh()
                return machine
            if machine is not None:
                machine.close()
            self._machines[key] = RunningMachine(self._world, where, self._listeners, self._loop)
            return self._machines[key]

    def _run(
        self, machine_id: str, run_id: str, script: Script, execution: Execution, done: Callable[[Outcome], None]
    ) -> None:
        try:
            entry = self._entry(place.of_machine(self._world, machine_id))
            outcome = execution.run(entry.entering, script, entry.directory, self._world.home / "ca.pem")
        except (NoSuchMachine, NamespacesNotAllowed, NamespaceError, OSError) as error:
            now = self._world.clock.now()
            outcome = Outcome(None, "", "", now, now, problem=str(error))
        finally:
            with self._executions_lock:
                self._executions.pop(run_id, None)
        done(outcome)

    def _refresh(self) -> None:
        self._refresh_waits.clear()
        with self._executions_lock:
            keys = {run.machine for run in self._executions.values()}
        with self._lock:
            machines = dict(self._machines)
        for key in keys | machines.keys():
            self._refresh_one(key, machines.get(key))

    def _refresh_one(self, key: str, machine: RunningMachine | None) -> None:
        try:
            where = place.find(self._world, key)
        except NoSuchMachine:
            where = None
        if where is None or (machine is not None and machine.place != where):
            # It starts again, as it is now, when somebody needs it.
            self._stop(key)
            self.forget()
        elif machine is not None:
            # It may have ended meanwhile; then the next one starts with what there is.
            with contextlib.suppress(NamespaceError):
                machine.refresh()

    def _stop(self, key: str) -> None:
        with self._executions_lock:
            runs = [run for run in self._executions.values() if run.machine == key]
        for run in runs:
            run.execution.cancel()
        with self._lock:
            machine = self._machines.pop(key, None)
        if machine is not None:
            machine.close()


def _submit(pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    # While the daemon ends nothing begins any more; scripts that were asked for count as interrupted when it is back.
    with contextlib.suppress(RuntimeError):
        # An error that nobody expects is raised in the callback, which reports it to the daemon's log.
        pool.submit(work).add_done_callback(lambda future: future.result())
