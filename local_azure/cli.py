"""The command line: the life of the local Azure, and the environment that leads into it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from local_azure.engine.errors import EngineNotFound
from local_azure.engine.locate import engine
from local_azure.instance import BadSetting, Instance
from local_azure.server import launch
from local_azure.server.process import HomeInUse, running

NOT_RUNNING = 3
"""Exit status of ``status`` (as LSB init scripts have it), and of what needs a running one."""
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126

_EPILOG = """\
examples:
  python -m local_azure start
  python -m local_azure exec -- pulumi preview
  python -m local_azure exec -- az keyvault key list --hsm-name az400popMHSM
  python -m local_azure vm testvmmhsm -- curl -H Metadata:true http://169.254.169.254/metadata/versions
  eval "$(python -m local_azure env)"

Clients run unchanged: an HTTP proxy on loopback plays the Azure hosts, and refuses every other one.
What is played and what is not: local_azure/README.md.
"""

_MACHINE = """\
Run a command in a virtual machine: its network, its DNS, its metadata service, none of this computer's proxies and
credentials. The machine starts if it does not run yet. Files are this computer's; standard input, terminal, signals and
the exit status are the command's own. NAME internet is somebody on the internet, who has no metadata service."""
_MACHINE_EPILOG = """\
examples:
  python -m local_azure vm testvmmhsm -- nslookup az400popmhsm.managedhsm.azure.net
  python -m local_azure vm testvmmhsm -- az login --identity --allow-no-subscriptions
  python -m local_azure vm testvmmhsm -- bash
  python -m local_azure vm internet -- curl https://az400popmhsm.managedhsm.azure.net/keys?api-version=7.2

Machines are network namespaces: they need Linux, and root or user namespaces.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; answers its exit status."""
    options = _parser().parse_args(arguments)
    try:
        instance = Instance.from_environment(options.home, options.port)
        return int(options.run(instance, options))
    except (BadSetting, launch.LaunchError) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of the output has gone (``logs | head``); nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print(f"{error.filename or 'The local Azure'}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_azure",
        description="An Azure that lives on this machine: no account, no network, no cost.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--home", type=Path, help="where its state lies (default: LOCAL_AZURE_HOME, else .local/azure)")
    parser.add_argument(
        "--port", help="loopback port of its proxy (default: LOCAL_AZURE_PORT, else the one it had last, else 8741)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("start", _start, "start it, and wait until it answers; does nothing where it runs already"),
        ("stop", _stop, "stop it; its state stays on disk"),
        ("status", _status, f"say whether it runs and what it holds (exit status {NOT_RUNNING}: it does not run)"),
        ("reset", _reset, "forget all state, that of its Pulumi stacks too; its authority and credentials stay"),
        ("env", _env, "print shell exports that lead clients into it"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)
    logs = commands.add_parser("logs", help="print the requests it was asked, newest last")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as requests come in")
    logs.set_defaults(run=_logs)
    execute = commands.add_parser("exec", help="run a command whose clients are led into it")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD ...")
    execute.set_defaults(run=_exec)
    machine = commands.add_parser(
        "vm",
        help="run a command in one of its virtual machines",
        description=_MACHINE,
        epilog=_MACHINE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    machine.add_argument("name", metavar="NAME", help="the machine's name, group/name, or: internet")
    machine.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD ...")
    machine.set_defaults(run=_machine)
    return parser


def _start(instance: Instance, _: argparse.Namespace) -> int:
    started = launch.start(instance)
    word = "started" if started.new else "runs already"
    print(f"The local Azure {word}: 127.0.0.1:{started.instance.port}, {instance.home}")
    return 0


def _stop(instance: Instance, _: argparse.Namespace) -> int:
    print("The local Azure has stopped." if launch.stop(instance) else "The local Azure was not running.")
    return 0


def _status(instance: Instance, _: argparse.Namespace) -> int:
    from local_azure.server.control import ControlClient, ControlError

    record = running(instance.home)
    if record is None:
        print(f"The local Azure of {instance.home} is not running.")
        return NOT_RUNNING
    try:
        status = ControlClient(record.port).status()
    except ControlError as error:
        print(f"The local Azure (process {record.pid}) runs but does not answer: {error}", file=sys.stderr)
        return 1
    print(f"running    127.0.0.1:{status['port']}, process {status['pid']}, for {_duration(status['uptime_seconds'])}")
    print(f"home       {status['home']}")
    print(f"plays      {', '.join(status['services'])}")
    print(f"resources  {status['resources']}")
    print(f"time       {status['now']}")
    print(f"latency    {status['latency_scale']:g} × Azure's")
    print(f"faults     {status['faults']} waiting")
    return 0


def _reset(instance: Instance, _: argparse.Namespace) -> int:
    from local_azure.server.control import ControlClient, ControlError
    from local_azure.server.offline import reset_stopped
    from local_azure.stack.forget import forgetting
    from local_azure.stack.pulumi import StackError

    record = running(instance.home)
    try:
        with forgetting(instance):
            if record is not None:
                ControlClient(record.port).reset()
            else:
                reset_stopped(instance.home)
    except (ControlError, HomeInUse, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The local Azure of {instance.home} has forgotten everything, the state of its Pulumi stacks included.")
    return 0


def _env(instance: Instance, _: argparse.Namespace) -> int:
    set_to, removed = _reachable(instance).variables(os.environ)
    for name in removed:
        print(f"unset {name}")
    for name, value in set_to.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _logs(instance: Instance, options: argparse.Namespace) -> int:
    from local_azure.server.request_log import entries, follow, readable

    for entry in follow(instance.request_log) if options.follow else entries(instance.request_log):
        print(readable(entry), flush=options.follow)
    return 0


def _machine(instance: Instance, options: argparse.Namespace) -> int:
    from local_azure.vm.enter import enter

    command = _command(options)
    if not command:
        print("vm needs a command: python -m local_azure vm NAME -- CMD ...", file=sys.stderr)
        return 2
    return enter(_reachable(instance), options.name, command)


def _command(options: argparse.Namespace) -> list[str]:
    command: list[str] = options.command
    return command[1:] if command[:1] == ["--"] else command


def _exec(instance: Instance, options: argparse.Namespace) -> int:
    command = _command(options)
    if not command:
        print("exec needs a command: python -m local_azure exec -- CMD ...", file=sys.stderr)
        return 2
    environment = _reachable(instance).environment(os.environ)
    if command[0] == "pulumi" and (reason := _no_engine()):
        print(reason, file=sys.stderr)
        return _NOT_FOUND
    sys.stdout.flush()
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - running the user's command is the purpose
    except FileNotFoundError:
        print(f"{command[0]}: command not found", file=sys.stderr)
        return _NOT_FOUND
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_EXECUTABLE


def _no_engine() -> str:
    """Why there is no engine to run; one on PATH that is too old is none. Empty where there is one."""
    try:
        engine()
    except EngineNotFound as error:
        return str(error)
    return ""


def _reachable(instance: Instance) -> Instance:
    record = running(instance.home)
    if record is None:
        raise launch.LaunchError(
            f"The local Azure of {instance.home} is not running; start it with: python -m local_azure start"
        )
    if record.port != instance.port:
        raise launch.LaunchError(
            f"The local Azure of {instance.home} listens on port {record.port}, not on {instance.port} "
            "(--port or LOCAL_AZURE_PORT)."
        )
    return instance


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
