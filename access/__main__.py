"""``python -m access``."""

import sys

from access.command_line import main

sys.exit(main())
