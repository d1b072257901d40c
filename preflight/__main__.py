"""``python -m preflight``."""

import sys

from preflight.command_line import main

sys.exit(main())
