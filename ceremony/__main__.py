"""``python -m ceremony``."""

import sys

from ceremony.command_line import main

sys.exit(main())
