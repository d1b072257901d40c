"""Runs one command of a virtual machine and ends it, with all it has started, when its own standard input ends.

Run as a script with the command as its arguments. The daemon holds the other end of standard input: it closes that to
stop the command, and the kernel does it when the daemon is killed. The exit status is the command's; one that a signal
ended counts as 128 and the signal's number, as in a shell.

Standard library only.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys


def main() -> int:
    """Answers the exit status."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    while command.poll() is None:
        readable, _, _ = select.select([sys.stdin.fileno(), reading], [], [])
        if sys.stdin.fileno() in readable and not os.read(sys.stdin.fileno(), 1):
            break
        if reading in readable:
            os.read(reading, 64)
    # What the command has left running would outlive the machine.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(command.pid, signal.SIGKILL)
    status = command.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
