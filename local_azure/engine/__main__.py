"""`python3 -m local_azure.engine` sees to it that there is an engine: progress on stderr, status 1 if there is none."""

import signal
import sys

from local_azure.engine.errors import EngineError
from local_azure.engine.progress import say
from local_azure.engine.provide import provide


def main() -> int:
    """Provides the engine and says which one it is."""
    try:
        engine = provide()
    except (EngineError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; nothing is left half done, the next run starts this step again", file=sys.stderr)
        return 130
    say(f"Pulumi {engine.version} in {engine.bin_directory} ({_ORIGINS[engine.origin]})")
    return 0


_ORIGINS = {"path": "found on PATH", "installer": "the official release", "built": "built on this machine"}

if __name__ == "__main__":
    # Explicitly, because a shell has whatever it starts in the background ignore Ctrl-C, and a build must not go on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.exit(main())
