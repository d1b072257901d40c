"""``python -m takeover``: writes the configuration of a pool that exists."""

import sys

from takeover.command_line import main

if __name__ == "__main__":
    sys.exit(main())
